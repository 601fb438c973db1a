// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which element of a weight belongs to which channels, and where its bias is.
#include "Linear.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

static RankedTensorType tensorOf(Value v) { return cast<RankedTensorType>(v.getType()); }

static int64_t groupsOf(Operation *op) {
  if (auto conv = dyn_cast<nn::ConvOp>(op))
    return conv.getGroups();
  if (auto conv = dyn_cast<nn::ConvTransposeOp>(op))
    return conv.getGroups();
  return 1;
}

std::optional<Linear> Linear::of(Operation *op) {
  if (!isa_and_nonnull<nn::MatMulOp, nn::ConvOp, nn::ConvTransposeOp>(op) ||
      !isConstantUse(op->getOpOperand(1)))
    return std::nullopt;
  RankedTensorType w = tensorOf(op->getOperand(1));
  if (!w.hasStaticShape() || !isa<FloatType>(w.getElementType()))
    return std::nullopt;
  Linear l;
  l.op = op;
  if (auto product = dyn_cast<nn::MatMulOp>(op)) {
    if (w.getRank() != 2)
      return std::nullopt;
    bool isTransposed = product.getTransposeRhs();
    l.numIn = w.getDimSize(isTransposed ? 1 : 0);
    l.numOut = w.getDimSize(isTransposed ? 0 : 1);
    l.inAxis = tensorOf(product.getLhs()).getRank() - 1;
    l.outAxis = tensorOf(product.getOutput()).getRank() - 1;
    return l;
  }
  bool isTransposed = isa<nn::ConvTransposeOp>(op);
  l.numIn = w.getDimSize(isTransposed ? 0 : 1) * (isTransposed ? 1 : groupsOf(op));
  l.numOut = w.getDimSize(isTransposed ? 1 : 0) * (isTransposed ? groupsOf(op) : 1);
  l.inAxis = l.outAxis = 1;
  return l;
}

bool Linear::readsAlike() const {
  if (auto conv = dyn_cast<nn::ConvOp>(op))
    return llvm::all_of(conv.getPads(), [](int64_t pad) { return pad <= 0; });
  return isMatMul();
}

void Linear::forEachWeight(
    llvm::function_ref<void(int64_t index, int64_t out, int64_t in)> visit) const {
  ArrayRef<int64_t> shape = tensorOf(weight().get()).getShape();
  int64_t index = 0;
  if (auto product = dyn_cast<nn::MatMulOp>(op)) {
    bool isTransposed = product.getTransposeRhs();
    for (int64_t i = 0; i < shape[0]; ++i)
      for (int64_t j = 0; j < shape[1]; ++j)
        visit(index++, isTransposed ? i : j, isTransposed ? j : i);
    return;
  }
  int64_t taps = 1, rows = shape[0] / groupsOf(op);
  for (int64_t size : shape.drop_front(2))
    taps *= size;
  bool isTransposed = isa<nn::ConvTransposeOp>(op);
  for (int64_t i = 0; i < shape[0]; ++i)
    for (int64_t j = 0; j < shape[1]; ++j) {
      int64_t other = i / rows * shape[1] + j;
      for (int64_t t = 0; t < taps; ++t)
        visit(index++, isTransposed ? other : i, isTransposed ? i : other);
    }
}

std::vector<double> Linear::apply(ArrayRef<double> weight, ArrayRef<double> x) const {
  std::vector<double> y(numOut);
  forEachWeight([&](int64_t i, int64_t out, int64_t in) { y[out] += weight[i] * x[in]; });
  return y;
}

std::vector<double> Linear::tapShares() const {
  std::vector<double> shares{1.0};
  auto conv = dyn_cast<nn::ConvOp>(op);
  if (!conv)
    return shares;
  RankedTensorType image = tensorOf(conv.getInput()), result = tensorOf(conv.getOutput());
  ArrayRef<int64_t> kernel = tensorOf(conv.getFilter()).getShape().drop_front(2);
  for (auto [d, taps] : llvm::enumerate(kernel)) {
    int64_t size = image.getDimSize(d + 2), positions = result.getDimSize(d + 2);
    std::vector<double> wider;
    for (double share : shares)
      for (int64_t k = 0; k < taps; ++k) {
        int64_t inside = 0;
        for (int64_t o = 0; o < positions; ++o) {
          int64_t at = o * conv.getStrides()[d] - conv.getPads()[d] + k * conv.getDilations()[d];
          inside += at >= 0 && at < size;
        }
        bool isKnown = size > 0 && positions > 0;
        wider.push_back(
            isKnown ? share * static_cast<double>(inside) / static_cast<double>(positions) : share);
      }
    shares = std::move(wider);
  }
  return shares;
}

OpOperand *Linear::bias() const {
  if (!isMatMul())
    return op->getNumOperands() > 2 ? &op->getOpOperand(2) : nullptr;
  if (!op->hasOneUse())
    return nullptr;
  OpOperand &use = *op->getUses().begin();
  auto sum = dyn_cast<nn::BinaryOp>(use.getOwner());
  if (!sum || sum.getKind() != nn::BinaryKind::Add)
    return nullptr;
  OpOperand &other = sum->getOpOperand(1 - use.getOperandNumber());
  RankedTensorType type = tensorOf(other.get());
  return isConstantUse(other) && type.getRank() == 1 && type.getDimSize(0) == numOut ? &other
                                                                                     : nullptr;
}

LogicalResult Linear::addToBias(std::vector<double> added) const {
  OpOperand *old = bias();
  if (old && isConstantUse(*old)) {
    FailureOr<std::vector<double>> values = readExact(*old);
    if (failed(values))
      return failure();
    for (auto [x, y] : llvm::zip_equal(added, *values))
      x += y;
    writeExact(*old, std::move(added));
    return success();
  }
  RankedTensorType type = tensorOf(op->getResult(0));
  if (!old && !isMatMul()) {
    Value vector = makeExact(
        op, op->getLoc(), RankedTensorType::get({numOut}, type.getElementType()), std::move(added));
    op->insertOperands(2, vector);
    return success();
  }
  Value vector = makePerChannel(op, op->getLoc(), type.getElementType(), type.getRank(), outAxis,
                                std::move(added));
  OpBuilder b(op->getContext());
  b.setInsertionPointAfter(op);
  auto sum =
      nn::BinaryOp::create(b, op->getLoc(), type, nn::BinaryKind::Add, op->getResult(0), vector);
  op->getResult(0).replaceAllUsesExcept(sum.getOutput(), sum);
  return success();
}

std::optional<std::vector<double>> equiv::readPerChannel(OpOperand &use, Value result, int64_t axis,
                                                         int64_t size) {
  if (!isConstantUse(use))
    return std::nullopt;
  RankedTensorType type = tensorOf(use.get());
  int64_t lead = tensorOf(result).getRank() - type.getRank();
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.getDimSize(i) != 1 && (i + lead != axis || type.getDimSize(i) != size))
      return std::nullopt;
  FailureOr<std::vector<double>> values = readExact(use);
  if (failed(values))
    return std::nullopt;
  if (values->size() == 1)
    values->resize(size, values->front());
  return std::move(*values);
}

Value equiv::makePerChannel(Operation *before, Location loc, Type element, int64_t rank,
                            int64_t axis, std::vector<double> values) {
  SmallVector<int64_t> shape(rank - axis, 1);
  shape[0] = values.size();
  return makeExact(before, loc, RankedTensorType::get(shape, element), std::move(values));
}
