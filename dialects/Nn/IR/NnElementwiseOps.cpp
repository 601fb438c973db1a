// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Type inference, shapes, verifiers and folders of constants and elementwise operations.
#include "dialects/Nn/IR/NnOpHelpers.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace lpc::nn;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

SmallVector<OpFoldResult> lpc::nn::reifyBroadcast(OpBuilder &b, Location loc, Value result,
                                                  ValueRange operands, int64_t trailing) {
  int64_t rank = shapeOf(result).size();
  return reifyDims(b, result, [&](int64_t axis) -> OpFoldResult {
    for (Value v : operands) {
      ArrayRef<int64_t> shape = shapeOf(v);
      int64_t own = axis - (rank - static_cast<int64_t>(shape.size()));
      if (own >= 0 && own < static_cast<int64_t>(shape.size()) - trailing && shape[own] != 1)
        return dimOf(b, loc, v, own);
    }
    return b.getIndexAttr(1);
  });
}

LogicalResult lpc::nn::checkAxis(Operation *op, int64_t axis, int64_t rank) {
  if (axis >= 0 && axis < rank)
    return success();
  return op->emitOpError("expected axis to be in [0, ") << rank << "), but got " << axis;
}

LogicalResult lpc::nn::checkSizes(Operation *op, RankedTensorType result, size_t sizes) {
  size_t wanted = result.getNumDynamicDims();
  if (wanted == sizes)
    return success();
  return op->emitOpError("expected one size operand for each '?' of the result (")
         << wanted << "), but got " << sizes;
}

/// The broadcast of the operands' shapes with the given element type.
static LogicalResult inferBroadcast(std::optional<Location> loc, ValueRange operands, Type element,
                                    SmallVectorImpl<Type> &types) {
  SmallVector<ArrayRef<int64_t>> shapes;
  for (Value v : operands)
    shapes.push_back(shapeOf(v));
  FailureOr<SmallVector<int64_t>> shape = broadcastShapes(shapes);
  if (failed(shape))
    return emitOptionalError(loc, "expected operand shapes that broadcast, but got ",
                             operands.getTypes());
  types.push_back(RankedTensorType::get(*shape, element));
  return success();
}

#define ELEMENTWISE(Op, ELEMENT)                                                                   \
  LogicalResult Op::inferReturnTypes(MLIRContext *ctx, std::optional<Location> loc,                \
                                     Adaptor adaptor, SmallVectorImpl<Type> &types) {              \
    return inferBroadcast(loc, adaptor.getOperands(), ELEMENT, types);                             \
  }                                                                                                \
  LogicalResult Op::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {           \
    dims.push_back(reifyBroadcast(b, getLoc(), getResult(), getOperation()->getOperands()));       \
    return success();                                                                              \
  }

static Type unaryElement(UnaryKind kind, Value input) {
  Type t = tensorType(input).getElementType();
  bool predicate = kind == UnaryKind::IsNaN || kind == UnaryKind::IsInf;
  return predicate ? IntegerType::get(t.getContext(), 1) : t;
}

ELEMENTWISE(UnaryOp, unaryElement(adaptor.getKind(), adaptor.getInput()))
ELEMENTWISE(BinaryOp, tensorType(adaptor.getLhs()).getElementType())
ELEMENTWISE(CompareOp, IntegerType::get(ctx, 1))
ELEMENTWISE(SelectOp, tensorType(adaptor.getOnTrue()).getElementType())
ELEMENTWISE(ClampOp, tensorType(adaptor.getInput()).getElementType())

#undef ELEMENTWISE

LogicalResult UnaryOp::verify() {
  Type t = tensorType(getInput()).getElementType();
  UnaryKind k = getKind();
  if (k == UnaryKind::Not)
    return isa<IntegerType>(t)
               ? success()
               : emitOpError("expected 'not' to have an integer operand, but got ") << t;
  bool integerKind =
      k == UnaryKind::Neg || k == UnaryKind::Abs || k == UnaryKind::Sign || k == UnaryKind::Relu;
  if (isa<FloatType>(t) || (integerKind && isa<IntegerType>(t) && !t.isInteger(1)))
    return success();
  return emitOpError("expected '")
         << stringifyUnaryKind(k) << "' to have " << (integerKind ? "a numeric" : "a float")
         << " operand, but got " << t;
}

LogicalResult BinaryOp::verify() {
  Type t = tensorType(getLhs()).getElementType();
  BinaryKind k = getKind();
  bool logical = k == BinaryKind::And || k == BinaryKind::Or || k == BinaryKind::Xor;
  bool shift = k == BinaryKind::Shl || k == BinaryKind::Shr;
  if ((logical || shift) && !isa<IntegerType>(t))
    return emitOpError("expected '")
           << stringifyBinaryKind(k) << "' to have integer operands, but got " << t;
  if (!logical && t.isInteger(1))
    return emitOpError("expected '")
           << stringifyBinaryKind(k) << "' to have numeric operands, but got " << t;
  return success();
}

namespace {
/// pow(x, 2) => x * x: both are the exact square rounded once.
struct SquareAsProduct : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    SplatElementsAttr exponent;
    if (op.getKind() != BinaryKind::Pow || !matchPattern(op.getRhs(), m_Constant(&exponent)))
      return rewriter.notifyMatchFailure(op, "not a power with a constant exponent");
    bool isTwo = isa<FloatType>(exponent.getElementType())
                     ? exponent.getSplatValue<APFloat>().isExactlyValue(2.0)
                     : exponent.getSplatValue<APInt>() == 2;
    if (!isTwo || op.getType() != op.getLhs().getType())
      return rewriter.notifyMatchFailure(op, "the exponent is not 2, or it broadcasts the base");
    rewriter.replaceOpWithNewOp<BinaryOp>(op, op.getType(), BinaryKind::Mul, op.getLhs(),
                                          op.getLhs());
    return success();
  }
};
} // namespace

void BinaryOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *ctx) {
  patterns.add<SquareAsProduct>(ctx);
}

LogicalResult SelectOp::verify() {
  Type a = tensorType(getOnTrue()).getElementType(), b = tensorType(getOnFalse()).getElementType();
  if (a == b)
    return success();
  return emitOpError("expected both choices to have one element type, but got ")
         << a << " and " << b;
}

static LogicalResult verifySameShape(Operation *op) {
  if (succeeded(verifyCompatibleShape(op->getOperand(0).getType(), op->getResult(0).getType())))
    return success();
  return op->emitOpError("expected the result to have the operand's shape");
}

LogicalResult CastOp::verify() { return verifySameShape(*this); }

OpFoldResult CastOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

LogicalResult CastOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(dimsOf(b, getLoc(), getInput()));
  return success();
}

LogicalResult BitcastOp::verify() {
  if (failed(verifySameShape(*this)))
    return failure();
  unsigned from = tensorType(getInput()).getElementTypeBitWidth();
  unsigned to = tensorType(getOutput()).getElementTypeBitWidth();
  if (from == to)
    return success();
  return emitOpError("expected element types of equal width, but got ")
         << from << " and " << to << " bits";
}

LogicalResult BitcastOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(dimsOf(b, getLoc(), getInput()));
  return success();
}
