// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Marks inputs as read-only and decomposes what bufferization does not take, would copy, or would
// store although it is one value.
#include "lpc/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_PREPAREBUFFERIZATIONPASS
#include "lpc/Transforms/Passes.h.inc"

/// Whether a value is a part of another tensor, seen through reshapes and casts: its buffer may
/// have gaps between rows.
static bool isPartOfTensor(Value v) {
  while (Operation *def = v.getDefiningOp()) {
    if (isa<tensor::ExtractSliceOp>(def))
      return true;
    if (!isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::ReshapeOp>(
            def))
      return false;
    v = def->getOperand(0);
  }
  return false;
}

/// Copies results that are parts of other tensors. Bufferization would cast `2x?` with row stride 6
/// to the identity layout, which it takes for a matching one because the row size is not known.
static void copyReturnedParts(func::FuncOp func) {
  for (auto ret : func.getOps<func::ReturnOp>())
    for (OpOperand &operand : ret->getOpOperands()) {
      auto type = dyn_cast<RankedTensorType>(operand.get().getType());
      if (!type || !isPartOfTensor(operand.get()))
        continue;
      OpBuilder b(ret);
      SmallVector<Value> sizes;
      operand.set(
          bufferization::AllocTensorOp::create(b, ret.getLoc(), type, sizes, operand.get()));
    }
}

/// Constants of one repeated value above 1 MiB => fills at their first use: they take no room in
/// the weight segment, and little time beside what reads them.
static void fillRepeated(arith::ConstantOp constant) {
  constexpr int64_t maxStoredBytes = 1 << 20;
  auto splat = dyn_cast<SplatElementsAttr>(constant.getValue());
  auto type = dyn_cast<RankedTensorType>(constant.getType());
  if (!splat || !type || !type.getElementType().isIntOrFloat() || constant->use_empty() ||
      type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8) <= maxStoredBytes)
    return;
  Operation *first = nullptr;
  for (Operation *user : constant->getUsers()) {
    Operation *ancestor = constant->getBlock()->findAncestorOpInBlock(*user);
    if (!first || ancestor->isBeforeInBlock(first))
      first = ancestor;
  }
  OpBuilder b(first);
  Location loc = constant.getLoc();
  Value value = arith::ConstantOp::create(b, loc, splat.getSplatValue<TypedAttr>());
  Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  constant->replaceAllUsesWith(linalg::FillOp::create(b, loc, value, empty));
  constant.erase();
}

/// A tensor without contents, or a fill of one: who writes into it may have one of its own.
static bool isBlank(Operation *op) {
  if (isa<tensor::EmptyOp>(op))
    return true;
  auto fill = dyn_cast<linalg::FillOp>(op);
  return fill && fill.getOutputs()[0].getDefiningOp<tensor::EmptyOp>();
}

/// CSE gives all results of one shape the same blank tensor. Each then may alias every other one
/// for the analysis, whose time grows with the square of that; and a fill that several ops
/// overwrite is copied for each. So every writer of the same block gets a copy, fills first.
static void separateBlanks(Block &block) {
  for (bool fills : {true, false})
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (!isBlank(&op) || isa<linalg::FillOp>(op) != fills)
        continue;
      bool first = true;
      for (OpOperand &use : llvm::make_early_inc_range(op.getResult(0).getUses())) {
        Operation *user = use.getOwner();
        auto writer = dyn_cast<DestinationStyleOpInterface>(user);
        if (!writer || !writer.isDpsInit(&use) || user->getBlock() != &block)
          continue;
        if (std::exchange(first, false))
          continue;
        use.set(OpBuilder(user).clone(op)->getResult(0));
      }
    }
}

namespace {
struct PrepareBufferization final : impl::PrepareBufferizationPassBase<PrepareBufferization> {
  using PrepareBufferizationPassBase::PrepareBufferizationPassBase;

  void runOnOperation() override {
    Builder b(&getContext());
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      if (func.isExternal())
        continue;
      copyReturnedParts(func);
      SmallVector<arith::ConstantOp> constants;
      func.walk([&](arith::ConstantOp constant) { constants.push_back(constant); });
      llvm::for_each(constants, fillRepeated);
      for (unsigned i = 0; i < func.getNumArguments(); ++i)
        func.setArgAttr(i, bufferization::BufferizationDialect::kWritableAttrName,
                        b.getBoolAttr(false));
    }

    RewritePatternSet patterns(&getContext());
    tensor::populateDecomposeTensorConcatPatterns(patterns);
    patterns.add<linalg::DecomposePadOpPattern>(&getContext());
    GreedyRewriteConfig config;
    config.enableConstantCSE(false).enableFolding(false);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    SmallVector<Block *> blocks;
    getOperation().walk([&](Block *block) { blocks.push_back(block); });
    for (Block *block : blocks)
      separateBlanks(*block);
  }
};
} // namespace
} // namespace lpc
