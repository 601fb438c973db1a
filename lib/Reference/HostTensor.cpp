// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Element types of the C ABI (ONNX codes) and those of the evaluator.
#include "lpc/Reference/HostTensor.h"

#include <string_view>

namespace lpc::ref {

namespace {

struct SmallFloatName {
  int32_t dtype;
  std::string_view format;
};

} // namespace

static constexpr SmallFloatName kSmallFloats[] = {
    {LPC_DTYPE_F8E4M3FN, "e4m3"}, {LPC_DTYPE_F8E4M3FNUZ, "e4m3fnuz"},
    {LPC_DTYPE_F8E5M2, "e5m2"},   {LPC_DTYPE_F8E5M2FNUZ, "e5m2fnuz"},
    {LPC_DTYPE_F4E2M1, "e2m1"},   {LPC_DTYPE_F8E8M0, "e8m0"}};

static std::optional<DType> fromCode(int32_t code) {
  switch (code) {
  case LPC_DTYPE_F16:
    return DType::f16();
  case LPC_DTYPE_BF16:
    return DType::bf16();
  case LPC_DTYPE_F32:
    return DType::f32();
  case LPC_DTYPE_F64:
    return DType::f64();
  case LPC_DTYPE_BOOL:
    return DType::boolean();
  default:
    break;
  }
  if (rt::isSignedIntDType(code))
    return DType::i(rt::dtypeBits(code));
  if (rt::isUnsignedIntDType(code))
    return DType::u(rt::dtypeBits(code));
  for (const SmallFloatName &n : kSmallFloats)
    if (n.dtype == code)
      return DType::smallFloat(num::Format::parse(n.format));
  return std::nullopt;
}

static std::optional<int32_t> toCode(const DType &d) {
  DType like = d;
  if (d.isCode()) {
    if (num::IntegerFormat::classof(d.format)) {
      const auto *format = static_cast<const num::IntegerFormat *>(d.format);
      like = format->isSignedInteger() ? DType::i(d.bits) : DType::u(d.bits);
    } else if (d.format == num::Format::parse("fp16")) {
      like = DType::f16();
    } else if (d.format == num::Format::parse("bf16")) {
      like = DType::bf16();
    } else {
      like = DType::smallFloat(d.format);
    }
  }
  for (int32_t code = 1; code <= LPC_DTYPE_I2; ++code)
    if (std::optional<DType> known = fromCode(code); known && *known == like)
      return code;
  return std::nullopt;
}

Result<Tensor> fromHost(const rt::HostTensor &host) {
  std::optional<DType> dtype = fromCode(host.dtype);
  if (!dtype)
    return Error{"the evaluator does not know the element type " + rt::dtypeName(host.dtype)};
  Tensor t = Tensor::make(*dtype, host.shape);
  if (rt::dtypeBits(host.dtype) >= 8) {
    if (!t.empty())
      std::memcpy(t.mutableBytes(), host.bytes.data(), t.numBytes());
    return t;
  }
  for (int64_t i = 0; i < t.numElements(); ++i)
    t.mutableBytes()[i] = static_cast<uint8_t>(host.bitsAt(i));
  return t;
}

Result<rt::HostTensor> toHost(const Tensor &t) {
  std::optional<int32_t> code = toCode(t.dtype());
  if (!code)
    return Error{"the element type " + t.dtype().name() + " has no name in tensor files"};
  rt::Result<rt::HostTensor> host = rt::HostTensor::zeros(*code, t.shape());
  if (!host)
    return Error{host.error()};
  size_t width = t.dtype().size();
  if (rt::dtypeBits(*code) == static_cast<int>(8 * width)) {
    if (!t.empty())
      std::memcpy(host->bytes.data(), t.bytes(), t.numBytes());
    return *host;
  }
  for (int64_t i = 0; i < t.numElements(); ++i) {
    uint64_t bits = 0;
    std::memcpy(&bits, t.bytes() + i * width, width);
    host->setBits(i, bits);
  }
  return *host;
}

} // namespace lpc::ref
