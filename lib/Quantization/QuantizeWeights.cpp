// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounds the constant operand of contractions to a format. A transposed matmul weight is stored
// untransposed, so that codes always lie as [k, n]. Scales, offsets and tables become constants in
// the formats that the spec gives them.
#include "LayerFormats.h"
#include "LostBlocks.h"

#include "lpc/Numerics/BlockQuantizer.h"
#include "lpc/Quantization/Contractions.h"
#include "lpc/Quantization/FormatChoice.h"

#include <map>
#include <thread>

namespace lpc {
#define GEN_PASS_DEF_QUANTIZEWEIGHTSPASS
#include "lpc/Quantization/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

/// [..., n, k] to [..., k, n].
static std::vector<float> transposeLast(ArrayRef<float> values, SmallVectorImpl<int64_t> &shape) {
  int64_t rank = shape.size(), n = shape[rank - 2], k = shape[rank - 1];
  std::vector<float> out(values.size());
  for (int64_t base = 0, e = values.size(); base < e; base += n * k)
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < k; ++j)
        out[base + j * n + i] = values[base + i * k + j];
  std::swap(shape[rank - 2], shape[rank - 1]);
  return out;
}

namespace {
/// Makes the constants of one quantized weight and the operations that give its values back.
class WeightBuilder {
public:
  WeightBuilder(OpBuilder &b, Location loc, StringRef name, const num::BlockQuantized &q,
                ArrayRef<num::AxisRole> roles)
      : b(b), loc(loc), name(name), q(q), roles(roles) {}

  Value build(RankedTensorType type) {
    Value w = codes(q.shape, q.spec.element, q.codes, "");
    if (q.spec.hasTable)
      w = lookup(w);
    SmallVector<Value> scales = levels(q.scales, ".scale"),
                       negative = levels(q.negativeScales, ".negative"),
                       offsets = levels(q.offsets, ".offset");
    Value zero;
    if (!q.zeros.empty()) {
      std::vector<uint16_t> bits;
      for (int32_t z : q.zeros)
        bits.push_back(static_cast<uint16_t>(z & (q.spec.element->numCodes() - 1)));
      zero = codes(q.scales[0].shape, q.spec.element, bits, ".zero");
    } else if (!q.floatZeros.empty()) {
      zero = makeConstant(b, loc, q.scales[0].shape, q.floatZeros);
    }
    if (w.getType() == type && scales.empty() && offsets.empty())
      return w; // The entries of a table are the weight.
    lp::ScaleAttr structure = q.scales.empty()
                                  ? lp::ScaleAttr::perTensor(b.getContext(), type.getRank())
                                  : structureOf(q.scales);
    return lp::DequantizeOp::create(b, loc, type, w, scales, negative, zero, offsets, structure,
                                    offsets.empty() ? lp::ScaleAttr() : structureOf(q.offsets));
  }

private:
  Value codes(ArrayRef<int64_t> shape, const num::Format *format, ArrayRef<uint16_t> values,
              StringRef suffix) {
    RankedTensorType type = lp::codeTensor(b.getContext(), shape, format);
    return lp::ConstantOp::create(b, loc, type, lp::makeCodes(type, values, (name + suffix).str()));
  }
  Value stored(const num::LevelValues &level, ArrayRef<int64_t> shape, StringRef suffix) {
    return level.format ? codes(shape, level.format, level.codes, suffix)
                        : makeConstant(b, loc, shape, level.values);
  }
  SmallVector<Value> levels(ArrayRef<num::LevelValues> list, StringRef suffix) {
    SmallVector<Value> values;
    for (const num::LevelValues &level : list)
      values.push_back(stored(level, level.shape, suffix));
    return values;
  }
  lp::ScaleAttr structureOf(ArrayRef<num::LevelValues> list) {
    SmallVector<DenseI64ArrayAttr> blocks;
    for (const num::LevelValues &level : list)
      blocks.push_back(b.getDenseI64ArrayAttr(level.block));
    return lp::ScaleAttr::get(b.getContext(), blocks);
  }
  /// One row of the table for each index of the axes that are not contracted.
  Value lookup(Value w) {
    SmallVector<int64_t> axes, shape;
    for (auto [axis, role] : llvm::enumerate(roles))
      if (role == num::AxisRole::Across || role == num::AxisRole::Batch) {
        axes.push_back(axis);
        shape.push_back(q.shape[axis]);
      }
    shape.push_back(q.spec.element->numCodes());
    Value table = stored(q.table, shape, ".table");
    Type type = cast<RankedTensorType>(w.getType())
                    .clone(cast<RankedTensorType>(table.getType()).getElementType());
    return lp::LookupOp::create(b, loc, type, w, table, axes);
  }

  OpBuilder &b;
  Location loc;
  StringRef name;
  const num::BlockQuantized &q;
  ArrayRef<num::AxisRole> roles;
};

struct QuantizeWeightsPass final : lpc::impl::QuantizeWeightsPassBase<QuantizeWeightsPass> {
  using QuantizeWeightsPassBase::QuantizeWeightsPassBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    std::string error;
    auto regex = compileKeep(func.getLoc(), keep);
    if (failed(regex))
      return signalPassFailure();
    if (!isWeightMethod(method)) {
      func.emitError() << "option method: expected absmax or mse, but got '" << method << "'";
      return signalPassFailure();
    }
    LayerFormats formats;
    auto parse = [&](StringRef format, std::string &why) {
      return parseWeightFormat(format, method, why);
    };
    if (!formats.parse(format, layers, parse, error)) {
      func.emitError() << (layers.empty() ? "option format: " : "option format or layers: ")
                       << error;
      return signalPassFailure();
    }
    // One constant may serve several contractions: it is rounded once for each format and
    // orientation.
    std::map<std::tuple<Operation *, unsigned, unsigned>, Value> done;
    std::vector<LostWeights> lost(formats.size());
    for (Contraction &c : findContractions(func, *regex)) {
      nn::ConstantOp constant = constantOf(c.weight->get());
      unsigned index = formats.indexOf(nameOf(c.op));
      const num::FormatSpec *spec = formats.at(index);
      if (!spec || !constant || cast<ShapedType>(constant.getType()).getNumElements() < minElements)
        continue;
      auto matmul = dyn_cast<nn::MatMulOp>(c.op);
      unsigned kind = c.isConv() ? 2 : matmul.getTransposeRhs();
      Value &weight = done[{constant, kind, index}];
      if (!weight)
        weight = quantize(c, constant, *spec, lost[index]);
      if (!weight)
        return signalPassFailure();
      c.weight->set(weight);
      if (matmul)
        matmul.setTransposeRhs(false);
    }
    for (unsigned i = 0; i < formats.size(); ++i)
      if (const num::FormatSpec *spec = formats.at(i))
        if (std::string text = lost[i].describe(spec->str()); !text.empty())
          func.emitWarning() << text;
  }

  Value quantize(const Contraction &c, nn::ConstantOp constant, const num::FormatSpec &spec,
                 LostWeights &lost) {
    // Of the program: the constant may be in f64.
    auto type = cast<RankedTensorType>(c.weight->get().getType());
    SmallVector<int64_t> shape(type.getShape());
    std::optional<std::vector<float>> values = readFloats(constant.getValue());
    if (!values) {
      constant.emitError()
          << "the values of this weight are not in the module: they were elided from the text";
      return {};
    }
    if (auto matmul = dyn_cast<nn::MatMulOp>(c.op); matmul && matmul.getTransposeRhs())
      *values = transposeLast(*values, shape);
    bool unsignedOnly =
        spec.element->lowest() >= 0 && !spec.hasTable && spec.zeroPoint == num::ZeroPointKind::None;
    if (unsignedOnly && llvm::any_of(*values, [](float v) { return v < 0; })) {
      c.op->emitError() << "its weight has negative values, which '" << spec.str()
                        << "' cannot hold; use a signed format or a zero point ('/asym')";
      return {};
    }
    if (llvm::any_of(*values, [](float v) { return !std::isfinite(v); })) {
      c.op->emitError() << "its weight holds NaN or infinity, which '" << spec.str()
                        << "' cannot scale; --keep leaves it in float";
      return {};
    }
    std::vector<num::AxisRole> roles =
        c.isConv() ? num::filterRoles(shape.size()) : num::matmulWeightRoles(shape.size());
    num::BlockQuantized q;
    num::BlockOptions options;
    options.threads = std::max(1u, std::thread::hardware_concurrency());
    std::string error;
    if (!num::quantizeBlocks(spec, *values, shape, roles, q, error, options)) {
      c.op->emitError() << "its weight does not fit '" << spec.str() << "': " << error;
      return {};
    }
    ++numTensors;
    numElements += values->size();
    OpBuilder b(constant);
    b.setInsertionPointAfter(constant);
    std::string name = nameOf(constant);
    if (name.empty())
      name = "weight";
    lost.add(name, countLostBlocks(*values, q, roles, options.threads));
    auto result = RankedTensorType::get(shape, type.getElementType());
    return WeightBuilder(b, constant.getLoc(), name, q, roles).build(result);
  }
};
} // namespace
