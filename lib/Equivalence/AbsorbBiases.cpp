// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Approximate: where the values of a channel hardly ever come down to zero, a constant is taken out
// of them in front of the relu and put into the biases behind: relu(x - c) = relu(x) - c for x >=
// c. Activations lose the part that carries no information, so their ranges shrink. Costs nothing
// at run time. Convolutions that pad stay: what they pad with is not shifted.
#include "Linear.h"

#include "lpc/Equivalence/Passes.h"
#include "lpc/Quantization/ChannelStatistics.h"
#include "lpc/Quantization/Contractions.h"

namespace lpc {
#define GEN_PASS_DEF_ABSORBBIASESPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

namespace {

/// relu(W x + b), perhaps with upper bounds: what writes an activation.
struct Rectified {
  Linear writer;
  nn::ClampOp clamp;              ///< from 0 to a bound
  SmallVector<OpOperand *> upper; ///< constants of nn.binary min
  std::vector<double> most;       ///< the least upper bound of each channel
};

/// The product behind an activation through relus and upper bounds; why there is none in `why`.
std::optional<Rectified> rectified(Value v, int64_t axis, int64_t channels, StringRef &why) {
  Rectified r;
  r.most.assign(channels, std::numeric_limits<double>::infinity());
  bool hasRelu = false;
  for (bool isFirst = true;; isFirst = false) {
    Operation *op = v.getDefiningOp();
    if (!isFirst && !v.hasOneUse()) {
      why = "something else reads what is in front of the relu";
      return std::nullopt;
    }
    if (std::optional<Linear> l = Linear::of(op)) {
      why = "no relu is between";
      if (!hasRelu || l->outAxis != axis || l->numOut != channels)
        return std::nullopt;
      if (OpOperand *bias = l->bias(); bias && !isConstantUse(*bias)) {
        why = "the bias in front of the relu is no constant";
        return std::nullopt;
      }
      r.writer = *l;
      return r;
    }
    if (auto unary = dyn_cast_or_null<nn::UnaryOp>(op);
        unary && unary.getKind() == nn::UnaryKind::Relu) {
      hasRelu = true;
      v = unary.getInput();
      continue;
    }
    if (auto clamp = dyn_cast_or_null<nn::ClampOp>(op);
        clamp && clamp.getLo().isZero() && !r.clamp && !hasRelu) {
      hasRelu = true;
      r.clamp = clamp;
      for (double &x : r.most)
        x = std::min(x, clamp.getHi().convertToDouble());
      v = clamp.getInput();
      continue;
    }
    if (auto binary = dyn_cast_or_null<nn::BinaryOp>(op)) {
      unsigned x = isConstantUse(binary->getOpOperand(0));
      OpOperand &constant = binary->getOpOperand(1 - x);
      std::optional<std::vector<double>> values =
          readPerChannel(constant, binary.getOutput(), axis, channels);
      bool isBound = binary.getKind() == nn::BinaryKind::Min;
      bool isBias = binary.getKind() == nn::BinaryKind::Add && hasRelu;
      if (values && (isBound || isBias) && binary->getOperand(x).getType() == binary.getType()) {
        if (isBound) {
          r.upper.push_back(&constant);
          for (auto [most, bound] : llvm::zip_equal(r.most, *values))
            most = std::min(most, bound);
        }
        v = binary->getOperand(x);
        continue;
      }
    }
    why = "it does not come from a product through a relu";
    return std::nullopt;
  }
}

struct AbsorbBiasesPass final : lpc::impl::AbsorbBiasesPassBase<AbsorbBiasesPass> {
  using AbsorbBiasesPassBase::AbsorbBiasesPassBase;

  /// max(0, mean - deviations * standard deviation), from the sample.
  std::vector<double> shiftsOf(const quant::ChannelStatistics &x) {
    std::vector<double> shifts(x.channels());
    double n = static_cast<double>(x.numSamples());
    for (int64_t c = 0; c < x.channels() && n > 1; ++c) {
      double sum = 0, squares = 0;
      for (int64_t i = 0; i < x.numSamples(); ++i)
        sum += x.sampleRow(i)[c];
      for (int64_t i = 0; i < x.numSamples(); ++i)
        squares += (x.sampleRow(i)[c] - sum / n) * (x.sampleRow(i)[c] - sum / n);
      shifts[c] = std::max(0.0, sum / n - deviations * std::sqrt(squares / (n - 1)));
    }
    return shifts;
  }

  /// Why the readers of an activation cannot take a shift; empty if they can.
  static StringRef whyNot(const quant::ObservedActivation &a) {
    for (OpOperand &use : a.value.getUses()) {
      std::optional<Linear> l = Linear::of(use.getOwner());
      if (!l || use.getOperandNumber() != 0)
        return "something besides products with constant weights reads it";
      if (!l->readsAlike())
        return "a convolution that reads it pads with zeros, which are not shifted";
      if (OpOperand *bias = l->bias(); bias && !isConstantUse(*bias))
        return "the bias of a product that reads it is no constant";
    }
    return "";
  }

  LogicalResult shiftUpper(Rectified &r, ArrayRef<double> shifts, int64_t axis) {
    for (OpOperand *use : r.upper) {
      auto op = cast<nn::BinaryOp>(use->getOwner());
      auto type = cast<RankedTensorType>(op.getType());
      std::vector<double> bounds = *readPerChannel(*use, op.getOutput(), axis, shifts.size());
      for (auto [bound, c] : llvm::zip_equal(bounds, shifts))
        bound -= c;
      use->set(makePerChannel(op, op.getLoc(), type.getElementType(), type.getRank(), axis,
                              std::move(bounds)));
    }
    if (!r.clamp)
      return success();
    double hi = r.clamp.getHi().convertToDouble();
    auto type = cast<RankedTensorType>(r.clamp.getType());
    OpBuilder b(r.clamp);
    Value y =
        nn::UnaryOp::create(b, r.clamp.getLoc(), type, nn::UnaryKind::Relu, r.clamp.getInput());
    if (std::isfinite(hi)) {
      std::vector<double> bounds(shifts.size());
      for (auto [bound, c] : llvm::zip_equal(bounds, shifts))
        bound = hi - c;
      y = nn::BinaryOp::create(b, r.clamp.getLoc(), type, nn::BinaryKind::Min, y,
                               makePerChannel(r.clamp, r.clamp.getLoc(), type.getElementType(),
                                              type.getRank(), axis, std::move(bounds)));
    }
    r.clamp.getOutput().replaceAllUsesWith(y);
    r.clamp.erase();
    return success();
  }

  /// b1 <- b1 - c, upper bounds less c, b2 <- b2 + W2 c
  LogicalResult absorb(const quant::ObservedActivation &a, Rectified &r,
                       std::vector<double> shifts) {
    for (const quant::Contraction &c : a.readers) {
      Linear l = *Linear::of(c.op);
      FailureOr<std::vector<double>> weight = readExact(l.weight());
      if (failed(weight) || failed(l.addToBias(l.apply(*weight, shifts))))
        return failure();
    }
    if (failed(shiftUpper(r, shifts, a.axis)))
      return failure();
    numChannels += llvm::count_if(shifts, [](double x) { return x > 0; });
    for (double &x : shifts)
      x = -x;
    return r.writer.addToBias(std::move(shifts));
  }

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    std::string error;
    FailureOr<quant::ChannelStatisticsFile> file =
        quant::ChannelStatisticsFile::read(statistics, error);
    if (failed(file)) {
      func.emitError() << "option statistics: " << error;
      return signalPassFailure();
    }
    for (const quant::ObservedActivation &a : quant::findObservedActivations(func)) {
      int64_t channels = cast<RankedTensorType>(a.value.getType()).getDimSize(a.axis);
      const quant::ChannelStatistics *x = file->find(a.id, channels, error);
      if (!x) {
        a.readers.front().op->emitError() << "option statistics: " << error;
        return signalPassFailure();
      }
      std::vector<double> shifts = shiftsOf(*x);
      if (llvm::none_of(shifts, [](double c) { return c > 0; }))
        continue;
      StringRef why = whyNot(a);
      std::optional<Rectified> r;
      if (why.empty())
        r = rectified(a.value, a.axis, channels, why);
      if (!r) {
        a.readers.front().op->emitRemark()
            << "the bias in front of its operand is not absorbed: " << why;
        continue;
      }
      for (auto [c, most] : llvm::zip_equal(shifts, r->most))
        c = std::max(0.0, std::min(c, most));
      if (failed(absorb(a, *r, std::move(shifts))))
        return signalPassFailure();
    }
  }
};

} // namespace
