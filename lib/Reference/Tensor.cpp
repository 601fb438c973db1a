// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Storage of the evaluator's tensors.
#include "lpc/Reference/Tensor.h"

#include "Values.h"

#include <cstdlib>
#include <new>

namespace lpc::ref {

std::string DType::name() const {
  switch (kind) {
  case Kind::Bool:
    return "i1";
  case Kind::Int:
    return "i" + std::to_string(bits);
  case Kind::UInt:
    return "ui" + std::to_string(bits);
  case Kind::F16:
    return "f16";
  case Kind::BF16:
    return "bf16";
  case Kind::F32:
    return "f32";
  case Kind::F64:
    return "f64";
  case Kind::SmallFloat:
    return format->name();
  case Kind::Code:
    return "!lp." + format->name();
  }
  return "";
}

int64_t countElements(const Shape &shape) {
  int64_t n = 1;
  for (int64_t d : shape)
    n *= d;
  return n;
}

std::string shapeText(const Shape &shape) {
  if (shape.empty())
    return "scalar";
  std::string text;
  for (int64_t d : shape)
    text += (text.empty() ? "" : "x") + std::to_string(d);
  return text;
}

Tensor Tensor::make(DType dtype, Shape shape) {
  Tensor t;
  t.dtype_ = dtype;
  t.shape_ = std::move(shape);
  t.count_ = countElements(t.shape_);
  // Aligned for vector loads; one byte at least, so that data is never null.
  size_t bytes = (static_cast<size_t>(t.numBytes()) + 64) / 64 * 64;
  void *memory = std::aligned_alloc(64, bytes);
  if (!memory) {
    // As `new` does: the program says what happened and ends.
    if (std::new_handler handler = std::get_new_handler())
      handler();
    std::abort();
  }
  t.owner_ =
      std::shared_ptr<const void>(memory, [](const void *p) { std::free(const_cast<void *>(p)); });
  t.data_ = static_cast<const uint8_t *>(memory);
  return t;
}

Tensor Tensor::view(DType dtype, Shape shape, const void *data, std::shared_ptr<const void> owner) {
  Tensor t;
  t.dtype_ = dtype;
  t.shape_ = std::move(shape);
  t.count_ = countElements(t.shape_);
  // Null means "no tensor"; one without elements needs an address, too.
  static const uint8_t nothing = 0;
  t.data_ = data ? static_cast<const uint8_t *>(data) : &nothing;
  t.owner_ = std::move(owner);
  return t;
}

Tensor Tensor::scalar(int64_t value, DType dtype) { return fromInts(dtype, {}, {value}); }
Tensor Tensor::scalar(double value, DType dtype) { return fromDoubles(dtype, {}, {value}); }

Tensor Tensor::reshaped(Shape shape) const {
  Tensor t = *this;
  t.shape_ = std::move(shape);
  assert(ref::countElements(t.shape_) == count_);
  return t;
}

Tensor Tensor::retyped(DType dtype) const {
  assert(dtype.size() == dtype_.size());
  Tensor t = *this;
  t.dtype_ = dtype;
  return t;
}

double Tensor::at(int64_t i) const {
  Tensor one = view(dtype_, {}, data_ + i * dtype_.size());
  return Doubles(one)[0];
}

int64_t Tensor::intAt(int64_t i) const {
  Tensor one = view(dtype_, {}, data_ + i * dtype_.size());
  return Ints(one)[0];
}

} // namespace lpc::ref
