// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tables of cosines and sines that hold each number twice, as exporters write them, made to hold it
// once. The proof goes through whatever computes a table; the first op that settles it decides.
#include "Idioms.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn;

static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
static int64_t lastSize(Value v) {
  RankedTensorType type = typeOf(v);
  return type.getRank() ? type.getShape().back() : 1;
}

/// Whether each row of n numbers repeats within its halves, or its pairs.
static bool repeatsInData(ConstantOp constant, int64_t n, bool inPairs) {
  ArrayRef<char> data;
  if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue())) {
    if (dense.isSplat())
      return true;
    data = dense.getRawData();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue())) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      data = blob->getData();
  }
  int64_t rows = typeOf(constant).getNumElements() / n;
  if (data.empty() || rows == 0 || data.size() % (rows * n) != 0)
    return false;
  int64_t width = data.size() / (rows * n);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < n / 2; ++i) {
      int64_t a = row * n + (inPairs ? 2 * i : i), b = inPairs ? a + 1 : a + n / 2;
      if (data.slice(a * width, width) != data.slice(b * width, width))
        return false;
    }
  return true;
}

/// v, behind a reshape that gives it a last dimension of 1, or has no effect on its rows.
static Value withoutUnitDims(Value v) {
  while (auto reshape = v.getDefiningOp<ReshapeOp>())
    v = reshape.getInput();
  return v;
}

/// [..., n, 2] or [..., 2, n] of equal slices along the dimension of 2, as one dimension of 2n.
static bool repeatsInReshape(ReshapeOp op, int64_t n, bool inPairs) {
  Value from = op.getInput();
  int64_t rank = typeOf(from).getRank();
  int64_t axis = inPairs ? rank - 1 : rank - 2, other = inPairs ? rank - 2 : rank - 1;
  if (rank < 2 || typeOf(from).getDimSize(axis) != 2 || typeOf(from).getDimSize(other) != n / 2)
    return false;
  if (auto repeat = from.getDefiningOp<BroadcastOp>()) {
    int64_t own = axis - (rank - typeOf(repeat.getInput()).getRank());
    return own < 0 || typeOf(repeat.getInput()).getDimSize(own) == 1;
  }
  auto concat = from.getDefiningOp<ConcatOp>();
  return concat && static_cast<int64_t>(concat.getAxis()) == axis &&
         concat.getInputs().size() == 2 &&
         withoutUnitDims(concat.getInputs()[0]) == withoutUnitDims(concat.getInputs()[1]);
}

/// Whether the rows of v, of n numbers each, hold every number twice.
static bool repeats(Value v, int64_t n, bool inPairs, int depth = 16) {
  if (lastSize(v) == 1)
    return true; // one number for all
  Operation *op = v.getDefiningOp();
  if (!op || lastSize(v) != n || depth == 0)
    return false;
  auto next = [&](Value w) { return repeats(w, n, inPairs, depth - 1); };
  if (auto constant = dyn_cast<ConstantOp>(op))
    return repeatsInData(constant, n, inPairs);
  if (isa<UnaryOp, CastOp, ClampOp>(op))
    return next(op->getOperand(0));
  if (isa<BinaryOp, SelectOp>(op))
    return llvm::all_of(op->getOperands(), next);
  if (auto concat = dyn_cast<ConcatOp>(op)) {
    if (static_cast<int64_t>(concat.getAxis()) != typeOf(v).getRank() - 1)
      return llvm::all_of(concat.getInputs(), next);
    return !inPairs && concat.getInputs().size() == 2 &&
           concat.getInputs()[0] == concat.getInputs()[1];
  }
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return lastSize(reshape.getInput()) == n ? next(reshape.getInput())
                                             : repeatsInReshape(reshape, n, inPairs);
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return transpose.getPermutation().back() == typeOf(v).getRank() - 1 &&
           next(transpose.getInput());
  if (auto broadcast = dyn_cast<BroadcastOp>(op))
    return next(broadcast.getInput());
  if (auto slice = dyn_cast<SliceOp>(op))
    return lastSize(slice.getInput()) == n && slice.getStaticStrides().back() == 1 &&
           next(slice.getInput());
  if (auto gather = dyn_cast<GatherOp>(op))
    return static_cast<int64_t>(gather.getAxis()) != typeOf(gather.getData()).getRank() - 1 &&
           next(gather.getData());
  return false;
}

bool nn::holdsTwice(Value table, bool inPairs) {
  int64_t n = lastSize(table);
  return typeOf(table).getRank() && n >= 2 && n % 2 == 0 && repeats(table, n, inPairs);
}

Value nn::holdOnce(OpBuilder &b, Value table, bool inPairs) {
  Location loc = table.getLoc();
  if (auto concat = table.getDefiningOp<ConcatOp>())
    if (!inPairs && static_cast<int64_t>(concat.getAxis()) == typeOf(table).getRank() - 1 &&
        lastSize(table) == 2 * lastSize(concat.getInputs()[0]))
      return concat.getInputs()[0];
  if (auto unary = table.getDefiningOp<UnaryOp>()) {
    Value half = holdOnce(b, unary.getInput(), inPairs);
    return UnaryOp::create(b, loc, half.getType(), unary.getKind(), half);
  }
  int64_t rank = typeOf(table).getRank();
  SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0)), sizes = dimsOf(b, loc, table),
                                                              strides(rank, b.getIndexAttr(1));
  sizes.back() = b.getIndexAttr(lastSize(table) / 2);
  strides.back() = b.getIndexAttr(inPairs ? 2 : 1);
  return SliceOp::create(b, loc, table, offsets, sizes, strides);
}
