// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// HostTensor.h: a tensor in host memory, its element types (ONNX codes) and their conversions.
#ifndef LPC_RUNTIME_IO_HOSTTENSOR_H
#define LPC_RUNTIME_IO_HOSTTENSOR_H

#include "lpc-runtime/io/Result.h"
#include "lpc-runtime/lpc.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lpc::rt {

/// "float32", "int4", "float8_e4m3fn", ...; "unknown(<code>)" for a code that lpc does not carry.
std::string dtypeName(int32_t dtype);
/// Accepts dtypeName's words and the short forms f32, i8, bf16, ...; 0 if there is none.
int32_t parseDType(std::string_view name);
/// Bits of one element, 0 for a code that lpc does not carry.
int dtypeBits(int32_t dtype);
bool isFloatDType(int32_t dtype);
bool isSignedIntDType(int32_t dtype);
bool isUnsignedIntDType(int32_t dtype); // bool is not counted

/// "2x3x?" ("scalar" for rank 0).
std::string shapeText(std::span<const int64_t> shape);

/// The number of elements; fails on negative dimensions and on overflow.
Result<int64_t> countElements(std::span<const int64_t> shape);
/// The bytes of n elements, packed as at the C ABI.
Result<int64_t> packedBytes(int32_t dtype, int64_t n);

/// Contiguous, row-major, packed low bits first below 8 bits: the memory form of the C ABI.
struct HostTensor {
  int32_t dtype = LPC_DTYPE_F32;
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes;

  HostTensor() = default;
  HostTensor(int32_t dtype, std::vector<int64_t> shape, std::vector<uint8_t> bytes)
      : dtype(dtype), shape(std::move(shape)), bytes(std::move(bytes)) {}

  /// Zero-filled. Fails if the shape is not sensible.
  static Result<HostTensor> zeros(int32_t dtype, std::vector<int64_t> shape);
  /// A copy of a tensor of the C ABI.
  static HostTensor copyOf(const lpc_tensor &tensor);

  int64_t numElements() const;
  /// Element i as a double (int64 and uint64 round beyond 2^53).
  double at(int64_t i) const;
  /// The stored bits of element i, zero-extended.
  uint64_t bitsAt(int64_t i) const;
  /// Stores the low bits of `bits` as element i.
  void setBits(int64_t i, uint64_t bits);
  /// A view for lpc_run; valid while this tensor lives.
  lpc_tensor view();
  bool operator==(const HostTensor &) const = default;
};

struct NamedTensor {
  std::string name;
  HostTensor tensor;
};

/// The exact value of an element with these bits (bool and integers too).
double decodeElement(int32_t dtype, uint64_t bits);
/// The nearest element, ties to even; saturates integers and formats without infinity; NaN to 0
/// where there is no NaN.
uint64_t encodeElement(int32_t dtype, double value);

/// The same values in another element type: exact integer conversion where both are integers (fails
/// with a sentence if a value does not fit), nearest-even otherwise.
Result<HostTensor> convert(const HostTensor &tensor, int32_t dtype);
/// The same bytes seen as another element type of the same width (bfloat16 out of a uint16 file).
Result<HostTensor> reinterpret(HostTensor tensor, int32_t dtype);
/// What a file holds, made to be what a model wants: nothing if the types agree; reinterprets raw
/// (npy "V1", "V2") and equally wide unsigned data as a float format; packs 8-bit integers into 4
/// or 2 bits; refuses anything that would lose information.
Result<HostTensor> adapt(HostTensor tensor, int32_t dtype);

} // namespace lpc::rt

#endif // LPC_RUNTIME_IO_HOSTTENSOR_H
