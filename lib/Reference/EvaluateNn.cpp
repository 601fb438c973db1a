// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn operations: attributes and operands to kernels.
#include "EvalContext.h"

#include "dialects/Nn/IR/Nn.h"

using namespace mlir;

namespace lpc::ref {

// The core repeats the enumerations of the dialect, because it knows no MLIR.
static_assert(static_cast<int>(UnaryKind::HardSwish) == static_cast<int>(nn::UnaryKind::HardSwish));
static_assert(static_cast<int>(UnaryKind::Round) == static_cast<int>(nn::UnaryKind::Round));
static_assert(static_cast<int>(BinaryKind::Shr) == static_cast<int>(nn::BinaryKind::Shr));
static_assert(static_cast<int>(CompareKind::Ge) == static_cast<int>(nn::CompareKind::Ge));
static_assert(static_cast<int>(ReduceKind::Prod) == static_cast<int>(nn::ReduceKind::Prod));
static_assert(static_cast<int>(PoolKind::Avg) == static_cast<int>(nn::PoolKind::Avg));
static_assert(static_cast<int>(PadMode::Wrap) == static_cast<int>(nn::PadMode::Wrap));
static_assert(static_cast<int>(ScatterKind::Min) == static_cast<int>(nn::ScatterKind::Min));

static Shape toShape(ArrayRef<int64_t> a) { return Shape(a.begin(), a.end()); }
static std::span<const int64_t> toSpan(ArrayRef<int64_t> a) { return {a.data(), a.size()}; }

//===- elementwise
//----------------------------------------------------------------------------------------===//

/// Only a size that is 1 in the type is stretched; a 1 behind a `?` is an error of the program.
static std::optional<Error> checkStretch(Operation *op, ArrayRef<Tensor> operands,
                                         const Shape &result) {
  for (auto [value, tensor] : llvm::zip_equal(op->getOperands(), operands)) {
    auto type = cast<RankedTensorType>(value.getType());
    int64_t skip = static_cast<int64_t>(result.size()) - type.getRank();
    for (int64_t d = 0; d < type.getRank(); ++d)
      if (type.isDynamicDim(d) && tensor.dim(d) == 1 && result[skip + d] != 1)
        return Error{"an operand has size 1 in dimension " + std::to_string(d) +
                     ", unknown in its type, where another has " +
                     std::to_string(result[skip + d]) + "; nn.broadcast is needed"};
  }
  return std::nullopt;
}

static Outcome stretched(Operation *op, ArrayRef<Tensor> operands, Result<Tensor> result) {
  if (!result)
    return result.takeError();
  if (std::optional<Error> error = checkStretch(op, operands, result->shape()))
    return *error;
  return Tensors{std::move(*result)};
}

static Outcome eval(nn::ConstantOp op, AdaptorOf<nn::ConstantOp>, const EvalContext &ctx) {
  Result<Tensor> t = tensorOf(op.getValue());
  if (!t)
    return t.takeError();
  return one(ctx.computed(*t));
}
static Outcome eval(nn::UnaryOp op, AdaptorOf<nn::UnaryOp> a, const EvalContext &) {
  return one(unary(static_cast<UnaryKind>(op.getKind()), a.getInput()));
}
static Outcome eval(nn::BinaryOp op, AdaptorOf<nn::BinaryOp> a, const EvalContext &) {
  return stretched(op, {a.getLhs(), a.getRhs()},
                   binary(static_cast<BinaryKind>(op.getKind()), a.getLhs(), a.getRhs()));
}
static Outcome eval(nn::CompareOp op, AdaptorOf<nn::CompareOp> a, const EvalContext &) {
  return stretched(op, {a.getLhs(), a.getRhs()},
                   compare(static_cast<CompareKind>(op.getKind()), a.getLhs(), a.getRhs()));
}
static Outcome eval(nn::SelectOp op, AdaptorOf<nn::SelectOp> a, const EvalContext &) {
  return stretched(op, {a.getCondition(), a.getOnTrue(), a.getOnFalse()},
                   select(a.getCondition(), a.getOnTrue(), a.getOnFalse()));
}
static Outcome eval(nn::ClampOp op, AdaptorOf<nn::ClampOp> a, const EvalContext &) {
  return one(clamp(a.getInput(), op.getLo().convertToDouble(), op.getHi().convertToDouble()));
}
static Outcome eval(nn::CastOp op, AdaptorOf<nn::CastOp> a, const EvalContext &ctx) {
  return one(cast(a.getInput(), ctx.typeOf(op.getOutput()), op.getSaturate()));
}
static Outcome eval(nn::BitcastOp op, AdaptorOf<nn::BitcastOp> a, const EvalContext &ctx) {
  // Bits are those of the declared types, also when the values are computed in f64.
  DType from = *dtypeOf(getElementTypeOrSelf(op.getInput().getType()));
  Result<Tensor> bits =
      bitcast(cast(a.getInput(), from), *dtypeOf(getElementTypeOrSelf(op.getType())));
  if (!bits)
    return bits.takeError();
  return one(ctx.computed(*bits));
}

//===- movement
//-------------------------------------------------------------------------------------------===//

static Outcome eval(nn::ReshapeOp op, AdaptorOf<nn::ReshapeOp> a, const EvalContext &) {
  Result<Shape> shape = shapeWith(op.getOutput(), a.getSizes());
  if (!shape)
    return shape.takeError();
  return one(reshape(a.getInput(), *shape));
}
static Outcome eval(nn::BroadcastOp op, AdaptorOf<nn::BroadcastOp> a, const EvalContext &) {
  Result<Shape> shape = shapeWith(op.getOutput(), a.getSizes());
  if (!shape)
    return shape.takeError();
  return one(broadcast(a.getInput(), *shape));
}
static Outcome eval(nn::TransposeOp op, AdaptorOf<nn::TransposeOp> a, const EvalContext &) {
  return one(transpose(a.getInput(), toSpan(op.getPermutation())));
}
static Outcome eval(nn::ConcatOp op, AdaptorOf<nn::ConcatOp> a, const EvalContext &) {
  ArrayRef<Tensor> inputs = a.getInputs();
  return one(concat({inputs.data(), inputs.size()}, op.getAxis()));
}
static Outcome eval(nn::SliceOp op, AdaptorOf<nn::SliceOp> a, const EvalContext &) {
  return one(slice(a.getInput(), mixed(op.getStaticOffsets(), a.getOffsets()),
                   mixed(op.getStaticSizes(), a.getSizes()),
                   mixed(op.getStaticStrides(), a.getStrides())));
}
static Outcome eval(nn::PadOp op, AdaptorOf<nn::PadOp> a, const EvalContext &) {
  Tensor value = a.getValue();
  return one(pad(a.getInput(), mixed(op.getStaticLow(), a.getLow()),
                 mixed(op.getStaticHigh(), a.getHigh()), static_cast<PadMode>(op.getMode()),
                 orNull(value)));
}
static Outcome eval(nn::IotaOp op, AdaptorOf<nn::IotaOp> a, const EvalContext &ctx) {
  Result<Shape> shape = shapeWith(op.getOutput(), a.getSizes());
  if (!shape)
    return shape.takeError();
  return one(iota(ctx.typeOf(op.getOutput()), *shape, op.getAxis()));
}
static Outcome eval(nn::GatherOp op, AdaptorOf<nn::GatherOp> a, const EvalContext &) {
  return one(gather(a.getData(), a.getIndices(), op.getAxis()));
}
static Outcome eval(nn::GatherElementsOp op, AdaptorOf<nn::GatherElementsOp> a,
                    const EvalContext &) {
  return one(gatherElements(a.getData(), a.getIndices(), op.getAxis()));
}
static Outcome eval(nn::GatherNDOp op, AdaptorOf<nn::GatherNDOp> a, const EvalContext &) {
  return one(gatherND(a.getData(), a.getIndices(), op.getBatchDims()));
}
static Outcome eval(nn::ScatterElementsOp op, AdaptorOf<nn::ScatterElementsOp> a,
                    const EvalContext &) {
  return one(scatterElements(a.getData(), a.getIndices(), a.getUpdates(), op.getAxis(),
                             static_cast<ScatterKind>(op.getKind())));
}
static Outcome eval(nn::ScatterNDOp op, AdaptorOf<nn::ScatterNDOp> a, const EvalContext &) {
  return one(scatterND(a.getData(), a.getIndices(), a.getUpdates(),
                       static_cast<ScatterKind>(op.getKind())));
}

//===- reductions
//-----------------------------------------------------------------------------------------===//

static Outcome eval(nn::ReduceOp op, AdaptorOf<nn::ReduceOp> a, const EvalContext &) {
  return one(reduce(static_cast<ReduceKind>(op.getKind()), a.getInput(), toSpan(op.getAxes()),
                    op.getKeepDims()));
}
static Outcome eval(nn::ArgReduceOp op, AdaptorOf<nn::ArgReduceOp> a, const EvalContext &) {
  return one(argReduce(static_cast<ReduceKind>(op.getKind()), a.getInput(), op.getAxis(),
                       op.getKeepDims(), op.getSelectLast()));
}
static Outcome eval(nn::ScanOp op, AdaptorOf<nn::ScanOp> a, const EvalContext &) {
  return one(scan(static_cast<ReduceKind>(op.getKind()), a.getInput(), op.getAxis(),
                  op.getExclusive(), op.getReverse()));
}
static Outcome eval(nn::TopKOp op, AdaptorOf<nn::TopKOp> a, const EvalContext &) {
  Tensor given = a.getK();
  int64_t k = cast<RankedTensorType>(op.getValues().getType()).getDimSize(op.getAxis());
  if (ShapedType::isDynamic(k))
    k = given.bytes() ? given.intAt(0) : -1;
  Result<std::pair<Tensor, Tensor>> best = topK(a.getInput(), k, op.getAxis(), op.getLargest());
  if (!best)
    return best.takeError();
  return Tensors{best->first, best->second};
}
static Outcome eval(nn::SoftmaxOp op, AdaptorOf<nn::SoftmaxOp> a, const EvalContext &) {
  return one(softmax(a.getInput(), op.getAxis(), op.getLog()));
}
static Outcome eval(nn::LayerNormOp op, AdaptorOf<nn::LayerNormOp> a, const EvalContext &) {
  Tensor scale = a.getScale(), bias = a.getBias();
  return one(layerNorm(a.getInput(), orNull(scale), orNull(bias), op.getAxis(),
                       op.getEpsilon().convertToDouble()));
}
static Outcome eval(nn::RMSNormOp op, AdaptorOf<nn::RMSNormOp> a, const EvalContext &) {
  Tensor scale = a.getScale();
  return one(rmsNorm(a.getInput(), orNull(scale), op.getAxis(), op.getEpsilon().convertToDouble()));
}

//===- windows and contractions
//---------------------------------------------------------------------------===//

template <typename OpTy> static Window windowOf(OpTy op, int64_t groups) {
  return {toShape(op.getStrides()), toShape(op.getPads()), toShape(op.getDilations()), groups};
}

static Outcome eval(nn::PoolOp op, AdaptorOf<nn::PoolOp> a, const EvalContext &) {
  std::optional<Shape> counted;
  if (std::optional<ArrayRef<int64_t>> pads = op.getCountedPads())
    counted = toShape(*pads);
  return one(pool(static_cast<PoolKind>(op.getKind()), a.getInput(), toShape(op.getKernel()),
                  windowOf(op, 1), op.getCountIncludePad(), counted ? &*counted : nullptr));
}
static Outcome eval(nn::MatMulOp op, AdaptorOf<nn::MatMulOp> a, const EvalContext &) {
  return one(matmul(a.getLhs(), a.getRhs(), op.getTransposeRhs()));
}
static Outcome eval(nn::ConvOp op, AdaptorOf<nn::ConvOp> a, const EvalContext &) {
  Tensor bias = a.getBias();
  return one(conv(a.getInput(), a.getFilter(), orNull(bias), windowOf(op, op.getGroups())));
}
static Outcome eval(nn::ConvTransposeOp op, AdaptorOf<nn::ConvTransposeOp> a, const EvalContext &) {
  Tensor bias = a.getBias();
  return one(convTranspose(a.getInput(), a.getFilter(), orNull(bias), windowOf(op, op.getGroups()),
                           toShape(op.getOutputPadding())));
}
static Outcome eval(nn::RotateOp op, AdaptorOf<nn::RotateOp> a, const EvalContext &) {
  Tensor matrix = a.getMatrix(), signs = a.getSigns();
  return one(rotate(a.getInput(), orNull(matrix), orNull(signs), op.getAxis(), op.getOrder(),
                    op.getInner(), op.getInverse()));
}

//===- attention
//-----------------------------------------------------------------------------------------===//

static Outcome eval(nn::RopeOp op, AdaptorOf<nn::RopeOp> a, const EvalContext &) {
  return one(rope(a.getInput(), a.getCosines(), a.getSines(), op.getInterleaved()));
}
static Outcome eval(nn::AttentionOp op, AdaptorOf<nn::AttentionOp> a, const EvalContext &) {
  Tensor keep = a.getKeep(), bias = a.getBias();
  AttentionOptions options{orNull(keep),
                           orNull(bias),
                           op.getScale().convertToDouble(),
                           op.getSoftcap().convertToDouble(),
                           op.getFill().convertToDouble(),
                           op.getCausal()};
  return one(attention(a.getQuery(), a.getKey(), a.getValue(), options));
}

std::optional<Outcome> evaluateNn(Operation *op, ArrayRef<Tensor> operands,
                                  const EvalContext &ctx) {
  return dispatch<nn::ConstantOp, nn::UnaryOp, nn::BinaryOp, nn::CompareOp, nn::SelectOp,
                  nn::ClampOp, nn::CastOp, nn::BitcastOp, nn::ReshapeOp, nn::BroadcastOp,
                  nn::TransposeOp, nn::ConcatOp, nn::SliceOp, nn::PadOp, nn::IotaOp, nn::GatherOp,
                  nn::GatherElementsOp, nn::GatherNDOp, nn::ScatterElementsOp, nn::ScatterNDOp,
                  nn::ReduceOp, nn::ArgReduceOp, nn::ScanOp, nn::TopKOp, nn::SoftmaxOp,
                  nn::LayerNormOp, nn::RMSNormOp, nn::PoolOp, nn::MatMulOp, nn::ConvOp,
                  nn::ConvTransposeOp, nn::RopeOp, nn::AttentionOp, nn::RotateOp>(op, operands,
                                                                                  ctx);
}

} // namespace lpc::ref
