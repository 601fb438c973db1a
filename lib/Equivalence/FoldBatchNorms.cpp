// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Moves batch norms into the products beside them. At inference a batch norm is x * a + c with one
// number per channel, however it was exported: as one node, as subtraction, division, gain and
// shift, or fused in part. Saves a pass over the activation, and quantization sees the weights that
// count. A norm whose neighbours something else uses stays.
#include "Linear.h"

#include "lpc/Equivalence/Passes.h"

namespace lpc {
#define GEN_PASS_DEF_FOLDBATCHNORMSPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

namespace {

/// y = x * scale + shift, channel by channel, as a chain of ops from the first to the last.
struct Affine {
  SmallVector<nn::BinaryOp, 4> links;
  std::vector<double> scale, shift;
  bool hasScale = false;     ///< more than shifts
  bool isPerChannel = false; ///< one of the constants is no single number

  explicit Affine(int64_t channels) : scale(channels, 1.0), shift(channels, 0.0) {}

  Value input() { return links.front()->getOperand(operandOf(links.front())); }
  Value output() { return links.back().getOutput(); }

  /// Which operand of a link is the activation.
  static unsigned operandOf(nn::BinaryOp link) { return isConstantUse(link->getOpOperand(0)); }

  /// Puts `link` behind the chain, or in front of it; false if it is no link along this axis.
  bool append(nn::BinaryOp link, int64_t axis) { return take(link, axis, /*isBehind=*/true); }
  bool prepend(nn::BinaryOp link, int64_t axis) { return take(link, axis, /*isBehind=*/false); }

  bool isNorm() const { return hasScale && isPerChannel; }

private:
  static int64_t tensorSize(Value v) {
    return cast<RankedTensorType>(v.getType()).getNumElements();
  }

  bool take(nn::BinaryOp link, int64_t axis, bool isBehind) {
    unsigned x = operandOf(link);
    nn::BinaryKind kind = link.getKind();
    bool isSum = kind == nn::BinaryKind::Add || kind == nn::BinaryKind::Sub;
    if (!isSum && kind != nn::BinaryKind::Mul && (kind != nn::BinaryKind::Div || x != 0))
      return false;
    if (link->getOperand(x).getType() != link.getType())
      return false;
    std::optional<std::vector<double>> c =
        readPerChannel(link->getOpOperand(1 - x), link.getOutput(), axis, scale.size());
    if (!c)
      return false;
    for (auto [i, v] : llvm::enumerate(*c)) {
      double s = 1, t = 0;
      if (kind == nn::BinaryKind::Mul)
        s = v;
      else if (kind == nn::BinaryKind::Div)
        s = 1 / v;
      else if (kind == nn::BinaryKind::Add)
        t = v;
      else
        s = x == 0 ? 1 : -1, t = x == 0 ? -v : v;
      if (!std::isfinite(s) || !std::isfinite(t))
        return false;
      if (isBehind) {
        scale[i] *= s;
        shift[i] = shift[i] * s + t;
      } else {
        shift[i] += scale[i] * t;
        scale[i] *= s;
      }
    }
    hasScale |= !isSum || (kind == nn::BinaryKind::Sub && x == 1);
    isPerChannel |= tensorSize(link->getOperand(1 - x)) == static_cast<int64_t>(scale.size());
    links.insert(isBehind ? links.end() : links.begin(), link);
    return true;
  }
};

/// The binary op that alone reads a value, or null.
nn::BinaryOp onlyReader(Value v) {
  return v.hasOneUse() ? dyn_cast<nn::BinaryOp>(*v.getUsers().begin()) : nn::BinaryOp();
}

/// What follows a product.
Affine chainBehind(const Linear &l) {
  Affine chain(l.numOut);
  Value v = l.op->getResult(0);
  while (nn::BinaryOp link = onlyReader(v)) {
    if (!chain.append(link, l.outAxis))
      break;
    v = link.getOutput();
  }
  return chain;
}

/// What a product reads, as long as nothing else does.
Affine chainBefore(const Linear &l) {
  Affine chain(l.numIn);
  Value v = l.input().get();
  while (auto link = v.getDefiningOp<nn::BinaryOp>()) {
    if (!v.hasOneUse() || !chain.prepend(link, l.inAxis))
      break;
    v = chain.input();
  }
  return chain;
}

void eraseLinks(Affine &chain) {
  for (nn::BinaryOp link : llvm::reverse(chain.links))
    if (link->use_empty())
      link->erase();
}

/// Multiplies the weight channel by channel.
LogicalResult scaleWeight(const Linear &l, llvm::function_ref<double(int64_t out, int64_t in)> by,
                          FailureOr<std::vector<double>> weight) {
  if (failed(weight))
    return failure();
  l.forEachWeight([&](int64_t i, int64_t out, int64_t in) { (*weight)[i] *= by(out, in); });
  writeExact(l.weight(), std::move(*weight));
  return success();
}

struct FoldBatchNormsPass final : lpc::impl::FoldBatchNormsPassBase<FoldBatchNormsPass> {
  using FoldBatchNormsPassBase::FoldBatchNormsPassBase;

  /// a * (W x + b) + c  =>  (a W) x + (a b + c)
  LogicalResult foldBehind(const Linear &l) {
    Affine chain = chainBehind(l);
    // What is added to a convolution is its bias; behind a matrix product that is how a bias looks.
    bool isBias = !l.isMatMul() && !chain.links.empty() && !chain.hasScale;
    if (!chain.isNorm() && !isBias)
      return success();
    OpOperand *bias = l.isMatMul() ? nullptr : l.bias();
    if (bias && !isConstantUse(*bias))
      return success();
    if (chain.hasScale &&
        failed(scaleWeight(
            l, [&](int64_t out, int64_t) { return chain.scale[out]; }, readExact(l.weight()))))
      return failure();
    if (bias) {
      FailureOr<std::vector<double>> old = readExact(*bias);
      if (failed(old))
        return failure();
      for (auto [x, s] : llvm::zip_equal(*old, chain.scale))
        x *= s;
      writeExact(*bias, std::move(*old));
    }
    chain.output().replaceAllUsesWith(l.op->getResult(0));
    eraseLinks(chain);
    if (failed(l.addToBias(chain.shift)))
      return failure();
    numNorms += chain.hasScale;
    return success();
  }

  /// W (a * x + c) + b  =>  (W a) x + (b + W c)
  LogicalResult foldBefore(const Linear &l) {
    Affine chain = chainBefore(l);
    bool hasShift = llvm::any_of(chain.shift, [](double x) { return x != 0; });
    OpOperand *bias = l.bias();
    if (!chain.isNorm() || (hasShift && !l.readsAlike()) || (bias && !isConstantUse(*bias)))
      return success();
    FailureOr<std::vector<double>> weight = readExact(l.weight());
    if (failed(weight) || (hasShift && failed(l.addToBias(l.apply(*weight, chain.shift)))) ||
        failed(scaleWeight(l, [&](int64_t, int64_t in) { return chain.scale[in]; }, weight)))
      return failure();
    l.input().set(chain.input());
    eraseLinks(chain);
    ++numNorms;
    return success();
  }

  /// Why a product by one number per channel is still there.
  StringRef whyStays(nn::BinaryOp product) {
    auto type = cast<RankedTensorType>(product.getType());
    int64_t channels = type.getDimSize(1);
    Affine chain(channels);
    if (!chain.append(product, 1))
      return "";
    while (auto before = chain.input().getDefiningOp<nn::BinaryOp>())
      if (!chain.prepend(before, 1))
        break;
    while (nn::BinaryOp after = onlyReader(chain.output()))
      if (!chain.append(after, 1))
        break;
    if (chain.links.size() < 2 || llvm::all_of(chain.shift, [](double x) { return x == 0; }))
      return ""; // PReLU multiplies by one number per channel, too
    if (std::optional<Linear> writer = Linear::of(chain.input().getDefiningOp());
        writer && writer->outAxis == 1)
      return chain.input().hasOneUse() ? "the bias of the product before it is no constant"
                                       : "something else reads the product before it";
    for (OpOperand &use : chain.output().getUses())
      if (std::optional<Linear> reader = Linear::of(use.getOwner());
          reader && reader->inAxis == 1 && use.getOperandNumber() == 0) {
        if (!chain.output().hasOneUse())
          return "something besides the product behind it reads its result";
        if (!reader->readsAlike())
          return "the convolution behind it pads with zeros, which are not what the shift makes of "
                 "zeros";
        return "something else reads a part of it, or the bias of the product behind it is no "
               "constant";
      }
    return "it stands beside no product that could take it";
  }

  void runOnOperation() override {
    SmallVector<Linear> products;
    getOperation().walk([&](Operation *op) {
      if (std::optional<Linear> l = Linear::of(op))
        products.push_back(*l);
    });
    for (const Linear &l : products)
      if (failed(foldBehind(l)))
        return signalPassFailure();
    for (const Linear &l : products)
      if (failed(foldBefore(l)))
        return signalPassFailure();
    getOperation().walk([&](nn::BinaryOp op) {
      auto type = dyn_cast<RankedTensorType>(op.getType());
      bool isScale = op.getKind() == nn::BinaryKind::Mul || op.getKind() == nn::BinaryKind::Div;
      if (!isScale || !type || type.getRank() < 3 || type.isDynamicDim(1))
        return;
      OpOperand &constant = op->getOpOperand(isConstantUse(op->getOpOperand(0)) ? 0 : 1);
      auto own = cast<RankedTensorType>(constant.get().getType());
      if (!isConstantUse(constant) || own.getNumElements() != type.getDimSize(1) ||
          own.getNumElements() == 1)
        return;
      if (StringRef why = whyStays(op); !why.empty())
        op.emitRemark() << "a batch norm stays: " << why;
    });
  }
};

} // namespace
