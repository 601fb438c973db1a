// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The evaluator's tensor: element type, shape, row-major elements. No LLVM, no MLIR.
#ifndef LPC_REFERENCE_TENSOR_H
#define LPC_REFERENCE_TENSOR_H

#include "lpc/Numerics/Format.h"

#include <cassert>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lpc::ref {

using Shape = std::vector<int64_t>;

/// The sentence of a failed evaluation: what, where, without a final period.
struct Error {
  std::string message;
};

/// A T, or one sentence that says why there is none.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : value(std::move(value)) {}
  Result(Error error) : message(std::move(error.message)) {}
  explicit operator bool() const { return value.has_value(); }
  T &operator*() { return *value; }
  const T &operator*() const { return *value; }
  T *operator->() { return &*value; }
  const T *operator->() const { return &*value; }
  const std::string &error() const { return message; }
  Error takeError() const { return Error{message}; }

private:
  std::optional<T> value;
  std::string message;
};

enum class Kind : uint8_t {
  Bool, ///< one byte, 0 or 1
  Int,  ///< two's complement, 2 to 64 bits; below 8 bits the low bits of a byte
  UInt, ///< as Int, without sign
  F16,
  BF16,
  F32,
  F64,
  SmallFloat, ///< a builtin float of at most 8 bits, one byte per element, zero-extended
  Code,       ///< an lp format, one uint16_t per element
};

/// The type of an element. `format` is set for SmallFloat and Code only.
struct DType {
  Kind kind = Kind::F32;
  uint8_t bits = 32;
  const num::Format *format = nullptr;

  static DType boolean() { return {Kind::Bool, 1}; }
  static DType i(unsigned bits) { return {Kind::Int, static_cast<uint8_t>(bits)}; }
  static DType u(unsigned bits) { return {Kind::UInt, static_cast<uint8_t>(bits)}; }
  static DType f16() { return {Kind::F16, 16}; }
  static DType bf16() { return {Kind::BF16, 16}; }
  static DType f32() { return {Kind::F32, 32}; }
  static DType f64() { return {Kind::F64, 64}; }
  static DType smallFloat(const num::Format *f) {
    return {Kind::SmallFloat, static_cast<uint8_t>(f->width()), f};
  }
  static DType code(const num::Format *f) {
    return {Kind::Code, static_cast<uint8_t>(f->width()), f};
  }

  bool isFloat() const { return kind >= Kind::F16 && kind <= Kind::SmallFloat; }
  bool isInt() const { return kind <= Kind::UInt; }
  bool isUnsigned() const { return kind == Kind::UInt || kind == Kind::Bool; }
  bool isCode() const { return kind == Kind::Code; }
  /// Bytes of an element in a Tensor.
  unsigned size() const {
    if (kind == Kind::Code)
      return 2;
    return bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
  }
  /// "f32", "i8", "ui8", "i1", "e4m3", "!lp.int4".
  std::string name() const;
  friend bool operator==(const DType &, const DType &) = default;
};

int64_t countElements(const Shape &shape);
/// "2x3" ("scalar" for rank 0).
std::string shapeText(const Shape &shape);

/// An immutable value once filled; copies share the elements.
class Tensor {
public:
  Tensor() = default;
  /// Elements are not initialized.
  static Tensor make(DType dtype, Shape shape);
  /// Reads elements that somebody else keeps; `owner`, where given, keeps them alive.
  static Tensor view(DType dtype, Shape shape, const void *data,
                     std::shared_ptr<const void> owner = {});
  /// A copy of `values` (one T per element, T as wide as the element).
  template <typename T> static Tensor of(DType dtype, Shape shape, const std::vector<T> &values) {
    Tensor t = make(dtype, std::move(shape));
    assert(sizeof(T) == dtype.size() && static_cast<int64_t>(values.size()) == t.numElements());
    if (!values.empty())
      std::memcpy(t.mutableBytes(), values.data(), values.size() * sizeof(T));
    return t;
  }
  /// A rank-0 i64, which also stands for an `index`.
  static Tensor scalar(int64_t value, DType dtype = DType::i(64));
  static Tensor scalar(double value, DType dtype);

  const DType &dtype() const { return dtype_; }
  const Shape &shape() const { return shape_; }
  int64_t rank() const { return static_cast<int64_t>(shape_.size()); }
  int64_t dim(int64_t axis) const { return shape_[axis]; }
  int64_t numElements() const { return count_; }
  int64_t numBytes() const { return count_ * dtype_.size(); }
  bool empty() const { return count_ == 0; }

  const uint8_t *bytes() const { return data_; }
  template <typename T> const T *as() const {
    assert(sizeof(T) == dtype_.size());
    return reinterpret_cast<const T *>(data_);
  }
  /// For the maker of a tensor, before anybody else holds it.
  uint8_t *mutableBytes() { return const_cast<uint8_t *>(data_); }
  template <typename T> T *mutableAs() {
    assert(sizeof(T) == dtype_.size());
    return reinterpret_cast<T *>(mutableBytes());
  }

  /// The same elements under another shape of equal size, or another type of equal width; shares
  /// the elements.
  Tensor reshaped(Shape shape) const;
  Tensor retyped(DType dtype) const;

  /// Element i as a number (int64 beyond 2^53 rounds) or as an integer (ui64 as its bits).
  double at(int64_t i) const;
  int64_t intAt(int64_t i) const;

private:
  DType dtype_;
  Shape shape_;
  int64_t count_ = 0;
  const uint8_t *data_ = nullptr;
  std::shared_ptr<const void> owner_;
};

} // namespace lpc::ref

#endif // LPC_REFERENCE_TENSOR_H
