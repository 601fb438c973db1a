// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers, effects and bufferization of the operations of the packed dialect.
#include "dialects/Packed/IR/Packed.h"

#include "dialects/Lp/IR/Lp.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::packed;

#define GET_OP_CLASSES
#include "dialects/Packed/IR/PackedOps.cpp.inc"

LogicalResult MatMulOp::verify() {
  auto shapeOf = [](Value v) { return cast<ShapedType>(v.getType()).getShape(); };
  int64_t depth = shapeOf(getLhs())[1], columns = shapeOf(getInit())[1],
          bytes = shapeOf(getRhs())[0];
  bool scaled = getRhsScale() != nullptr,
       isFloat = getElementTypeOrSelf(getLhs().getType()).isF32();
  if (isFloat && (getLhsScale() || !scaled))
    return emitOpError("expected a scale of the weight, and no other, with activations in f32");
  if (!isFloat && scaled != static_cast<bool>(getLhsScale()))
    return emitOpError("expected scales of both operands or of none");
  if (getElementTypeOrSelf(getInit().getType()).isF32() != scaled)
    return emitOpError("expected an f32 result with scales, and an i32 result without");
  if (ShapedType::isDynamic(depth) || ShapedType::isDynamic(columns))
    return emitOpError("expected fixed sizes of the weight, but got k = ")
           << depth << " and n = " << columns;
  int64_t need = getLayout().getBytes(depth, columns);
  if (!ShapedType::isDynamic(bytes) && bytes != need)
    return emitOpError("expected a weight of ") << need << " bytes, but got " << bytes;
  if (std::optional<Type> type = getFormat()) {
    const num::Format *format = lp::formatOf(*type);
    if (!isFloat || getCodebook() || !format || format->width() > getLayout().getBits())
      return emitOpError("expected a format of at most ")
             << getLayout().getBits() << " bits with activations in f32 and no codebook, but got "
             << *type;
  }
  if (auto codebook = getCodebook();
      codebook && (getLayout().getBits() != 4 || codebook->size() != 16))
    return emitOpError("expected a codebook of 16 values for codes of 4 bits");
  if (!scaled)
    return success();
  int64_t group = getGroupSize();
  if (group < 1 || (group % getLayout().getGroup() != 0 && group < depth))
    return emitOpError("expected a group size that is a multiple of ")
           << getLayout().getGroup() << ", but got " << group;
  ArrayRef<int64_t> scale = shapeOf(getRhsScale());
  if (scale[0] != (depth + group - 1) / group || (scale[1] != columns && scale[1] != 1))
    return emitOpError("expected a weight scale of ")
           << (depth + group - 1) / group << "x" << columns << " elements";
  return success();
}

void MatMulOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : (*this)->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (operand.get() == getInit())
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

LogicalResult LookupOp::verify() {
  ShapedType table = getTable().getShapedType();
  if (table.getRank() != 1 || table.getDimSize(0) < 1)
    return emitOpError("expected a table of one dimension that is not empty, but got ") << table;
  if (table.getElementType() != getElementTypeOrSelf(getResult()))
    return emitOpError("expected a result of the table's element type ")
           << table.getElementType() << ", but got " << getResult().getType();
  auto index = dyn_cast<VectorType>(getIndex().getType()),
       result = dyn_cast<VectorType>(getResult().getType());
  if (static_cast<bool>(index) != static_cast<bool>(result) ||
      (index && index.getShape() != result.getShape()))
    return emitOpError("expected index and result of one shape, but got ")
           << getIndex().getType() << " and " << getResult().getType();
  return success();
}

LogicalResult HadamardOp::verify() {
  auto type = cast<ShapedType>(getInit().getType());
  int64_t n = type.getDimSize(1), stages = getStages(), distance = getDistance();
  if (ShapedType::isDynamic(n))
    return emitOpError("expected a middle axis of known size, but got ") << type;
  if (stages < 1 || stages > 62 || distance < 1 || n % distance != 0 ||
      (n / distance) % (int64_t(1) << stages) != 0)
    return emitOpError("expected distance x 2^stages to divide ")
           << n << ", but got distance " << distance << " and " << stages << " stages";
  return success();
}

void HadamardOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  if (!isa<MemRefType>(getInit().getType()))
    return;
  effects.emplace_back(MemoryEffects::Read::get(), &getInitMutable());
  effects.emplace_back(MemoryEffects::Write::get(), &getInitMutable());
}

namespace {
struct BufferizeMatMul
    : bufferization::DstBufferizableOpInterfaceExternalModel<BufferizeMatMul, MatMulOp> {
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) const {
    auto matmul = cast<MatMulOp>(op);
    if (matmul.getOutput().empty())
      return success();
    rewriter.setInsertionPoint(op);
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> buffer = bufferization::getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    Value init = buffers.back();
    OperationState copy(op->getLoc(), op->getName(), buffers, TypeRange());
    copy.propertiesAttr = op->getPropertiesAsAttribute();
    rewriter.create(copy);
    bufferization::replaceOpWithBufferizedValues(rewriter, op, init);
    return success();
  }
};

/// The kernel walks over rows without gaps: a part of another tensor is copied there and back.
struct BufferizeHadamard
    : bufferization::DstBufferizableOpInterfaceExternalModel<BufferizeHadamard, HadamardOp> {
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) const {
    auto hadamard = cast<HadamardOp>(op);
    if (hadamard.getOutput().empty())
      return success();
    rewriter.setInsertionPoint(op);
    FailureOr<Value> buffer =
        bufferization::getBuffer(rewriter, hadamard.getInit(), options, state);
    if (failed(buffer))
      return failure();
    Location loc = op->getLoc();
    auto type = cast<MemRefType>(buffer->getType());
    Value rows = *buffer;
    if (!type.getLayout().isIdentity()) {
      SmallVector<Value> sizes;
      for (int64_t d = 0; d < type.getRank(); ++d)
        if (type.isDynamicDim(d))
          sizes.push_back(memref::DimOp::create(rewriter, loc, *buffer, d));
      rows = memref::AllocOp::create(
          rewriter, loc, MemRefType::get(type.getShape(), type.getElementType()), sizes);
      memref::CopyOp::create(rewriter, loc, *buffer, rows);
    }
    HadamardOp::create(rewriter, loc, TypeRange(), rows, hadamard.getStages(),
                       hadamard.getDistance(), hadamard.getScale());
    if (rows != *buffer)
      memref::CopyOp::create(rewriter, loc, rows, *buffer);
    bufferization::replaceOpWithBufferizedValues(rewriter, op, *buffer);
    return success();
  }
};
} // namespace

namespace lpc::packed {
void attachBufferization(MLIRContext *ctx) {
  HadamardOp::attachInterface<BufferizeHadamard>(*ctx);
  MatMulOp::attachInterface<BufferizeMatMul>(*ctx);
}
} // namespace lpc::packed
