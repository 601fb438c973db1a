// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Short ways to make and read tensors in tests of the evaluator.
#ifndef LPC_TEST_UNIT_REFERENCE_HELPERS_H
#define LPC_TEST_UNIT_REFERENCE_HELPERS_H

#include "lpc/Reference/Kernels.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

namespace lpc::ref::testing {

inline constexpr float kInf = std::numeric_limits<float>::infinity();
inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

inline Tensor f32(Shape shape, std::vector<float> v) {
  return Tensor::of<float>(DType::f32(), std::move(shape), v);
}
inline Tensor f64(Shape shape, std::vector<double> v) {
  return Tensor::of<double>(DType::f64(), std::move(shape), v);
}
inline Tensor i64(Shape shape, std::vector<int64_t> v) {
  return Tensor::of<int64_t>(DType::i(64), std::move(shape), v);
}
inline Tensor i32(Shape shape, std::vector<int32_t> v) {
  return Tensor::of<int32_t>(DType::i(32), std::move(shape), v);
}
inline Tensor i8(Shape shape, std::vector<int8_t> v) {
  return Tensor::of<int8_t>(DType::i(8), std::move(shape), v);
}
inline Tensor u8(Shape shape, std::vector<uint8_t> v) {
  return Tensor::of<uint8_t>(DType::u(8), std::move(shape), v);
}
inline Tensor boolean(Shape shape, std::vector<uint8_t> v) {
  return Tensor::of<uint8_t>(DType::boolean(), std::move(shape), v);
}
/// Codes of a format from the values that they stand for.
inline Tensor codes(const char *format, Shape shape, std::vector<double> values) {
  const num::Format *f = num::Format::parse(format);
  std::vector<uint16_t> c;
  for (double x : values)
    c.push_back(static_cast<uint16_t>(f->encode(x, {})));
  return Tensor::of<uint16_t>(DType::code(f), std::move(shape), c);
}

inline std::vector<double> values(const Tensor &t) {
  std::vector<double> v;
  for (int64_t i = 0; i < t.numElements(); ++i)
    v.push_back(t.at(i));
  return v;
}
inline std::vector<int64_t> ints(const Tensor &t) {
  std::vector<int64_t> v;
  for (int64_t i = 0; i < t.numElements(); ++i)
    v.push_back(t.intAt(i));
  return v;
}

inline Tensor randomF32(Shape shape, unsigned seed, float scale = 1) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> v(countElements(shape));
  for (float &x : v)
    x = normal(rng);
  return f32(std::move(shape), v);
}

} // namespace lpc::ref::testing

#endif // LPC_TEST_UNIT_REFERENCE_HELPERS_H
