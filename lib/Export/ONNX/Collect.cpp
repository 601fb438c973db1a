// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the decisions of the quantization passes out of a module.
#include "lpc/Export/ONNX/Export.h"

#include "dialects/Lp/IR/Lp.h"
#include "dialects/Nn/IR/Nn.h"
#include "dialects/ONNX/IR/ONNXOps.h"
#include "lpc/Quantization/Contractions.h"

using namespace mlir;
using namespace lpc;

static int32_t zeroOf(const num::Format *format, uint16_t code) {
  return static_cast<int32_t>(format->decodeToDouble(code));
}

/// Codes of a constant; nothing if `v` is none or its bytes are not in the module.
static std::optional<std::vector<uint16_t>> constantCodes(Value v) {
  auto constant = v ? v.getDefiningOp<lp::ConstantOp>() : lp::ConstantOp();
  return constant ? lp::readCodes(constant.getValue()) : std::nullopt;
}

/// One level of constant scales; nothing if they are computed at run time.
static std::optional<ExportScale> readScale(Value v, ArrayRef<int64_t> block) {
  ExportScale scale;
  scale.block.assign(block.begin(), block.end());
  ArrayRef<int64_t> shape = cast<RankedTensorType>(v.getType()).getShape();
  scale.shape.assign(shape.begin(), shape.end());
  if (std::optional<std::vector<uint16_t>> codes = constantCodes(v)) {
    scale.format = lp::formatOf(v.getType());
    for (uint16_t code : *codes)
      scale.values.push_back(static_cast<float>(scale.format->decodeToDouble(code)));
    scale.codes = std::move(*codes);
    return scale;
  }
  nn::ConstantOp constant = quant::constantOf(v);
  std::optional<std::vector<float>> values =
      constant ? quant::readFloats(constant.getValue()) : std::nullopt;
  if (!values)
    return std::nullopt;
  scale.values = std::move(*values);
  return scale;
}

namespace {
class Collector {
public:
  Collector(const std::set<ExportOperand> &before, ExportError &error)
      : before(before), error(error) {}

  FailureOr<ExportNode> collect(Operation *op) {
    ExportNode node;
    node.name = quant::nameOf(op);
    node.output = onnx::getOutputName(op->getLoc(), 0).str();
    node.isConv = isa<nn::ConvOp>(op);
    auto weight = op->getOperand(1).getDefiningOp<lp::DequantizeOp>();
    if (weight && !before.count({node.output, true})) {
      StringRef why = whyNotExported(weight);
      if (!why.empty())
        return fail(node, why);
      if (weight.getInput().getDefiningOp<lp::ConstantOp>())
        node.weight = readWeight(weight);
      if (!node.weight)
        return fail(node, "its weight or the scales of it are computed at run time");
    }
    auto activation = op->getOperand(0).getDefiningOp<lp::DequantizeOp>();
    auto quantize = activation ? activation.getInput().getDefiningOp<lp::QuantizeOp>() : nullptr;
    if (quantize && !before.count({node.output, false}) && failed(readActivation(node, quantize)))
      return failure();
    if ((node.weight || node.activation) && node.output.empty())
      return fail(node, "it stands for no single node of the file");
    return node;
  }

private:
  /// What neither form of file can say.
  static StringRef whyNotExported(lp::DequantizeOp op) {
    if (op.getInput().getDefiningOp<lp::LookupOp>())
      return "its weight has a table of values for each row, which no ONNX node looks up";
    if (!op.getNegativeScales().empty())
      return "its weight has scales of their own for negative values, which no ONNX node takes";
    if (!op.getOffsets().empty())
      return "its weight has offsets, but an ONNX node takes integer zero points; use /asym";
    if (op.getZeroPoint() && !lp::formatOf(op.getZeroPoint().getType()))
      return "its weight has float zero points, but an ONNX node takes integers; use /asym";
    return {};
  }

  LogicalResult fail(const ExportNode &node, const Twine &why) {
    error = {ExportError::Kind::Unsupported, ("node '" + Twine(node.name) + "': " + why +
                                              "; leave it in float with --keep, or use lpc compile")
                                                 .str()};
    return failure();
  }

  std::shared_ptr<const ExportWeight> readWeight(lp::DequantizeOp op) {
    auto constant = op.getInput().getDefiningOp<lp::ConstantOp>();
    auto &known = weights[constant];
    if (known)
      return known;
    auto weight = std::make_shared<ExportWeight>();
    weight->format = lp::formatOf(constant.getType());
    ArrayRef<int64_t> shape = cast<RankedTensorType>(constant.getType()).getShape();
    weight->shape.assign(shape.begin(), shape.end());
    weight->isF32 = getElementTypeOrSelf(op.getType()).isF32();
    std::optional<std::vector<uint16_t>> codes = lp::readCodes(constant.getValue());
    if (!codes)
      return nullptr;
    weight->codes = std::move(*codes);
    for (auto [level, v] : llvm::enumerate(op.getScales())) {
      std::optional<ExportScale> scale = readScale(v, op.getScale().getBlock(level));
      if (!scale)
        return nullptr;
      weight->scales.push_back(std::move(*scale));
    }
    if (Value zero = op.getZeroPoint()) {
      std::optional<std::vector<uint16_t>> zeros = constantCodes(zero);
      if (!zeros)
        return nullptr;
      for (uint16_t code : *zeros)
        weight->zeros.push_back(zeroOf(lp::formatOf(zero.getType()), code));
    }
    return known = weight;
  }

  LogicalResult readActivation(ExportNode &node, lp::QuantizeOp op) {
    ExportActivation a;
    a.format = lp::formatOf(op.getType());
    if (op.getScales().size() != 1 || !op.getScale().isPerTensor())
      return fail(node, "its activation has a scale for each row or block, which are computed at "
                        "run time: a file of Q/DQ nodes holds one static scale (--activations int8 "
                        "with --calib)");
    std::optional<ExportScale> scale = readScale(op.getScales()[0], op.getScale().getBlock());
    if (!scale || scale->values.size() != 1)
      return fail(node, "the scale of its activation is computed at run time");
    a.scale = scale->values[0];
    if (Value zero = op.getZeroPoint()) {
      std::optional<std::vector<uint16_t>> codes = constantCodes(zero);
      if (!codes || codes->size() != 1)
        return fail(node, "the zero point of its activation is computed at run time");
      a.hasZero = true;
      a.zero = zeroOf(a.format, codes->front());
    }
    node.activation = a;
    return success();
  }

  const std::set<ExportOperand> &before;
  ExportError &error;
  llvm::DenseMap<Operation *, std::shared_ptr<const ExportWeight>> weights;
};
} // namespace

std::set<ExportOperand> lpc::findQuantized(ModuleOp module) {
  std::set<ExportOperand> found;
  module.walk([&](Operation *op) {
    if (!isa<nn::MatMulOp, nn::ConvOp>(op))
      return;
    for (unsigned operand : {0u, 1u})
      if (op->getOperand(operand).getDefiningOp<lp::DequantizeOp>())
        found.insert({onnx::getOutputName(op->getLoc(), 0).str(), operand == 1});
  });
  return found;
}

FailureOr<std::vector<ExportNode>>
lpc::collectQuantized(ModuleOp module, const std::set<ExportOperand> &before, ExportError &error) {
  Collector collector(before, error);
  std::vector<ExportNode> nodes;
  WalkResult result = module.walk([&](Operation *op) {
    if (!isa<nn::MatMulOp, nn::ConvOp>(op))
      return WalkResult::advance();
    FailureOr<ExportNode> node = collector.collect(op);
    if (failed(node))
      return WalkResult::interrupt();
    if (node->weight || node->activation)
      nodes.push_back(std::move(*node));
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  return nodes;
}
