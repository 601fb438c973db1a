// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// HostTensor.cpp: element types, decoding and encoding of single elements, conversions of whole
// tensors.
#include "lpc-runtime/io/HostTensor.h"

#include "Support.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

using namespace lpc::rt;

namespace {

enum class Kind { None, Signed, Unsigned, Bool, Float };
/// What the topmost codes of a float format mean.
enum class Specials { IEEE, OnlyNaN, NegativeZeroIsNaN, Nothing, Exponent };

struct TypeInfo {
  int32_t dtype;
  int bits;
  Kind kind;
  const char *name, *shortName;
  int fractionBits = 0, bias = 0;
  Specials specials = Specials::IEEE;
};

constexpr TypeInfo kTypes[] = {
    {LPC_DTYPE_F32, 32, Kind::Float, "float32", "f32", 23, 127},
    {LPC_DTYPE_U8, 8, Kind::Unsigned, "uint8", "u8"},
    {LPC_DTYPE_I8, 8, Kind::Signed, "int8", "i8"},
    {LPC_DTYPE_U16, 16, Kind::Unsigned, "uint16", "u16"},
    {LPC_DTYPE_I16, 16, Kind::Signed, "int16", "i16"},
    {LPC_DTYPE_I32, 32, Kind::Signed, "int32", "i32"},
    {LPC_DTYPE_I64, 64, Kind::Signed, "int64", "i64"},
    {LPC_DTYPE_BOOL, 8, Kind::Bool, "bool", "i1"},
    {LPC_DTYPE_F16, 16, Kind::Float, "float16", "f16", 10, 15},
    {LPC_DTYPE_F64, 64, Kind::Float, "float64", "f64", 52, 1023},
    {LPC_DTYPE_U32, 32, Kind::Unsigned, "uint32", "u32"},
    {LPC_DTYPE_U64, 64, Kind::Unsigned, "uint64", "u64"},
    {LPC_DTYPE_BF16, 16, Kind::Float, "bfloat16", "bf16", 7, 127},
    {LPC_DTYPE_F8E4M3FN, 8, Kind::Float, "float8_e4m3fn", "f8e4m3fn", 3, 7, Specials::OnlyNaN},
    {LPC_DTYPE_F8E4M3FNUZ, 8, Kind::Float, "float8_e4m3fnuz", "f8e4m3fnuz", 3, 8,
     Specials::NegativeZeroIsNaN},
    {LPC_DTYPE_F8E5M2, 8, Kind::Float, "float8_e5m2", "f8e5m2", 2, 15},
    {LPC_DTYPE_F8E5M2FNUZ, 8, Kind::Float, "float8_e5m2fnuz", "f8e5m2fnuz", 2, 16,
     Specials::NegativeZeroIsNaN},
    {LPC_DTYPE_U4, 4, Kind::Unsigned, "uint4", "u4"},
    {LPC_DTYPE_I4, 4, Kind::Signed, "int4", "i4"},
    {LPC_DTYPE_F4E2M1, 4, Kind::Float, "float4_e2m1fn", "f4e2m1fn", 1, 1, Specials::Nothing},
    {LPC_DTYPE_F8E8M0, 8, Kind::Float, "float8_e8m0fnu", "f8e8m0fnu", 0, 127, Specials::Exponent},
    {LPC_DTYPE_U2, 2, Kind::Unsigned, "uint2", "u2"},
    {LPC_DTYPE_I2, 2, Kind::Signed, "int2", "i2"}};

constexpr TypeInfo kUnknown = {0, 0, Kind::None, "", ""};

const TypeInfo &infoOf(int32_t dtype) {
  for (const TypeInfo &info : kTypes)
    if (info.dtype == dtype)
      return info;
  return kUnknown;
}

uint64_t lowMask(int bits) { return bits >= 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1; }

int64_t signExtend(uint64_t bits, int width) {
  return int64_t(bits << (64 - width)) >> (64 - width);
}

double decodeFloat(const TypeInfo &type, uint64_t bits) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (type.specials == Specials::Exponent)
    return bits == 255 ? kNaN : std::ldexp(1.0, int(bits) - type.bias);
  int exponentBits = type.bits - 1 - type.fractionBits;
  bool negative = bits >> (type.bits - 1) & 1;
  uint64_t fraction = bits & lowMask(type.fractionBits);
  int exponent = int(bits >> type.fractionBits & lowMask(exponentBits));
  int top = int(lowMask(exponentBits));
  switch (type.specials) {
  case Specials::IEEE:
    if (exponent == top)
      return fraction ? kNaN : negative ? -HUGE_VAL : HUGE_VAL;
    break;
  case Specials::OnlyNaN:
    if (exponent == top && fraction == lowMask(type.fractionBits))
      return kNaN;
    break;
  case Specials::NegativeZeroIsNaN:
    if (bits == uint64_t(1) << (type.bits - 1))
      return kNaN;
    break;
  default:
    break;
  }
  uint64_t significand = exponent ? fraction | uint64_t(1) << type.fractionBits : fraction;
  double value =
      std::ldexp(double(significand), std::max(exponent, 1) - type.bias - type.fractionBits);
  return negative ? -value : value;
}

uint64_t encodeFloat(const TypeInfo &type, double value) {
  if (type.specials == Specials::Exponent) {
    if (std::isnan(value))
      return 255;
    if (!(value > 0))
      return 0;
    if (std::isinf(value))
      return 254;
    int exponent;
    double fraction =
        std::frexp(value, &exponent); // value = fraction * 2^exponent, 0.5 <= fraction < 1
    int code = exponent - 1 + type.bias;
    code += fraction > 0.75 || (fraction == 0.75 && (code & 1));
    return uint64_t(std::clamp(code, 0, 254));
  }
  int exponentBits = type.bits - 1 - type.fractionBits;
  uint64_t sign = std::signbit(value) ? uint64_t(1) << (type.bits - 1) : 0;
  uint64_t infinity = lowMask(exponentBits) << type.fractionBits;
  uint64_t largest = type.specials == Specials::IEEE ? infinity - 1
                     : type.specials == Specials::OnlyNaN
                         ? (infinity | lowMask(type.fractionBits)) - 1
                         : infinity | lowMask(type.fractionBits);
  if (std::isnan(value)) {
    switch (type.specials) {
    case Specials::IEEE:
      return sign | infinity | uint64_t(1) << (type.fractionBits - 1);
    case Specials::OnlyNaN:
      return sign | (infinity | lowMask(type.fractionBits));
    case Specials::NegativeZeroIsNaN:
      return uint64_t(1) << (type.bits - 1);
    default:
      return 0;
    }
  }
  uint64_t overflow = type.specials == Specials::IEEE ? infinity : largest;
  if (std::isinf(value))
    return sign | overflow;
  int exponent;
  std::frexp(value, &exponent);
  exponent = std::max(exponent - 1, 1 - type.bias);
  // The scaling is exact unless the quotient is far below one half, where it rounds to zero either
  // way.
  double steps = std::nearbyint(std::ldexp(std::fabs(value), type.fractionBits - exponent));
  uint64_t code = uint64_t(steps);
  if (code >> type.fractionBits) // normal, or a denormal that rounded up
    code += uint64_t(exponent + type.bias - 1) << type.fractionBits;
  if (code > largest)
    code = overflow;
  if (!code && type.specials == Specials::NegativeZeroIsNaN)
    return 0;
  return sign | code;
}

} // namespace

std::string lpc::rt::dtypeName(int32_t dtype) {
  const TypeInfo &info = infoOf(dtype);
  return info.bits ? info.name : "unknown(" + std::to_string(dtype) + ")";
}

int32_t lpc::rt::parseDType(std::string_view name) {
  for (const TypeInfo &info : kTypes)
    if (name == info.name || name == info.shortName)
      return info.dtype;
  return 0;
}

int lpc::rt::dtypeBits(int32_t dtype) { return infoOf(dtype).bits; }
bool lpc::rt::isFloatDType(int32_t dtype) { return infoOf(dtype).kind == Kind::Float; }
bool lpc::rt::isSignedIntDType(int32_t dtype) { return infoOf(dtype).kind == Kind::Signed; }
bool lpc::rt::isUnsignedIntDType(int32_t dtype) { return infoOf(dtype).kind == Kind::Unsigned; }

std::string lpc::rt::shapeText(std::span<const int64_t> shape) {
  std::string text;
  for (int64_t dim : shape)
    text += (text.empty() ? "" : "x") + (dim < 0 ? std::string("?") : std::to_string(dim));
  return shape.empty() ? "scalar" : text;
}

Result<int64_t> lpc::rt::countElements(std::span<const int64_t> shape) {
  int64_t n = 1;
  bool overflow = false, empty = false;
  for (int64_t dim : shape) {
    if (dim < 0)
      return Error{"the shape has a negative dimension (" + std::to_string(dim) + ")"};
    empty |= dim == 0;
    overflow |= __builtin_mul_overflow(n, dim, &n);
  }
  if (empty)
    return int64_t(0);
  if (overflow)
    return Error{"the shape " + shapeText(shape) + " has too many elements"};
  return n;
}

Result<int64_t> lpc::rt::packedBytes(int32_t dtype, int64_t n) {
  int64_t bits;
  if (!dtypeBits(dtype))
    return Error{"element type " + std::to_string(dtype) + " is not supported"};
  if (n < 0 || __builtin_mul_overflow(n, int64_t(dtypeBits(dtype)), &bits) || bits > INT64_MAX - 7)
    return Error{std::to_string(n) + " elements of " + dtypeName(dtype) +
                 " are too large for memory"};
  return (bits + 7) / 8;
}

Result<HostTensor> HostTensor::zeros(int32_t dtype, std::vector<int64_t> shape) {
  if (shape.size() > LPC_MAX_RANK)
    return Error{"rank " + std::to_string(shape.size()) + " is above the limit of " +
                 std::to_string(LPC_MAX_RANK)};
  auto count = countElements(shape);
  if (!count)
    return count.takeError();
  auto bytes = packedBytes(dtype, *count);
  if (!bytes)
    return bytes.takeError();
  if (!canAllocate(uint64_t(*bytes)))
    return Error{"a tensor of " + std::to_string(*bytes) + " bytes does not fit into memory"};
  return HostTensor(dtype, std::move(shape), std::vector<uint8_t>(size_t(*bytes)));
}

HostTensor HostTensor::copyOf(const lpc_tensor &tensor) {
  const uint8_t *data = static_cast<const uint8_t *>(tensor.data);
  HostTensor copy(tensor.dtype, std::vector<int64_t>(tensor.shape, tensor.shape + tensor.rank), {});
  if (tensor.bytes)
    copy.bytes.assign(data, data + tensor.bytes);
  return copy;
}

int64_t HostTensor::numElements() const {
  int64_t n = 1;
  for (int64_t dim : shape)
    n *= dim;
  return n;
}

uint64_t HostTensor::bitsAt(int64_t i) const {
  int width = dtypeBits(dtype);
  if (width < 8) {
    int64_t bit = i * width;
    return bytes[size_t(bit / 8)] >> (bit % 8) & lowMask(width);
  }
  uint64_t bits = 0;
  std::memcpy(&bits, bytes.data() + i * (width / 8), size_t(width / 8));
  return bits;
}

void HostTensor::setBits(int64_t i, uint64_t bits) {
  int width = dtypeBits(dtype);
  if (width < 8) {
    int64_t bit = i * width;
    uint8_t &byte = bytes[size_t(bit / 8)];
    byte = uint8_t((byte & ~(lowMask(width) << (bit % 8))) | (bits & lowMask(width)) << (bit % 8));
    return;
  }
  std::memcpy(bytes.data() + i * (width / 8), &bits, size_t(width / 8));
}

double HostTensor::at(int64_t i) const { return decodeElement(dtype, bitsAt(i)); }

lpc_tensor HostTensor::view() {
  lpc_tensor tensor = {};
  tensor.dtype = dtype;
  tensor.rank = int32_t(shape.size());
  std::copy_n(shape.begin(), std::min<size_t>(shape.size(), LPC_MAX_RANK), tensor.shape);
  tensor.data = bytes.data();
  tensor.bytes = bytes.size();
  return tensor;
}

double lpc::rt::decodeElement(int32_t dtype, uint64_t bits) {
  const TypeInfo &type = infoOf(dtype);
  switch (type.kind) {
  case Kind::Signed:
    return double(signExtend(bits, type.bits));
  case Kind::Unsigned:
    return double(bits);
  case Kind::Bool:
    return bits ? 1 : 0;
  case Kind::Float:
    if (dtype == LPC_DTYPE_F32)
      return double(std::bit_cast<float>(uint32_t(bits)));
    return dtype == LPC_DTYPE_F64 ? std::bit_cast<double>(bits) : decodeFloat(type, bits);
  case Kind::None:
    break;
  }
  return 0;
}

uint64_t lpc::rt::encodeElement(int32_t dtype, double value) {
  const TypeInfo &type = infoOf(dtype);
  switch (type.kind) {
  case Kind::Signed: {
    double limit = std::ldexp(1.0, type.bits - 1),
           rounded = std::isnan(value) ? 0 : std::nearbyint(value);
    int64_t integer = rounded >= limit    ? int64_t(lowMask(type.bits - 1))
                      : rounded <= -limit ? int64_t(~lowMask(type.bits - 1))
                                          : int64_t(rounded);
    return uint64_t(integer) & lowMask(type.bits);
  }
  case Kind::Unsigned: {
    double rounded = std::isnan(value) ? 0 : std::nearbyint(value);
    return rounded >= std::ldexp(1.0, type.bits) ? lowMask(type.bits)
           : rounded <= 0                        ? 0
                                                 : uint64_t(rounded);
  }
  case Kind::Bool:
    return value != 0;
  case Kind::Float:
    if (dtype == LPC_DTYPE_F32)
      return std::bit_cast<uint32_t>(float(value));
    return dtype == LPC_DTYPE_F64 ? std::bit_cast<uint64_t>(value) : encodeFloat(type, value);
  case Kind::None:
    break;
  }
  return 0;
}

Result<HostTensor> lpc::rt::convert(const HostTensor &tensor, int32_t dtype) {
  if (tensor.dtype == dtype)
    return tensor;
  auto result = HostTensor::zeros(dtype, tensor.shape);
  if (!result)
    return result;
  const TypeInfo &from = infoOf(tensor.dtype), &to = infoOf(dtype);
  bool fromInteger =
      from.kind == Kind::Signed || from.kind == Kind::Unsigned || from.kind == Kind::Bool;
  bool toInteger = to.kind == Kind::Signed || to.kind == Kind::Unsigned;
  for (int64_t i = 0, e = tensor.numElements(); i < e; ++i) {
    uint64_t bits = tensor.bitsAt(i);
    if (!fromInteger || !toInteger) {
      result->setBits(i, encodeElement(dtype, decodeElement(tensor.dtype, bits)));
      continue;
    }
    bool isSigned = from.kind == Kind::Signed;
    __int128 value = isSigned ? __int128(signExtend(bits, from.bits)) : __int128(bits);
    __int128 low = to.kind == Kind::Signed ? -(__int128(1) << (to.bits - 1)) : 0;
    __int128 high = (__int128(1) << (to.kind == Kind::Signed ? to.bits - 1 : to.bits)) - 1;
    if (value < low || value > high)
      return Error{"element " + std::to_string(i) + " is " +
                   (isSigned ? std::to_string(int64_t(value)) : std::to_string(uint64_t(value))) +
                   ", which does not fit " + dtypeName(dtype)};
    result->setBits(i, uint64_t(value) & lowMask(to.bits));
  }
  return result;
}

Result<HostTensor> lpc::rt::reinterpret(HostTensor tensor, int32_t dtype) {
  if (dtypeBits(dtype) != dtypeBits(tensor.dtype))
    return Error{"the bits of " + dtypeName(tensor.dtype) + " cannot be read as " +
                 dtypeName(dtype) + ": the widths differ"};
  tensor.dtype = dtype;
  return tensor;
}

Result<HostTensor> lpc::rt::adapt(HostTensor tensor, int32_t dtype) {
  if (tensor.dtype == dtype)
    return tensor;
  const TypeInfo &from = infoOf(tensor.dtype), &to = infoOf(dtype);
  if (from.kind == Kind::Unsigned && to.kind == Kind::Float && from.bits == to.bits &&
      to.bits <= 16)
    return reinterpret(std::move(tensor), dtype);
  bool toInteger = to.kind == Kind::Signed || to.kind == Kind::Unsigned;
  if (from.bits == 8 && to.bits < 8 && toInteger && from.kind == to.kind)
    return convert(tensor, dtype);
  // Raw bytes: ml_dtypes stores a narrow signed integer in the low bits of a byte, with or without
  // its sign above.
  if (tensor.dtype == LPC_DTYPE_U8 && to.bits < 8 && to.kind == Kind::Signed) {
    for (uint8_t &byte : tensor.bytes)
      if (byte <= lowMask(to.bits))
        byte = uint8_t(signExtend(byte, to.bits));
    tensor.dtype = LPC_DTYPE_I8;
    return convert(tensor, dtype);
  }
  if (tensor.dtype == LPC_DTYPE_U8 && dtype == LPC_DTYPE_F4E2M1) { // codes, one for each byte
    auto codes = convert(tensor, LPC_DTYPE_U4);
    return codes ? reinterpret(std::move(*codes), dtype) : codes;
  }
  if (tensor.dtype == LPC_DTYPE_U8 && dtype == LPC_DTYPE_BOOL &&
      std::all_of(tensor.bytes.begin(), tensor.bytes.end(),
                  [](uint8_t byte) { return byte <= 1; })) {
    tensor.dtype = dtype;
    return tensor;
  }
  return Error{"expected " + dtypeName(dtype) + ", but found " + dtypeName(tensor.dtype)};
}
