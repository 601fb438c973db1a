// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Axis rules of attention and rotary embeddings. Queries and keys meet in a product, values go
// through a mean over positions, a rotary embedding turns pairs of channels.
#include "Rules.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

namespace {

//===- rope
//-------------------------------------------------------------------------------------===//

/// An axis other than the last one.
void ropeRows(nn::RopeOp op, AxisRules &r, int64_t axis) {
  AxisSpan in = r.operand(0, axis), out = r.result(axis);
  SmallVector<AxisSpan> tables;
  for (unsigned i : {1u, 2u})
    if (std::optional<int64_t> own = axisAlong(op->getOperand(i), op.getOutput(), axis))
      tables.push_back(r.operand(i, *own));
  if (r.mixesChannels() && !tables.empty()) {
    for (const AxisSpan &span : llvm::concat<AxisSpan>(tables, SmallVector<AxisSpan>{in, out}))
      r.bar(span, "has angles that change along the axis");
    return;
  }
  r.tie(in, out);
  for (const AxisSpan &table : tables) {
    if (r.transform() == Transform::Permutation)
      r.tie(table, out);
    else
      r.bar(table, "leaves the scale to what is turned");
  }
}

/// The pairs: both of a pair keep company, and share a scale.
void ropePairs(nn::RopeOp op, AxisRules &r) {
  int64_t last = rankOf(op.getInput()) - 1;
  AxisSpan in = r.operand(0, last), out = r.result(last);
  AxisSpan cosines = r.operand(1, rankOf(op.getCosines()) - 1);
  AxisSpan sines = r.operand(2, rankOf(op.getSines()) - 1);
  auto barTables = [&](StringRef why) {
    r.bar(cosines, why);
    r.bar(sines, why);
  };
  int64_t n = op.getNumPairs(), size = tensorOf(op.getInput()).getShape().back();
  if (2 * n != size) {
    // The rest of the channels has a transform of its own.
    std::optional<SmallVector<AxisSpan>> from = r.parts(in, {2 * n, size - 2 * n});
    std::optional<SmallVector<AxisSpan>> to = r.parts(out, {2 * n, size - 2 * n});
    if (!from || !to) {
      StringRef why = "turns a part of the axis, which is made of other factors";
      r.bar(in, why);
      r.bar(out, why);
      return barTables(why);
    }
    r.tie((*from)[1], (*to)[1]);
    in = from->front();
    out = to->front();
  }
  if (r.mixesChannels()) {
    StringRef why = "turns pairs of channels, each by its own angle";
    r.bar(in, why);
    r.bar(out, why);
    return barTables(why);
  }
  auto [inOuter, inInner] = r.cut(in, op.getInterleaved() ? 2 : n);
  auto [outOuter, outInner] = r.cut(out, op.getInterleaved() ? 2 : n);
  bool interleaved = op.getInterleaved();
  for (const AxisSpan &pair : {interleaved ? inInner : inOuter, interleaved ? outInner : outOuter})
    r.bar(pair, "holds the two channels of a rotary pair");
  const AxisSpan &from = interleaved ? inOuter : inInner, &to = interleaved ? outOuter : outInner;
  r.tie(from, to);
  if (r.transform() != Transform::Permutation)
    return barTables("leaves the scale to what is turned");
  r.tie(cosines, to);
  r.tie(sines, to);
}

void ropeRule(nn::RopeOp op, AxisRules &r) {
  for (int64_t axis = 0; axis < rankOf(op.getInput()) - 1; ++axis)
    ropeRows(op, r, axis);
  ropePairs(op, r);
}

//===- attention
//--------------------------------------------------------------------------------===//

/// One attention under one family of transforms.
struct Attention {
  nn::AttentionOp op;
  AxisRules &r;
  int64_t rank = rankOf(op.getQuery());

  /// The masks, where they run along an axis of the scores.
  SmallVector<AxisSpan> masks(int64_t axis) {
    SmallVector<AxisSpan> spans;
    for (OpOperand &use : op->getOpOperands().drop_front(3)) {
      int64_t own = axis - (rank - rankOf(use.get()));
      if (own >= 0 && tensorOf(use.get()).getDimSize(own) != 1)
        spans.push_back(r.operand(use.getOperandNumber(), own));
    }
    return spans;
  }

  void barEach(ArrayRef<AxisSpan> spans, StringRef why) {
    for (const AxisSpan &span : spans)
      r.bar(span, why);
  }

  /// The size of a head: contracted between queries and keys, carried along by values.
  void channels() {
    AxisSpan q = r.operand(0, rank - 1), k = r.operand(1, rank - 1);
    if (r.transform() == Transform::Centering)
      barEach({q, k}, "is contracted: centering has no inverse");
    else
      r.tieDual(q, k);
    r.tie(r.operand(2, rank - 1), r.result(rank - 1));
  }

  /// Rows of queries, and positions of keys and values.
  void positions() {
    SmallVector<AxisSpan> rows{r.operand(0, rank - 2), r.result(rank - 2)};
    SmallVector<AxisSpan> columns{r.operand(1, rank - 2), r.operand(2, rank - 2)};
    rows.append(masks(rank - 2));
    columns.append(masks(rank - 1));
    for (ArrayRef<AxisSpan> spans : {ArrayRef(rows), ArrayRef(columns)}) {
      if (r.transform() != Transform::Permutation || op.getCausal()) {
        barEach(spans, op.getCausal() ? "has a causal mask along positions"
                                      : "holds positions, which go through a softmax");
        continue;
      }
      for (const AxisSpan &span : spans.drop_front())
        r.tie(spans.front(), span);
    }
  }

  /// Heads, `repeats` of the queries' for each of the keys', or a batch axis.
  void batch(int64_t axis, int64_t repeats) {
    AxisSpan q = r.operand(0, axis), k = r.operand(1, axis), v = r.operand(2, axis),
             out = r.result(axis);
    SmallVector<AxisSpan> shared = masks(axis);
    if (r.mixesChannels()) {
      barEach({q, k, v, out}, "is a batch axis of attention");
      return barEach(shared, "is a batch axis of attention");
    }
    AxisSpan outer = out, inner;
    if (repeats > 1)
      std::tie(outer, inner) = r.cut(out, repeats);
    r.tie(v, outer);
    if (r.transform() == Transform::Diagonal) {
      StringRef why = "leaves the scale of the heads to the values";
      r.bar(inner, why);
      barEach({q, k}, why);
      return barEach(shared, why);
    }
    r.tie(k, outer);
    r.tie(q, out);
    for (const AxisSpan &mask : shared)
      r.tie(mask, out);
  }
};

void attentionRule(nn::AttentionOp op, AxisRules &r) {
  Attention a{op, r};
  a.channels();
  a.positions();
  for (int64_t axis = 0; axis < a.rank - 2; ++axis) {
    int64_t heads = tensorOf(op.getQuery()).getDimSize(axis);
    int64_t kvHeads = tensorOf(op.getKey()).getDimSize(axis);
    bool isShared = axis == a.rank - 3 && !ShapedType::isDynamic(heads);
    a.batch(axis, isShared ? heads / kvHeads : 1);
  }
}

} // namespace

void analysis::attachAttentionRules(MLIRContext *context) {
  attachRule<nn::RopeOp, ropeRule>(context);
  attachRule<nn::AttentionOp, attentionRule>(context);
}
