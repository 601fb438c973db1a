// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns observers into quantize/dequantize pairs: static scales from calibration, or scales
// computed at run time.
#include "Contractions.h"

#include "lpc/Numerics/BlockQuantizer.h"
#include "lpc/Numerics/ScaleRules.h"
#include "lpc/Quantization/Calibration.h"
#include "lpc/Quantization/FormatChoice.h"

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
    std::optional<num::FormatSpec> spec = parseActivationFormat(format, error);
    std::optional<RangeMethod> rangeMethod = parseRangeMethod(method);
    if (!spec || !rangeMethod) {
      func.emitError() << (spec ? "option method: expected minmax, percentile or mse, but got '" +
                                      method.getValue() + "'"
                                : "option format: " + error);
      return signalPassFailure();
    }
    bool fixed = isStatic(*spec);
    CalibrationFile file;
    if (fixed) {
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
      std::optional<num::FormatSpec> own = *spec;
      if (op.getFormat())
        own = parseActivationFormat(*op.getFormat(), error);
      if (!own || !isStatic(*own) != !fixed) {
        op.emitError() << "expected the format of an observer to be one with "
                       << (fixed ? "a static scale" : "scales from run time") << ", but got '"
                       << *op.getFormat() << "'";
        ok = false;
        return;
      }
      ok &= succeeded(fixed ? makeStatic(op, *own, *rangeMethod, file) : makeDynamic(op, *own));
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
    if (spec.rule == num::Rule::DFP)
      rangeMethod = RangeMethod::Percentile; // one in 10000 may clip
    auto [lo, hi] = it->second.range(rangeMethod, spec);
    OpBuilder b(op);
    int64_t rank = cast<RankedTensorType>(op.getType()).getRank();
    replace(op, spec, staticScales(b, op.getLoc(), rank, lo, hi, spec));
    return success();
  }

  /// The scale of a range before it is rounded to its format.
  static float staticScale(float lo, float hi, const num::FormatSpec &spec) {
    switch (spec.rule) {
    case num::Rule::Floor:
    case num::Rule::Ceil:
    case num::Rule::Even:
    case num::Rule::RCeil:
    case num::Rule::Log2:
    case num::Rule::Raise:
    case num::Rule::Pow2:
    case num::Rule::DFP: {
      float most = std::max(std::fabs(lo), std::fabs(hi));
      return num::powerOfTwo(num::blockExponent(spec.rule, most, *spec.element));
    }
    default:
      // absmax, minmax and reciprocal: explainRule lets no other rule pass.
      return spec.zeroPoint == num::ZeroPointKind::Float ? num::rangeScale(lo, hi, *spec.element)
                                                         : chooseScale(lo, hi, spec).scale;
    }
  }

  static Scales staticScales(OpBuilder &b, Location loc, int64_t rank, float lo, float hi,
                             const num::FormatSpec &spec) {
    const num::Format &element = *spec.element, *format = spec.levels[0].format;
    const bool real = spec.zeroPoint == num::ZeroPointKind::Float;
    const SmallVector<int64_t> ones(rank, 1);
    const float scale = staticScale(lo, hi, spec);
    Scales out;
    out.structure = lp::ScaleAttr::perTensor(b.getContext(), rank);
    float stored = scale;
    if (format) {
      num::Conversion policy;
      policy.rounding = format->defaultRounding();
      uint32_t code = format->encode(scale, policy);
      // Like the scales of blocks: a real zero point has no meaning for a scale of 0.
      if (real && format->decodeToDouble(code) == 0)
        code = format->encode(1.0, policy);
      stored = static_cast<float>(format->decodeToDouble(code));
      out.stored.push_back(makeCode(b, loc, rank, format, code, "scale"));
      // This rule divides by the scale before it is rounded to its format.
      if (spec.rule == num::Rule::Reciprocal)
        out.divisors.push_back(makeConstant(b, loc, ones, {scale}));
    } else {
      out.stored.push_back(makeConstant(b, loc, ones, {scale}));
    }
    const float lowest = static_cast<float>(element.lowest());
    if (real) {
      out.zero = makeConstant(b, loc, ones, {stored == 0 ? lowest : lowest - lo / stored});
    } else if (spec.zeroPoint == num::ZeroPointKind::Integer) {
      // The zero point belongs to the scale that is stored.
      int32_t zero = stored > 0 && lo < hi ? num::rangeZero(lo, stored, element)
                                           : chooseScale(lo, hi, spec).zero;
      out.zero = makeCode(b, loc, rank, &element, zero & (element.numCodes() - 1), "zero_point");
    }
    return out;
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
    replace(op, spec, dynamicScales(b, op, spec));
    return success();
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

  static void replace(lp::ObserveOp op, const num::FormatSpec &spec, const Scales &s) {
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
    Value d =
        lp::DequantizeOp::create(b, op.getLoc(), type, quantize, s.stored, s.zero, s.structure);
    op.replaceAllUsesWith(d);
    op.erase();
  }
};
} // namespace
