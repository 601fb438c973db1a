// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Splits contractions into channels with outliers and the rest, so that the few can have a wider
// format (LLM.int8 with a set frozen at compile time). The order of the channels is a permutation
// of weights; the cost is a second, small product and an addition. Channels whose order cannot
// change stay whole: a gather at run time would cost more than it brings.
#include "Linear.h"

#include "lpc/Equivalence/Passes.h"
#include "lpc/Quantization/ChannelStatistics.h"
#include "lpc/Quantization/Contractions.h"

#include "llvm/ADT/MapVector.h"

#include <numeric>

namespace lpc {
#define GEN_PASS_DEF_SPLITOUTLIERSPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

/// `length` channels of an activation from `begin` on.
static Value sliceChannels(OpBuilder &b, Location loc, Value x, int64_t axis, int64_t begin,
                           int64_t length) {
  auto type = cast<RankedTensorType>(x.getType());
  int64_t rank = type.getRank();
  SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0)), strides(rank, b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes;
  for (int64_t i = 0; i < rank; ++i) {
    if (i == axis)
      sizes.push_back(b.getIndexAttr(length));
    else if (!type.isDynamicDim(i))
      sizes.push_back(b.getIndexAttr(type.getDimSize(i)));
    else
      sizes.push_back(tensor::DimOp::create(b, loc, x, i).getResult());
  }
  offsets[axis] = b.getIndexAttr(begin);
  return nn::SliceOp::create(b, loc, x, offsets, sizes, strides);
}

/// The axis of a weight that runs along the channels it reads.
static int64_t weightAxis(Operation *op) {
  auto product = dyn_cast<nn::MatMulOp>(op);
  return product && !product.getTransposeRhs() ? 0 : 1;
}

namespace {

/// Channels that several contractions read, and which of them have outliers.
struct Channels {
  SmallVector<quant::ObservedActivation *> activations;
  std::vector<double> largest;
  int64_t tail = 0; ///< length; 0: none
};

struct SplitOutliersPass final : lpc::impl::SplitOutliersPassBase<SplitOutliersPass> {
  using SplitOutliersPassBase::SplitOutliersPassBase;

  static bool canSplit(const quant::Contraction &c) {
    auto conv = dyn_cast<nn::ConvOp>(c.op);
    return Linear::of(c.op) && (!conv || conv.getGroups() == 1);
  }

  /// The class that is the whole channel axis of an activation.
  static const AxisClass *find(ArrayRef<AxisClass> classes, const quant::ObservedActivation &a) {
    for (const AxisClass &c : classes)
      for (const AxisMember &m : c.members)
        if (m.value == a.value && m.axis == a.axis && m.isWhole(c.size))
          return &c;
    return nullptr;
  }

  /// Outliers last, behind enough of the next largest; the others stay in their order. The length
  /// of the tail.
  int64_t sort(ArrayRef<double> largest, std::vector<int64_t> &order) {
    int64_t size = largest.size();
    int64_t outliers = llvm::count_if(largest, [&](double x) { return x >= threshold; });
    int64_t tail = std::min((outliers + granule - 1) / granule * granule, size);
    std::vector<int64_t> bySize(size);
    std::iota(bySize.begin(), bySize.end(), 0);
    llvm::sort(bySize, [&](int64_t a, int64_t b) {
      return std::pair(largest[a], a) < std::pair(largest[b], b);
    });
    std::sort(bySize.begin(), bySize.end() - tail);
    order = std::move(bySize);
    return tail;
  }

  LogicalResult permute(const AxisClass &c, ArrayRef<int64_t> order) {
    std::vector<double> old(c.size);
    for (const AxisMember &m : c.members)
      if (m.use && failed(changeLanes(m, c.size, [&](MutableArrayRef<double> lane) {
            llvm::copy(lane, old.begin());
            for (auto [x, from] : llvm::zip_equal(lane, order))
              x = old[from];
          })))
        return failure();
    return success();
  }

  /// The rows of a weight that read `length` channels from `begin` on.
  static std::vector<double> part(const Linear &l, ArrayRef<double> weight, int64_t begin,
                                  int64_t length) {
    std::vector<double> values;
    l.forEachWeight([&](int64_t i, int64_t, int64_t in) {
      if (in >= begin && in < begin + length)
        values.push_back(weight[i]);
    });
    return values;
  }

  /// W x  =>  W0 x0 + W1 x1
  LogicalResult split(const quant::Contraction &c, Value head, Value tail, int64_t length) {
    Linear l = *Linear::of(c.op);
    FailureOr<std::vector<double>> weight = readExact(l.weight());
    if (failed(weight))
      return failure();
    auto type = cast<RankedTensorType>(l.weight().get().getType());
    int64_t axis = weightAxis(c.op), rest = l.numIn - length;
    auto constant = [&](int64_t begin, int64_t count, StringRef suffix) {
      SmallVector<int64_t> shape(type.getShape());
      shape[axis] = count;
      std::string name = quant::nameOf(l.weight().get().getDefiningOp());
      Location loc = name.empty() ? c.op->getLoc()
                                  : NameLoc::get(StringAttr::get(&getContext(), name + suffix));
      return makeExact(c.op, loc, type.clone(shape), part(l, *weight, begin, count));
    };
    OpBuilder b(c.op);
    Operation *outliers = b.clone(*c.op);
    std::string name = quant::nameOf(c.op);
    outliers->setLoc(NameLoc::get(b.getStringAttr(name + "/outliers"), c.op->getLoc()));
    outliers->setOperands(
        {tail, constant(rest, length, "/outliers")}); // a bias stays with the head
    c.op->setOperand(0, head);
    c.op->setOperand(1, constant(0, rest, ""));
    outliers->moveAfter(c.op);
    b.setInsertionPointAfter(outliers);
    auto sum =
        nn::BinaryOp::create(b, c.op->getLoc(), c.op->getResult(0).getType(), nn::BinaryKind::Add,
                             c.op->getResult(0), outliers->getResult(0));
    c.op->getResult(0).replaceAllUsesExcept(sum.getOutput(), sum);
    ++numProducts;
    return success();
  }

  LogicalResult splitReaders(const quant::ObservedActivation &a, int64_t length,
                             std::optional<llvm::Regex> &regex) {
    SmallVector<quant::Contraction> readers;
    llvm::copy_if(a.readers, std::back_inserter(readers), [&](const quant::Contraction &c) {
      return canSplit(c) && !(regex && regex->match(quant::nameOf(c.op)));
    });
    if (readers.empty())
      return success();
    OpBuilder b(&getContext());
    b.setInsertionPointAfterValue(a.value);
    int64_t size = cast<RankedTensorType>(a.value.getType()).getDimSize(a.axis);
    Location loc = a.value.getLoc();
    Value head = sliceChannels(b, loc, a.value, a.axis, 0, size - length);
    Value tail = sliceChannels(b, loc, a.value, a.axis, size - length, length);
    for (const quant::Contraction &c : readers)
      if (failed(split(c, head, tail, length)))
        return failure();
    return success();
  }

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    std::string error;
    auto regex = quant::compileKeep(func.getLoc(), keep);
    if (failed(regex))
      return signalPassFailure();
    if (granule < 1 || !(threshold > 0)) {
      func.emitError() << "options threshold and granule: expected positive numbers";
      return signalPassFailure();
    }
    FailureOr<quant::ChannelStatisticsFile> file =
        quant::ChannelStatisticsFile::read(statistics, error);
    if (failed(file)) {
      func.emitError() << "option statistics: " << error;
      return signalPassFailure();
    }
    std::vector<quant::ObservedActivation> activations = quant::findObservedActivations(func);
    std::vector<AxisClass> classes = findAxisClasses(func, Transform::Permutation);
    llvm::MapVector<const AxisClass *, Channels> found;
    for (quant::ObservedActivation &a : activations) {
      int64_t size = cast<RankedTensorType>(a.value.getType()).getDimSize(a.axis);
      const quant::ChannelStatistics *x = file->find(a.id, size, error);
      if (!x) {
        a.readers.front().op->emitError() << "option statistics: " << error;
        return signalPassFailure();
      }
      std::vector<double> largest(size);
      for (int64_t i = 0; i < size; ++i)
        largest[i] = x->absMax(i);
      if (llvm::none_of(largest, [&](double v) { return v >= threshold; }))
        continue;
      const AxisClass *c = find(classes, a);
      if (!c || !c->isLegal()) {
        InFlightDiagnostic remark = a.readers.front().op->emitRemark()
                                    << "its outliers are not split off: ";
        if (c)
          remark << "the order of its channels is fixed, since here their axis "
                 << c->barriers.front().why;
        else
          remark << "its channels are ordered in parts";
        continue;
      }
      Channels &channels = found[c];
      channels.activations.push_back(&a);
      channels.largest.resize(size);
      for (int64_t i = 0; i < size; ++i)
        channels.largest[i] = std::max(channels.largest[i], largest[i]);
    }
    // All orders first: products that are split have constants that no class knows.
    for (auto &[c, channels] : found) {
      std::vector<int64_t> order;
      channels.tail = sort(channels.largest, order);
      if (2 * channels.tail > c->size) {
        channels.activations.front()->readers.front().op->emitRemark()
            << "its outliers are not split off: " << channels.tail << " of " << c->size
            << " channels would be in the tail; raise the threshold";
        channels.tail = 0;
      } else if (failed(permute(*c, order))) {
        return signalPassFailure();
      }
    }
    for (auto &[c, channels] : found)
      for (quant::ObservedActivation *a : channels.activations)
        if (channels.tail && failed(splitReaders(*a, channels.tail, *regex)))
          return signalPassFailure();
  }
};

} // namespace
