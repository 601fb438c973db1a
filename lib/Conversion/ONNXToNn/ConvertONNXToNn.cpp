// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Converts @main of an `onnx` module to `nn`: one walk in topological order in which each node is
// built anew by the handler of its operator. Types follow from the inputs; what the file says about
// results is compared at the end only. Small integer tensors are followed element by element, so
// that no shape computation is left where sizes can say the same. One error for each refused node.
#include "lib/Conversion/ONNXToNn/ConverterImpl.h"

#include "dialects/Lp/IR/Lp.h"
#include "lpc/Conversion/Passes.h"
#include "lpc/Support/TensorSize.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

namespace lpc {
#define GEN_PASS_DEF_CONVERTONNXTONNPASS
#include "lpc/Conversion/Passes.h.inc"
} // namespace lpc

void lpc::onnx_to_nn::populateAll(Registry &registry) {
  populateElementwise(registry);
  populateActivation(registry);
  populateReduction(registry);
  populateNormalization(registry);
  populateQuantization(registry);
  populateShape(registry);
  populateDataMovement(registry);
  populateLinear(registry);
  populatePooling(registry);
  populateAttention(registry);
  populateControlFlow(registry);
}

/// The graph's inputs as they stand, if they are tensors of numbers.
static LogicalResult mapArguments(Converter &converter, func::FuncOp main) {
  bool failedAny = false;
  for (BlockArgument arg : main.getArguments()) {
    auto name = main.getArgAttrOfType<StringAttr>(arg.getArgNumber(), "onnx.name");
    StringRef text = name ? name.getValue() : "";
    auto type = dyn_cast<RankedTensorType>(arg.getType());
    if (std::optional<std::string> reason = describeIfTooLarge(arg.getType())) {
      failedAny = true;
      converter.refuseValue("graph input", text, arg.getLoc(), *reason, Refusal::Kind::Limit);
      continue;
    }
    if (type && type.getElementType().isIntOrFloat()) {
      converter.map(arg, arg);
      continue;
    }
    failedAny = true;
    std::string shown = printed(arg.getType());
    if (isa<UnrankedTensorType>(arg.getType()))
      converter.refuseValue("graph input", text, arg.getLoc(),
                            "the rank is not known; declare the input's shape in the model");
    else
      converter.refuseValue("graph input", text, arg.getLoc(),
                            "type " + shown + " is not supported; only tensors of numbers are");
  }
  return failure(failedAny);
}

/// Makes the inferred types those of the function.
static LogicalResult convertReturn(Converter &converter, func::FuncOp main) {
  auto ret = cast<func::ReturnOp>(main.getBody().front().getTerminator());
  SmallVector<Value> results;
  for (Value v : ret.getOperands()) {
    Value converted = converter.lookup(v);
    if (!converted)
      return failure();
    results.push_back(converted);
  }
  for (auto [i, v] : llvm::enumerate(results)) {
    auto declared = dyn_cast<ShapedType>(ret.getOperand(i).getType());
    if (!declared)
      continue;
    auto name = main.getResultAttrOfType<StringAttr>(i, "onnx.name");
    // Exporters are often wrong about shapes, but who reads an output relies on its element type.
    if (declared.getElementType() != getElementTypeOrSelf(v)) {
      converter.refuseValue("graph output", name ? name.getValue() : "", main.getLoc(),
                            "the model declares elements of type " +
                                printed(declared.getElementType()) + ", but computes " +
                                printed(getElementTypeOrSelf(v)),
                            Refusal::Kind::Malformed);
      return failure();
    }
    if (succeeded(verifyCompatibleShape(declared, v.getType())))
      continue;
    emitRemark(main.getLoc()) << "graph output '" << (name ? name.getValue() : "")
                              << "': the model declares " << declared
                              << ", but the inferred type is " << v.getType();
  }
  ret->setOperands(results);
  main.setFunctionType(FunctionType::get(main.getContext(), main.getArgumentTypes(),
                                         ValueRange(results).getTypes()));
  return success();
}

/// Erases what nothing uses: the onnx ops, and shape computations that became sizes.
static void eraseDead(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (isa<onnx::NodeOp, onnx::ConstantOp, onnx::NoneOp>(op) || isOpTriviallyDead(&op)) {
      op.erase();
      continue;
    }
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        eraseDead(inner);
  }
}

LogicalResult lpc::convertONNXToNn(ModuleOp module, SmallVectorImpl<Refusal> *refusals) {
  module.getContext()
      ->loadDialect<nn::NnDialect, lp::LpDialect, affine::AffineDialect, arith::ArithDialect,
                    scf::SCFDialect, tensor::TensorDialect>();
  // A module that is on the nn floor already stays as it is: the walk below would not know its ops.
  auto isONNX = [](Operation *op) {
    return isa<onnx::NodeOp, onnx::ConstantOp, onnx::NoneOp>(op) ? WalkResult::interrupt()
                                                                 : WalkResult::advance();
  };
  if (!module.walk(isONNX).wasInterrupted())
    return success();
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || !main.getBody().hasOneBlock())
    return module.emitError("expected a function @main with one block");
  SmallVector<Refusal> local;
  Converter converter(main, refusals ? *refusals : local);
  LogicalResult arguments = mapArguments(converter, main);
  Block &body = main.getBody().front();
  OpBuilder b(body.getTerminator());
  LogicalResult nodes = converter.convertBlock(body, b);
  if (failed(arguments) || failed(nodes) || failed(convertReturn(converter, main)))
    return failure();
  eraseDead(body);
  return success();
}

bool lpc::isSupportedONNXOperator(StringRef domain, StringRef opType) {
  static const Registry *registry = [] {
    auto *r = new Registry;
    populateAll(*r);
    return r;
  }();
  return registry->find(domain, opType) != nullptr;
}

namespace {
struct ConvertONNXToNn final : lpc::impl::ConvertONNXToNnPassBase<ConvertONNXToNn> {
  void runOnOperation() override {
    if (failed(convertONNXToNn(getOperation())))
      signalPassFailure();
  }
};
} // namespace
