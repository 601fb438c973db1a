// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotary embeddings and attention, step by step as nn-expand-attention writes them, each step
// rounded to the element type: compiled code of the expansion is compared with these.
#include "lpc/Reference/Kernels.h"

#include <cmath>

namespace lpc::ref {

/// `count` elements of the last axis.
static Result<Tensor> part(const Tensor &x, int64_t offset, int64_t count, int64_t stride) {
  Shape offsets(x.rank(), 0), sizes = x.shape(), strides(x.rank(), 1);
  offsets.back() = offset;
  sizes.back() = count;
  strides.back() = stride;
  return slice(x, offsets, sizes, strides);
}

/// x*a kind y*b
static Result<Tensor> twoProducts(BinaryKind kind, const Tensor &x, const Tensor &a,
                                  const Tensor &y, const Tensor &b) {
  Result<Tensor> left = binary(BinaryKind::Mul, x, a);
  if (!left)
    return left;
  Result<Tensor> right = binary(BinaryKind::Mul, y, b);
  if (!right)
    return right;
  return binary(kind, *left, *right);
}

Result<Tensor> rope(const Tensor &x, const Tensor &cosines, const Tensor &sines, bool interleaved) {
  int64_t n = cosines.dim(cosines.rank() - 1), last = x.rank() - 1, size = x.dim(last);
  if (n == 0)
    return x;
  Result<Tensor> first = part(x, 0, n, interleaved ? 2 : 1);
  if (!first)
    return first;
  Result<Tensor> second = part(x, interleaved ? 1 : n, n, interleaved ? 2 : 1);
  if (!second)
    return second;
  Result<Tensor> real = twoProducts(BinaryKind::Sub, *first, cosines, *second, sines);
  if (!real)
    return real;
  Result<Tensor> imaginary = twoProducts(BinaryKind::Add, *second, cosines, *first, sines);
  if (!imaginary)
    return imaginary;
  if (real->shape() != first->shape())
    return Error{"the tables of a rotary embedding have shape " + shapeText(cosines.shape()) +
                 ", which does not broadcast to " + shapeText(first->shape())};
  std::vector<Tensor> parts{*real, *imaginary};
  if (interleaved) {
    Shape one = first->shape(), pairs = first->shape();
    one.push_back(1);
    pairs.back() = 2 * n;
    parts = {real->reshaped(one), imaginary->reshaped(one)};
    Result<Tensor> joined = concat(parts, last + 1);
    if (!joined)
      return joined;
    parts = {joined->reshaped(pairs)};
  }
  if (2 * n < size) {
    Result<Tensor> rest = part(x, 2 * n, size - 2 * n, 1);
    if (!rest)
      return rest;
    parts.push_back(*rest);
  }
  return concat(parts, last);
}

/// Scores where `keep` is true, `fill` elsewhere.
static Result<Tensor> mask(const Tensor &keep, const Tensor &scores, double fill) {
  return select(keep, scores, Tensor::scalar(fill, scores.dtype()));
}

static Result<Tensor> maskFuture(const Tensor &scores) {
  int64_t rows = scores.dim(scores.rank() - 2), columns = scores.dim(scores.rank() - 1);
  Tensor sees = Tensor::make(DType::boolean(), {rows, columns});
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      sees.mutableBytes()[i * columns + j] = j <= i + columns - rows;
  return mask(sees, scores, -HUGE_VAL);
}

Result<Tensor> attention(const Tensor &query, const Tensor &key, const Tensor &value,
                         const AttentionOptions &options) {
  int64_t rank = query.rank(), head = rank - 3, row = rank - 2;
  DType dtype = query.dtype();
  if (key.dim(head) < 1 || query.dim(head) % key.dim(head) != 0)
    return Error{std::to_string(query.dim(head)) + " query heads cannot share " +
                 std::to_string(key.dim(head)) + " key heads evenly"};
  int64_t repeats = query.dim(head) / key.dim(head);
  Tensor q = query;
  if (options.scale != 1) {
    Result<Tensor> scaled = binary(BinaryKind::Mul, query, Tensor::scalar(options.scale, dtype));
    if (!scaled)
      return scaled;
    q = *scaled;
  }
  // Query heads that share a key head are rows of one product.
  Shape grouped = query.shape(), shape = query.shape();
  grouped[head] = key.dim(head);
  grouped[row] *= repeats;
  Result<Tensor> scores = matmul(q.reshaped(grouped), key, /*transposeRhs=*/true);
  if (!scores)
    return scores;
  shape.back() = grouped.back() = key.dim(row);
  scores = scores->reshaped(shape);
  if (options.softcap > 0) {
    Tensor limit = Tensor::scalar(options.softcap, dtype);
    Result<Tensor> small = binary(BinaryKind::Div, *scores, limit);
    if (!small)
      return small;
    scores = binary(BinaryKind::Mul, unary(UnaryKind::Tanh, *small), limit);
  }
  if (scores && options.keep)
    scores = mask(*options.keep, *scores, options.fill);
  if (scores && options.causal)
    scores = maskFuture(*scores);
  if (scores && options.bias)
    scores = binary(BinaryKind::Add, *scores, *options.bias);
  if (!scores)
    return scores;
  if (scores->shape() != shape)
    return Error{"a mask of attention does not broadcast to the scores of shape " +
                 shapeText(shape)};
  Result<Tensor> result = matmul(softmax(*scores, rank - 1, false).reshaped(grouped), value, false);
  if (!result)
    return result;
  shape.back() = value.dim(rank - 1);
  return result->reshaped(shape);
}

} // namespace lpc::ref
