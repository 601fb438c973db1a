// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns observers into quantize/dequantize pairs: static scales from calibration, or scales
// computed at run time.
#include "LayerFormats.h"

#include "lpc/Numerics/BlockQuantizer.h"
#include "lpc/Numerics/ScaleRules.h"
#include "lpc/Quantization/Calibration.h"
#include "lpc/Quantization/Contractions.h"
#include "lpc/Quantization/FormatChoice.h"

#include "llvm/ADT/MapVector.h"

namespace lpc {
#define GEN_PASS_DEF_QUANTIZEACTIVATIONSPASS
#include "lpc/Quantization/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

/// A constant of one code in every dimension.
static Value makeCode(OpBuilder &b, Location loc, int64_t rank, const num::Format *format,
                      uint32_t code, StringRef name) {
  auto type = lp::codeTensor(b.getContext(), SmallVector<int64_t>(rank, 1), format);
  return lp::ConstantOp::create(b, loc, type,
                                lp::makeCodes(type, {static_cast<uint16_t>(code)}, name));
}

/// The rule of lp.block_scale.
static lp::ScaleRule ruleOf(num::Rule rule) {
  switch (rule) {
  case num::Rule::MinMax:
    return lp::ScaleRule::MinMax;
  case num::Rule::Floor:
    return lp::ScaleRule::Floor;
  case num::Rule::Ceil:
    return lp::ScaleRule::Ceil;
  case num::Rule::Even:
    return lp::ScaleRule::Even;
  case num::Rule::RCeil:
    return lp::ScaleRule::RCeil;
  case num::Rule::Log2:
    return lp::ScaleRule::Log2;
  case num::Rule::Raise:
    return lp::ScaleRule::Raise;
  case num::Rule::Pow2:
    return lp::ScaleRule::Pow2;
  case num::Rule::NV:
    return lp::ScaleRule::NV;
  case num::Rule::NVDivide:
    return lp::ScaleRule::NVDivide;
  default:
    return lp::ScaleRule::AbsMax;
  }
}

namespace {
/// A tensor's scales as they are stored, and what quantize divides by where that differs.
struct Scales {
  SmallVector<Value> stored, divisors;
  Value zero;
  lp::ScaleAttr structure;
};

struct QuantizeActivationsPass final
    : lpc::impl::QuantizeActivationsPassBase<QuantizeActivationsPass> {
  using QuantizeActivationsPassBase::QuantizeActivationsPassBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    std::string error;
    LayerFormats formats;
    std::optional<RangeMethod> rangeMethod = parseRangeMethod(method);
    if (!rangeMethod || !formats.parse(format, layers, parseActivationFormat, error)) {
      func.emitError() << (rangeMethod
                               ? (layers.empty() ? "option format: "
                                                 : "option format or layers: ") +
                                     error
                               : "option method: expected minmax, percentile or mse, but got '" +
                                     method.getValue() + "'");
      return signalPassFailure();
    }
    CalibrationFile file;
    bool fixed = false;
    for (unsigned i = 0; i < formats.size(); ++i)
      fixed |= formats.at(i) && isStatic(*formats.at(i));
    if (fixed && failed(readCalibration(func, file)))
      return signalPassFailure();
    bool ok = true;
    func.walk([&](lp::ObserveOp op) {
      // Readers of one value in other layers may want other formats.
      llvm::MapVector<unsigned, SmallVector<OpOperand *>> groups;
      for (OpOperand &use : op->getUses())
        groups[formats.indexOf(nameOf(use.getOwner()))].push_back(&use);
      for (auto &[index, uses] : groups) {
        const num::FormatSpec *spec = formats.at(index);
        Value pair = op.getInput();
        if (spec)
          pair = isStatic(*spec) ? makeStatic(op, *spec, *rangeMethod, file)
                                 : makeDynamic(op, *spec, uses);
        ok &= static_cast<bool>(pair);
        for (OpOperand *use : uses)
          use->set(pair ? pair : op.getInput());
      }
      op.erase();
    });
    if (!ok)
      signalPassFailure();
  }

  LogicalResult readCalibration(func::FuncOp func, CalibrationFile &file) {
    std::string error;
    FailureOr<CalibrationFile> read = CalibrationFile::read(calibration, error);
    if (failed(read))
      return func.emitError() << "static activation scales need calibration data: " << error;
    file = std::move(*read);
    auto hash = func->getParentOfType<ModuleOp>()->getAttrOfType<StringAttr>("onnx.model_hash");
    if (hash && !file.model.empty() && hash.getValue() != file.model)
      return func.emitError() << "calibration file '" << calibration
                              << "' belongs to another model (hash " << file.model
                              << ", this one has " << hash.getValue() << ")";
    return success();
  }

  /// Null if the file lacks the observer.
  Value makeStatic(lp::ObserveOp op, const num::FormatSpec &spec, RangeMethod rangeMethod,
                   const CalibrationFile &file) {
    auto it = file.tensors.find(op.getId());
    if (it == file.tensors.end() || it->second.count() == 0) {
      op.emitError() << "calibration data has no values for activation " << op.getId()
                     << ": it belongs to another model";
      return {};
    }
    if (spec.rule == num::Rule::DFP)
      rangeMethod = RangeMethod::Percentile; // one in 10000 may clip
    auto [lo, hi] = it->second.range(rangeMethod, spec);
    OpBuilder b(op);
    int64_t rank = cast<RankedTensorType>(op.getType()).getRank();
    return makePair(op, spec, staticScales(b, op.getLoc(), rank, lo, hi, spec));
  }

  static Scales staticScales(OpBuilder &b, Location loc, int64_t rank, float lo, float hi,
                             const num::FormatSpec &spec) {
    const num::Format &element = *spec.element, *format = spec.levels[0].format;
    const SmallVector<int64_t> ones(rank, 1);
    const StaticScale s = chooseStatic(lo, hi, spec);
    Scales out;
    out.structure = lp::ScaleAttr::perTensor(b.getContext(), rank);
    if (format) {
      out.stored.push_back(makeCode(b, loc, rank, format, s.code, "scale"));
      if (s.divisor != s.stored || spec.rule == num::Rule::Reciprocal)
        out.divisors.push_back(makeConstant(b, loc, ones, {s.divisor}));
    } else {
      out.stored.push_back(makeConstant(b, loc, ones, {s.stored}));
    }
    if (spec.zeroPoint == num::ZeroPointKind::Float)
      out.zero = makeConstant(b, loc, ones, {s.zero});
    else if (spec.zeroPoint == num::ZeroPointKind::Integer)
      out.zero = makeCode(b, loc, rank, &element,
                          static_cast<int32_t>(s.zero) & (element.numCodes() - 1), "zero_point");
    return out;
  }

  Value makeDynamic(lp::ObserveOp op, const num::FormatSpec &spec, ArrayRef<OpOperand *> uses) {
    if (llvm::any_of(uses, [](OpOperand *use) { return isa<nn::ConvOp>(use->getOwner()); })) {
      op.emitWarning() << "a convolution takes one scale per tensor, not '" << spec.str()
                       << "': its activations stay in float";
      return op.getInput();
    }
    OpBuilder b(op);
    return makePair(op, spec, dynamicScales(b, op, spec));
  }

  static Scales dynamicScales(OpBuilder &b, lp::ObserveOp op, const num::FormatSpec &spec) {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getType());
    std::vector<num::AxisRole> roles = num::rowRoles(type.getRank());
    SmallVector<DenseI64ArrayAttr> blocks;
    for (const num::ScaleLevel &level : spec.levels)
      blocks.push_back(b.getDenseI64ArrayAttr(num::blockShape(level, roles)));
    Scales out;
    out.structure = lp::ScaleAttr::get(b.getContext(), blocks);
    auto stored = [&](unsigned level, const num::Format *format) {
      Type element = format ? Type(lp::FormatType::get(b.getContext(), format)) : b.getF32Type();
      return RankedTensorType::get(out.structure.getScaleShape(type.getShape(), level), element);
    };
    // This rule divides by the scale before it is rounded to its format.
    bool unrounded = spec.rule == num::Rule::Reciprocal;
    SmallVector<Type> types;
    for (auto [level, l] : llvm::enumerate(spec.levels))
      types.push_back(stored(level, unrounded ? nullptr : l.format));
    Type zero;
    if (spec.zeroPoint == num::ZeroPointKind::Integer)
      zero = stored(0, spec.element);
    else if (spec.zeroPoint == num::ZeroPointKind::Float)
      zero = stored(0, nullptr);
    auto scales = lp::BlockScaleOp::create(
        b, loc, types, zero, op.getInput(), ValueRange(),
        TypeAttr::get(lp::FormatType::get(b.getContext(), spec.element)), out.structure,
        lp::ScaleRuleAttr::get(b.getContext(), ruleOf(spec.rule)));
    out.stored = SmallVector<Value>(scales.getScales());
    out.zero = scales.getZeroPoint();
    if (const num::Format *format = spec.levels[0].format; unrounded && format) {
      out.divisors = out.stored;
      auto whole = lp::ScaleAttr::perTensor(b.getContext(), type.getRank());
      out.stored[0] =
          lp::QuantizeOp::create(b, loc, stored(0, format), out.stored[0], ValueRange(), Value(),
                                 whole, static_cast<lp::Rounding>(format->defaultRounding()));
    }
    return out;
  }

  static Value makePair(lp::ObserveOp op, const num::FormatSpec &spec, const Scales &s) {
    OpBuilder b(op);
    auto type = cast<RankedTensorType>(op.getType());
    auto codes = lp::codeTensor(op.getContext(), type.getShape(), spec.element);
    bool nv = spec.rule == num::Rule::NV || spec.rule == num::Rule::NVDivide,
         reciprocal = spec.rule == num::Rule::Reciprocal;
    auto quantize = lp::QuantizeOp::create(
        b, op.getLoc(), codes, op.getInput(), s.divisors.empty() ? s.stored : s.divisors, s.zero,
        s.structure,
        reciprocal ? lp::Rounding::NearestAway
                   : static_cast<lp::Rounding>(spec.element->defaultRounding()),
        lp::Overflow::Saturate, lp::NaNPolicy::Lowest,
        spec.zeroPoint == num::ZeroPointKind::Float ? lp::ZeroPointOrder::BeforeRounding
                                                    : lp::ZeroPointOrder::AfterRounding);
    quantize.setReciprocal(nv || reciprocal);
    return lp::DequantizeOp::create(b, op.getLoc(), type, quantize, s.stored, s.zero, s.structure);
  }
};
} // namespace
