// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounds the constant operand of contractions to a format. A transposed matmul weight is stored
// untransposed, so that codes always lie as [k, n].
#include "Contractions.h"

#include "lpc/Quantization/WeightScales.h"

namespace lpc {
#define GEN_PASS_DEF_QUANTIZEWEIGHTSPASS
#include "lpc/Quantization/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

/// The block shape of a weight: matmul weights are [..., k, n], filters [m, c, k...].
static FailureOr<SmallVector<int64_t>> blockOf(const Contraction &c, int64_t rank,
                                               const num::FormatSpec &spec) {
  SmallVector<int64_t> block(rank, lp::ScaleAttr::kAll);
  switch (spec.granularity()) {
  case num::Granularity::Tensor:
    return block;
  case num::Granularity::Channel:
    // Batched weights are separate matrices: each has its own channels.
    if (c.isConv()) {
      block[0] = 1;
    } else {
      std::fill(block.begin(), block.end(), 1);
      block[rank - 2] = lp::ScaleAttr::kAll;
    }
    return block;
  case num::Granularity::Group:
    if (c.isConv()) {
      block[0] = 1;
      block[1] = spec.groupSize();
    } else {
      std::fill(block.begin(), block.end(), 1);
      block[rank - 2] = spec.groupSize();
    }
    return block;
  case num::Granularity::Token:
  case num::Granularity::Tile:
    return failure();
  }
  return failure();
}

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
struct QuantizeWeightsPass final : lpc::impl::QuantizeWeightsPassBase<QuantizeWeightsPass> {
  using QuantizeWeightsPassBase::QuantizeWeightsPassBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    std::string error;
    std::optional<num::FormatSpec> spec = num::FormatSpec::parse(format, &error);
    std::optional<ScaleMethod> scaleMethod = parseScaleMethod(method);
    auto regex = compileKeep(func.getLoc(), keep);
    if (failed(regex))
      return signalPassFailure();
    if (!spec || !scaleMethod) {
      func.emitError() << (spec ? "option method: expected absmax or mse, but got '" +
                                      method.getValue() + "'"
                                : "option format: " + error);
      return signalPassFailure();
    }
    if (!spec->isPlain()) {
      func.emitError() << "weights take one level of f32 scales chosen by absmax or minmax; '"
                       << spec->str() << "' is not supported yet";
      return signalPassFailure();
    }
    // One constant may serve several contractions: it is rounded once for each orientation.
    llvm::DenseMap<std::pair<Operation *, unsigned>, Value> done;
    for (Contraction &c : findContractions(func, *regex)) {
      nn::ConstantOp constant = constantOf(c.weight->get());
      if (!constant || cast<ShapedType>(constant.getType()).getNumElements() < minElements)
        continue;
      auto matmul = dyn_cast<nn::MatMulOp>(c.op);
      unsigned kind = c.isConv() ? 2 : matmul.getTransposeRhs();
      Value &weight = done[{constant, kind}];
      if (!weight)
        weight = quantize(c, constant, *spec, *scaleMethod);
      if (!weight)
        return signalPassFailure();
      c.weight->set(weight);
      if (matmul)
        matmul.setTransposeRhs(false);
    }
  }

  Value quantize(const Contraction &c, nn::ConstantOp constant, const num::FormatSpec &spec,
                 ScaleMethod scaleMethod) {
    auto type = cast<RankedTensorType>(constant.getType());
    SmallVector<int64_t> shape(type.getShape());
    std::optional<std::vector<float>> values = readFloats(constant.getValue());
    if (!values) {
      constant.emitError()
          << "the values of this weight are not in the module: they were elided from the text";
      return {};
    }
    if (auto matmul = dyn_cast<nn::MatMulOp>(c.op); matmul && matmul.getTransposeRhs())
      *values = transposeLast(*values, shape);
    FailureOr<SmallVector<int64_t>> block = blockOf(c, shape.size(), spec);
    if (failed(block)) {
      c.op->emitError()
          << "weights have no tokens: use tensor, channel or group granularity instead of '"
          << spec.str() << "'";
      return {};
    }
    bool unsignedOnly = spec.element->lowest() >= 0 && spec.zeroPoint == num::ZeroPointKind::None;
    if (unsignedOnly && llvm::any_of(*values, [](float v) { return v < 0; })) {
      c.op->emitError() << "its weight has negative values, which '" << spec.str()
                        << "' cannot hold; use a signed format or a zero point ('/asym')";
      return {};
    }
    FailureOr<QuantizedTensor> q = quantizeTensor(*values, shape, *block, spec, scaleMethod);
    if (failed(q)) {
      c.op->emitError() << "its weight holds NaN or infinity, which '" << spec.str()
                        << "' cannot scale; name it in option keep to leave it in float";
      return {};
    }
    ++numTensors;
    numElements += values->size();
    OpBuilder b(constant);
    b.setInsertionPointAfter(constant);
    std::string name = nameOf(constant);
    if (name.empty())
      name = "weight";
    auto codes = lp::codeTensor(b.getContext(), shape, spec.element);
    Value w =
        lp::ConstantOp::create(b, constant.getLoc(), codes, lp::makeCodes(codes, q->codes, name));
    Value scale = makeConstant(b, constant.getLoc(), q->scaleShape, q->scales);
    Value zero;
    if (!q->zeros.empty()) {
      std::vector<uint16_t> zeroCodes;
      for (int32_t z : q->zeros)
        zeroCodes.push_back(static_cast<uint16_t>(z & (spec.element->numCodes() - 1)));
      auto zeroType = lp::codeTensor(b.getContext(), q->scaleShape, spec.element);
      zero = lp::ConstantOp::create(b, constant.getLoc(), zeroType,
                                    lp::makeCodes(zeroType, zeroCodes, name + ".zero"));
    }
    auto floats = RankedTensorType::get(shape, type.getElementType());
    return lp::DequantizeOp::create(b, constant.getLoc(), floats, w, ValueRange{scale}, zero,
                                    lp::ScaleAttr::singleLevel(b.getContext(), *block));
  }
};
} // namespace
