// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The operations of the tensor dialect that shape computations use.
#include "EvalContext.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace lpc::ref {

/// The row-major position that index operands name.
static Result<int64_t> positionOf(const Shape &shape, ArrayRef<Tensor> indices) {
  int64_t at = 0;
  for (size_t d = 0; d < shape.size(); ++d) {
    int64_t i = indices[d].intAt(0);
    if (i < 0 || i >= shape[d])
      return Error{"index " + std::to_string(i) + " is outside of axis " + std::to_string(d) +
                   ", which has size " + std::to_string(shape[d])};
    at = at * shape[d] + i;
  }
  return at;
}

static Outcome eval(tensor::DimOp, AdaptorOf<tensor::DimOp> a, const EvalContext &) {
  Tensor source = a.getSource();
  int64_t axis = a.getIndex().intAt(0);
  if (axis < 0 || axis >= source.rank())
    return Error{"no dimension " + std::to_string(axis) + " in a tensor of rank " +
                 std::to_string(source.rank())};
  return one(Tensor::scalar(source.dim(axis)));
}
static Outcome eval(tensor::RankOp, AdaptorOf<tensor::RankOp> a, const EvalContext &) {
  return one(Tensor::scalar(a.getTensor().rank()));
}
static Outcome eval(tensor::CastOp, AdaptorOf<tensor::CastOp> a, const EvalContext &) {
  return one(a.getSource());
}

static Outcome eval(tensor::FromElementsOp op, AdaptorOf<tensor::FromElementsOp> a,
                    const EvalContext &ctx) {
  auto type = cast<RankedTensorType>(op.getType());
  Tensor out = Tensor::make(ctx.typeOf(op.getResult()),
                            Shape(type.getShape().begin(), type.getShape().end()));
  size_t width = out.dtype().size();
  for (auto [i, element] : llvm::enumerate(a.getElements()))
    std::memcpy(out.mutableBytes() + i * width, element.bytes(), width);
  return one(out);
}

static Outcome eval(tensor::ExtractOp, AdaptorOf<tensor::ExtractOp> a, const EvalContext &) {
  Tensor source = a.getTensor();
  Result<int64_t> at = positionOf(source.shape(), a.getIndices());
  if (!at)
    return at.takeError();
  return one(
      slice(source.reshaped({source.numElements()}), Shape{*at}, Shape{1}, Shape{1})->reshaped({}));
}

static Outcome eval(tensor::InsertOp, AdaptorOf<tensor::InsertOp> a, const EvalContext &) {
  Tensor dest = a.getDest(), value = a.getScalar();
  Result<int64_t> at = positionOf(dest.shape(), a.getIndices());
  if (!at)
    return at.takeError();
  Tensor out = Tensor::make(dest.dtype(), dest.shape());
  size_t width = dest.dtype().size();
  std::memcpy(out.mutableBytes(), dest.bytes(), dest.numBytes());
  std::memcpy(out.mutableBytes() + *at * width, value.bytes(), width);
  return one(out);
}

static Outcome eval(tensor::EmptyOp op, AdaptorOf<tensor::EmptyOp> a, const EvalContext &ctx) {
  Result<Shape> shape = shapeWith(op.getResult(), a.getDynamicSizes());
  if (!shape)
    return shape.takeError();
  // Elements without a value are zero here, so that runs repeat.
  Tensor out = Tensor::make(ctx.typeOf(op.getResult()), *shape);
  std::memset(out.mutableBytes(), 0, out.numBytes());
  return one(out);
}

static Outcome eval(tensor::SplatOp op, AdaptorOf<tensor::SplatOp> a, const EvalContext &) {
  Result<Shape> shape = shapeWith(op.getResult(), a.getDynamicSizes());
  if (!shape)
    return shape.takeError();
  return one(broadcast(a.getInput(), *shape));
}

/// Sizes of a reshape op's result: static, operands, or the quotient in a group.
static Outcome eval(tensor::CollapseShapeOp op, AdaptorOf<tensor::CollapseShapeOp> a,
                    const EvalContext &) {
  Tensor source = a.getSrc();
  Shape shape;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    int64_t n = 1;
    for (int64_t d : group)
      n *= source.dim(d);
    shape.push_back(n);
  }
  return one(reshape(source, shape));
}
static Outcome eval(tensor::ExpandShapeOp op, AdaptorOf<tensor::ExpandShapeOp> a,
                    const EvalContext &) {
  return one(reshape(a.getSrc(), mixed(op.getStaticOutputShape(), a.getOutputShape())));
}

static Outcome eval(tensor::ExtractSliceOp op, AdaptorOf<tensor::ExtractSliceOp> a,
                    const EvalContext &) {
  Result<Tensor> box =
      slice(a.getSource(), mixed(op.getStaticOffsets(), a.getOffsets()),
            mixed(op.getStaticSizes(), a.getSizes()), mixed(op.getStaticStrides(), a.getStrides()));
  if (!box)
    return box.takeError();
  // A rank-reducing slice drops dimensions of size 1.
  llvm::SmallBitVector dropped = op.getDroppedDims();
  Shape shape;
  for (int64_t d = 0; d < box->rank(); ++d)
    if (!dropped.test(d))
      shape.push_back(box->dim(d));
  return one(reshape(*box, shape));
}

static Outcome eval(tensor::InsertSliceOp op, AdaptorOf<tensor::InsertSliceOp> a,
                    const EvalContext &) {
  Tensor dest = a.getDest(), source = a.getSource();
  Shape offsets = mixed(op.getStaticOffsets(), a.getOffsets()),
        sizes = mixed(op.getStaticSizes(), a.getSizes());
  Shape strides = mixed(op.getStaticStrides(), a.getStrides());
  if (countElements(sizes) != source.numElements())
    return Error{"a source of shape " + shapeText(source.shape()) +
                 " does not fill a slice of shape " + shapeText(sizes)};
  Tensor out = Tensor::make(dest.dtype(), dest.shape());
  std::memcpy(out.mutableBytes(), dest.bytes(), dest.numBytes());
  size_t width = dest.dtype().size();
  for (int64_t i = 0; i < source.numElements(); ++i) {
    int64_t at = 0, rest = i, step = 1;
    for (int64_t d = dest.rank(); d-- > 0; step *= dest.dim(d)) {
      int64_t p = offsets[d] + rest % sizes[d] * strides[d];
      rest /= sizes[d];
      if (p < 0 || p >= dest.dim(d))
        return Error{"slice writes position " + std::to_string(p) + " of axis " +
                     std::to_string(d) + ", which has size " + std::to_string(dest.dim(d))};
      at += p * step;
    }
    std::memcpy(out.mutableBytes() + at * width, source.bytes() + i * width, width);
  }
  return one(out);
}

std::optional<Outcome> evaluateTensor(Operation *op, ArrayRef<Tensor> operands,
                                      const EvalContext &ctx) {
  return dispatch<tensor::DimOp, tensor::RankOp, tensor::CastOp, tensor::FromElementsOp,
                  tensor::ExtractOp, tensor::InsertOp, tensor::EmptyOp, tensor::SplatOp,
                  tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::ExtractSliceOp,
                  tensor::InsertSliceOp>(op, operands, ctx);
}

} // namespace lpc::ref
