// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns observers into quantize/dequantize pairs: static scales from calibration, or scales
// computed at run time.
#include "Contractions.h"

#include "lpc/Quantization/Calibration.h"

namespace lpc {
#define GEN_PASS_DEF_QUANTIZEACTIVATIONSPASS
#include "lpc/Quantization/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

/// A constant zero point in the format's own codes.
static Value makeZeroPoint(OpBuilder &b, Location loc, ArrayRef<int64_t> shape,
                           const num::Format *format, int32_t zero) {
  auto type = lp::codeTensor(b.getContext(), shape, format);
  uint16_t code = static_cast<uint16_t>(zero & ((1u << format->width()) - 1));
  return lp::ConstantOp::create(b, loc, type, lp::makeCodes(type, {code}, "zero_point"));
}

namespace {
struct QuantizeActivationsPass final
    : lpc::impl::QuantizeActivationsPassBase<QuantizeActivationsPass> {
  using QuantizeActivationsPassBase::QuantizeActivationsPassBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    std::string error;
    std::optional<num::FormatSpec> spec = num::FormatSpec::parse(format, &error);
    std::optional<RangeMethod> rangeMethod = parseRangeMethod(method);
    if (!spec || !rangeMethod) {
      func.emitError() << (spec ? "option method: expected minmax, percentile or mse, but got '" +
                                      method.getValue() + "'"
                                : "option format: " + error);
      return signalPassFailure();
    }
    if (spec->granularity() == num::Granularity::Channel) {
      func.emitError() << "activations have no output channels: use tensor, token or group "
                          "granularity instead of '"
                       << spec->str() << "'";
      return signalPassFailure();
    }
    if (!spec->isPlain()) {
      func.emitError() << "activations take one level of f32 scales chosen by absmax or minmax; '"
                       << spec->str() << "' is not supported yet";
      return signalPassFailure();
    }
    bool isStatic = spec->granularity() == num::Granularity::Tensor;
    CalibrationFile file;
    if (isStatic) {
      FailureOr<CalibrationFile> read = CalibrationFile::read(calibration, error);
      if (failed(read)) {
        func.emitError() << "static activation scales need calibration data: " << error;
        return signalPassFailure();
      }
      file = std::move(*read);
      auto hash = func->getParentOfType<ModuleOp>()->getAttrOfType<StringAttr>("onnx.model_hash");
      if (hash && !file.model.empty() && hash.getValue() != file.model) {
        func.emitError() << "calibration file '" << calibration
                         << "' belongs to another model (hash " << file.model << ", this one has "
                         << hash.getValue() << ")";
        return signalPassFailure();
      }
    }
    bool ok = true;
    func.walk([&](lp::ObserveOp op) {
      ok &=
          succeeded(isStatic ? makeStatic(op, *spec, *rangeMethod, file) : makeDynamic(op, *spec));
    });
    if (!ok)
      signalPassFailure();
  }

  LogicalResult makeStatic(lp::ObserveOp op, const num::FormatSpec &spec, RangeMethod rangeMethod,
                           const CalibrationFile &file) {
    auto it = file.tensors.find(op.getId());
    if (it == file.tensors.end() || it->second.count() == 0)
      return op.emitError() << "calibration data has no values for activation " << op.getId()
                            << ": it belongs to another model";
    auto [lo, hi] = it->second.range(rangeMethod, spec);
    ScaleZero s = chooseScale(lo, hi, spec);
    OpBuilder b(op);
    auto type = cast<RankedTensorType>(op.getType());
    SmallVector<int64_t> ones(type.getRank(), 1);
    Value scale = makeConstant(b, op.getLoc(), ones, {s.scale});
    Value zero;
    if (spec.zeroPoint == num::ZeroPointKind::Integer)
      zero = makeZeroPoint(b, op.getLoc(), ones, spec.element, s.zero);
    replace(op, spec, scale, zero, lp::ScaleAttr::perTensor(op.getContext(), type.getRank()));
    return success();
  }

  LogicalResult makeDynamic(lp::ObserveOp op, const num::FormatSpec &spec) {
    bool conv = llvm::any_of(op->getUsers(), [](Operation *user) { return isa<nn::ConvOp>(user); });
    if (conv) {
      op.emitWarning() << "a convolution takes one scale per tensor, not '" << spec.str()
                       << "': its activations stay in float";
      op.replaceAllUsesWith(op.getInput());
      op.erase();
      return success();
    }
    OpBuilder b(op);
    auto type = cast<RankedTensorType>(op.getType());
    SmallVector<int64_t> block(type.getRank(), 1);
    block.back() =
        spec.granularity() == num::Granularity::Group ? spec.groupSize() : lp::ScaleAttr::kAll;
    auto structure = lp::ScaleAttr::singleLevel(op.getContext(), block);
    SmallVector<int64_t> shape = structure.getScaleShape(type.getShape());
    bool asym = spec.zeroPoint == num::ZeroPointKind::Integer;
    auto format = lp::FormatType::get(op.getContext(), spec.element);
    auto scales = lp::BlockScaleOp::create(
        b, op.getLoc(), RankedTensorType::get(shape, b.getF32Type()),
        asym ? Type(RankedTensorType::get(shape, format)) : Type(), op.getInput(),
        TypeAttr::get(format), structure,
        lp::ScaleRuleAttr::get(op.getContext(),
                               asym ? lp::ScaleRule::MinMax : lp::ScaleRule::AbsMax));
    replace(op, spec, scales.getScales(), scales.getZeroPoint(), structure);
    return success();
  }

  void replace(lp::ObserveOp op, const num::FormatSpec &spec, Value scale, Value zero,
               lp::ScaleAttr structure) {
    OpBuilder b(op);
    auto type = cast<RankedTensorType>(op.getType());
    auto codes = lp::codeTensor(op.getContext(), type.getShape(), spec.element);
    Value q = lp::QuantizeOp::create(b, op.getLoc(), codes, op.getInput(), ValueRange{scale}, zero,
                                     structure);
    Value d = lp::DequantizeOp::create(b, op.getLoc(), type, q, ValueRange{scale}, zero, structure);
    op.replaceAllUsesWith(d);
    op.erase();
  }
};
} // namespace
