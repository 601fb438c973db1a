// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Gathers and scatters.
#include "lpc/Reference/Kernels.h"

#include "Values.h"

#include <algorithm>

namespace lpc::ref {

/// Counts a negative index from the end; false if it is out of range.
static bool normalize(int64_t &index, int64_t size) {
  if (index < 0)
    index += size;
  return index >= 0 && index < size;
}

static Error outOfRange(int64_t index, int64_t size, int64_t axis) {
  return Error{"index " + std::to_string(index) + " is outside of axis " + std::to_string(axis) +
               ", which has size " + std::to_string(size)};
}

Result<Tensor> gather(const Tensor &data, const Tensor &indices, int64_t axis) {
  Ints at(indices);
  int64_t size = data.dim(axis);
  Shape shape(data.shape().begin(), data.shape().begin() + axis);
  shape.insert(shape.end(), indices.shape().begin(), indices.shape().end());
  shape.insert(shape.end(), data.shape().begin() + axis + 1, data.shape().end());
  int64_t outer = 1;
  for (int64_t d = 0; d < axis; ++d)
    outer *= data.dim(d);
  int64_t inner = data.dtype().size();
  for (int64_t d = axis + 1; d < data.rank(); ++d)
    inner *= data.dim(d);
  Tensor out = Tensor::make(data.dtype(), shape);
  uint8_t *p = out.mutableBytes();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < indices.numElements(); ++i, p += inner) {
      int64_t index = at[i];
      if (!normalize(index, size))
        return outOfRange(at[i], size, axis);
      std::memcpy(p, data.bytes() + (o * size + index) * inner, inner);
    }
  return out;
}

/// Position in `data` of the element that row-major position `i` of `shape` (the shape of indices)
/// names.
static bool elementTarget(const Shape &shape, const Shape &dataStrides, int64_t i, int64_t axis,
                          int64_t index, int64_t size, int64_t &target) {
  if (!normalize(index, size))
    return false;
  target = 0;
  for (int64_t d = static_cast<int64_t>(shape.size()); d-- > 0; i /= shape[d])
    target += (d == axis ? index : i % shape[d]) * dataStrides[d];
  return true;
}

Result<Tensor> gatherElements(const Tensor &data, const Tensor &indices, int64_t axis) {
  Ints at(indices);
  Shape strides = stridesOf(data.shape());
  Tensor out = Tensor::make(data.dtype(), indices.shape());
  size_t width = data.dtype().size();
  for (int64_t i = 0; i < out.numElements(); ++i) {
    int64_t from;
    if (!elementTarget(indices.shape(), strides, i, axis, at[i], data.dim(axis), from))
      return outOfRange(at[i], data.dim(axis), axis);
    std::memcpy(out.mutableBytes() + i * width, data.bytes() + from * width, width);
  }
  return out;
}

/// The offset in `data`, below the batch dimensions, of the slice that tuple number t of `indices`
/// names.
static Result<int64_t> tupleOffset(const Tensor &data, const Ints &at, int64_t t, int64_t q,
                                   int64_t batchDims, const Shape &strides) {
  int64_t offset = 0;
  for (int64_t j = 0; j < q; ++j) {
    int64_t index = at[t * q + j], size = data.dim(batchDims + j);
    if (!normalize(index, size))
      return outOfRange(at[t * q + j], size, batchDims + j);
    offset += index * strides[batchDims + j];
  }
  return offset;
}

Result<Tensor> gatherND(const Tensor &data, const Tensor &indices, int64_t batchDims) {
  Ints at(indices);
  int64_t q = indices.shape().back();
  Shape shape(indices.shape().begin(), indices.shape().end() - 1),
      strides = stridesOf(data.shape());
  shape.insert(shape.end(), data.shape().begin() + batchDims + q, data.shape().end());
  int64_t batches = 1, tuples = 1, inner = data.dtype().size(), batchSize = 1;
  for (int64_t d = 0; d < indices.rank() - 1; ++d)
    (d < batchDims ? batches : tuples) *= indices.dim(d);
  for (int64_t d = batchDims; d < data.rank(); ++d)
    batchSize *= data.dim(d);
  for (int64_t d = batchDims + q; d < data.rank(); ++d)
    inner *= data.dim(d);
  Tensor out = Tensor::make(data.dtype(), shape);
  uint8_t *p = out.mutableBytes();
  for (int64_t t = 0; t < batches * tuples; ++t, p += inner) {
    Result<int64_t> offset = tupleOffset(data, at, t, q, batchDims, strides);
    if (!offset)
      return offset.takeError();
    std::memcpy(p, data.bytes() + (t / tuples * batchSize + *offset) * data.dtype().size(), inner);
  }
  return out;
}

namespace {

/// A copy of a tensor that takes updates one element at a time.
class Scatter {
public:
  Scatter(const Tensor &data, const Tensor &updates, ScatterKind kind)
      : dtype(data.dtype()), kind(kind), updates(updates) {
    int64_t n = data.numElements();
    if (kind == ScatterKind::Assign) {
      out = Tensor::make(dtype, data.shape());
      std::memcpy(out.mutableBytes(), data.bytes(), data.numBytes());
    } else if (dtype.isInt()) {
      Ints have(data);
      ints.assign(have.data(), have.data() + n);
      intUpdates.emplace(updates);
    } else {
      Doubles have(data);
      floats.assign(have.data(), have.data() + n);
      floatUpdates.emplace(updates);
    }
    shape = data.shape();
  }

  void put(int64_t target, int64_t update) {
    if (kind == ScatterKind::Assign) {
      size_t width = dtype.size();
      std::memcpy(out.mutableBytes() + target * width, updates.bytes() + update * width, width);
    } else if (dtype.isInt()) {
      ints[target] = wrapTo(dtype, combineInt(ints[target], (*intUpdates)[update]));
    } else {
      floats[target] = roundTo(dtype, combineFloat(floats[target], (*floatUpdates)[update]));
    }
  }

  Tensor take() {
    if (kind == ScatterKind::Assign)
      return out;
    return dtype.isInt() ? fromInts(dtype, shape, std::move(ints))
                         : fromDoubles(dtype, shape, std::move(floats));
  }

private:
  int64_t combineInt(int64_t a, int64_t b) const {
    switch (kind) {
    case ScatterKind::Add:
      return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
    case ScatterKind::Mul:
      return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
    case ScatterKind::Max:
      return lessInt(a, b, dtype.isUnsigned()) ? b : a;
    default:
      return lessInt(b, a, dtype.isUnsigned()) ? b : a;
    }
  }
  double combineFloat(double a, double b) const {
    switch (kind) {
    case ScatterKind::Add:
      return a + b;
    case ScatterKind::Mul:
      return a * b;
    case ScatterKind::Max:
      return maximum(a, b);
    default:
      return minimum(a, b);
    }
  }

  DType dtype;
  ScatterKind kind;
  Tensor updates, out;
  Shape shape;
  std::vector<int64_t> ints;
  std::vector<double> floats;
  std::optional<Ints> intUpdates;
  std::optional<Doubles> floatUpdates;
};

} // namespace

Result<Tensor> scatterElements(const Tensor &data, const Tensor &indices, const Tensor &updates,
                               int64_t axis, ScatterKind kind) {
  Ints at(indices);
  Shape strides = stridesOf(data.shape());
  Scatter scatter(data, updates, kind);
  for (int64_t i = 0; i < indices.numElements(); ++i) {
    int64_t target;
    if (!elementTarget(indices.shape(), strides, i, axis, at[i], data.dim(axis), target))
      return outOfRange(at[i], data.dim(axis), axis);
    scatter.put(target, i);
  }
  return scatter.take();
}

Result<Tensor> scatterND(const Tensor &data, const Tensor &indices, const Tensor &updates,
                         ScatterKind kind) {
  Ints at(indices);
  int64_t q = indices.shape().back(), tuples = 1, inner = 1;
  for (int64_t d = 0; d < indices.rank() - 1; ++d)
    tuples *= indices.dim(d);
  for (int64_t d = q; d < data.rank(); ++d)
    inner *= data.dim(d);
  if (updates.numElements() != tuples * inner)
    return Error{"updates of shape " + shapeText(updates.shape()) +
                 " do not fit indices of shape " + shapeText(indices.shape()) + " into " +
                 shapeText(data.shape())};
  Shape strides = stridesOf(data.shape());
  Scatter scatter(data, updates, kind);
  for (int64_t t = 0; t < tuples; ++t) {
    Result<int64_t> offset = tupleOffset(data, at, t, q, 0, strides);
    if (!offset)
      return offset.takeError();
    for (int64_t i = 0; i < inner; ++i)
      scatter.put(*offset + i, t * inner + i);
  }
  return scatter.take();
}

} // namespace lpc::ref
