// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention, rotary embeddings and cache updates, expanded into products, masks and gathers.
#include "lib/Conversion/ONNXToNn/HandlerShapes.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;
using nn::BinaryKind;
using nn::CompareKind;

//===- attention
//--------------------------------------------------------------------------------------===//

namespace {
/// The tensors of one attention, [batch, heads, sequence, size of a head] each.
struct Heads {
  Value q, k, v;
  int64_t qHeads = 0, kvHeads = 0;
  bool isFlat = false;
};
} // namespace

/// [b, t, h * d] => [b, h, t, d]
static Value splitHeads(NodeContext &ctx, Value x, int64_t heads) {
  std::vector<Poly> d = ctx.dimPolys(x);
  Poly size = ctx.symbols().divide(AtomKind::FloorDiv, d[2], polyOf(heads));
  Value split = reshapeTo(ctx, x, {d[0], d[1], polyOf(heads), size});
  return tensorOf(split).getRank() == 4 ? ctx.transpose(split, {0, 2, 1, 3}) : split;
}

/// [b, h, t, d] => [b, t, h * d]
static Value mergeHeads(NodeContext &ctx, Value x) {
  std::vector<Poly> d = ctx.dimPolys(x);
  return reshapeTo(ctx, ctx.transpose(x, {0, 2, 1, 3}),
                   {d[0], d[2], ctx.symbols().mul(d[1], d[3])});
}

static FailureOr<Heads> readHeads(NodeContext &ctx) {
  Heads h{ctx.input(0), ctx.input(1), ctx.input(2)};
  int64_t rank = tensorOf(h.q).getRank();
  if ((rank != 3 && rank != 4) || tensorOf(h.k).getRank() != rank ||
      tensorOf(h.v).getRank() != rank)
    return ctx.malformed("Q, K and V must all have rank 3 or all have rank 4");
  h.isFlat = rank == 3;
  if (h.isFlat) {
    h.qHeads = ctx.intAttr("q_num_heads", 0);
    h.kvHeads = ctx.intAttr("kv_num_heads", 0);
    if (h.qHeads < 1 || h.kvHeads < 1)
      return ctx.malformed("inputs of rank 3 need 'q_num_heads' and 'kv_num_heads'");
    for (auto [v, heads] :
         {std::pair{h.q, h.qHeads}, std::pair{h.k, h.kvHeads}, std::pair{h.v, h.kvHeads}})
      if (int64_t d = tensorOf(v).getDimSize(2); !ShapedType::isDynamic(d) && d % heads != 0)
        return ctx.malformed("size " + Twine(d) + " does not divide into " + Twine(heads) +
                             " heads");
    h.q = splitHeads(ctx, h.q, h.qHeads);
    h.k = splitHeads(ctx, h.k, h.kvHeads);
    h.v = splitHeads(ctx, h.v, h.kvHeads);
  } else {
    std::optional<int64_t> q = SymbolicIndex::constantOf(ctx.dimPoly(h.q, 1)),
                           kv = SymbolicIndex::constantOf(ctx.dimPoly(h.k, 1));
    if (!q || !kv)
      return ctx.unsupported(
          "the number of heads is not known at compile time; fix dimension 1 of Q and K");
    h.qHeads = *q;
    h.kvHeads = *kv;
  }
  if (h.kvHeads < 1 || h.qHeads % h.kvHeads != 0)
    return ctx.malformed(Twine(h.qHeads) + " query heads cannot share " + Twine(h.kvHeads) +
                         " key and value heads evenly");
  return h;
}

/// Scores outside `keep` become -inf.
static Value maskOut(NodeContext &ctx, Value keep, Value scores) {
  Value lowest = ctx.scalar(-std::numeric_limits<double>::infinity(), elementOf(scores));
  return ctx.select(keep, scores, lowest);
}

/// The mask with its last dimension lengthened to that of the scores: what is missing does not take
/// part.
static Value lengthenMask(NodeContext &ctx, Value mask, const Poly &length) {
  int64_t last = tensorOf(mask).getRank() - 1;
  if (last < 0 || ctx.dimPoly(mask, last) == length ||
      (ctx.opset() < 24 && tensorOf(mask).getDimSize(last) == 1))
    return mask;
  Type type = elementOf(mask);
  Value fill = ctx.scalar(type.isInteger(1) ? 0 : -std::numeric_limits<double>::infinity(), type);
  std::vector<Poly> low(last + 1), high(last + 1);
  high[last] = ctx.symbols().sub(length, ctx.dimPoly(mask, last));
  return nn::PadOp::create(ctx.b, ctx.loc, mask, fill, ctx.fold(low), ctx.fold(high));
}

static LogicalResult convertAttention(NodeContext &ctx) {
  if (failed(checkArity(ctx, 3, 7)) || failed(checkElements(ctx, {0}, Float)) ||
      failed(checkElements(ctx, {1}, Float)) || failed(checkElements(ctx, {2}, Float)) ||
      failed(ctx.onlyAttrs({"is_causal", "kv_num_heads", "q_num_heads", "qk_matmul_output_mode",
                            "scale", "softcap", "softmax_precision"})))
    return failure();
  FailureOr<Heads> heads = readHeads(ctx);
  if (failed(heads))
    return failure();
  SymbolicIndex &s = ctx.symbols();
  Type type = elementOf(heads->q), i64 = ctx.b.getI64Type();
  Value k = heads->k, v = heads->v;
  if (ctx.hasInput(4) != ctx.hasInput(5))
    return ctx.malformed("'past_key' and 'past_value' must be given together");
  Poly past;
  if (ctx.hasInput(4)) {
    if (ctx.inputType(4).getRank() != 4 || ctx.inputType(5).getRank() != 4)
      return ctx.malformed("'past_key' and 'past_value' must have rank 4");
    past = ctx.dimPoly(ctx.input(4), 2);
    k = ctx.make<nn::ConcatOp>(ValueRange{ctx.input(4), k}, 2);
    v = ctx.make<nn::ConcatOp>(ValueRange{ctx.input(5), v}, 2);
    if (!k || !v)
      return failure();
  }
  ctx.setOutput(1, k);
  ctx.setOutput(2, v);

  std::vector<Poly> q = ctx.dimPolys(heads->q);
  Poly length = ctx.dimPoly(k, 2), headSize = ctx.dimPoly(v, 3);
  double scale = ctx.floatAttr("scale", 0);
  if (!ctx.hasAttr("scale")) {
    std::optional<int64_t> size = SymbolicIndex::constantOf(q[3]);
    if (!size || *size < 1)
      return ctx.unsupported("the size of a head is not known at compile time; state 'scale'");
    scale = 1 / std::sqrt(static_cast<double>(*size));
  }
  // Query heads that share a key head lie behind each other, so they are rows of one product: [b,
  // kv, r * t, d].
  Poly repeats = polyOf(heads->qHeads / heads->kvHeads), kvHeads = polyOf(heads->kvHeads);
  Value scaled = ctx.binary(BinaryKind::Mul, heads->q, ctx.scalar(scale, type));
  Value rows = reshapeTo(ctx, scaled, {q[0], kvHeads, s.mul(repeats, q[2]), q[3]});
  Value scores = ctx.make<nn::MatMulOp>(rows, k, /*transpose_rhs=*/true);
  if (!scores)
    return failure();
  scores = reshapeTo(ctx, scores, {q[0], q[1], q[2], length});
  int64_t mode = ctx.intAttr("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3)
    return ctx.malformed("'qk_matmul_output_mode' is not 0, 1, 2 or 3");
  Value shown[4] = {scores};

  if (double cap = ctx.floatAttr("softcap", 0); cap != 0) {
    Value limit = ctx.scalar(cap, type);
    scores = ctx.binary(BinaryKind::Mul,
                        ctx.unary(nn::UnaryKind::Tanh, ctx.binary(BinaryKind::Div, scores, limit)),
                        limit);
  }
  shown[1] = scores;
  if (ctx.hasInput(3)) {
    Value mask = lengthenMask(ctx, ctx.input(3), length);
    scores = elementOf(mask).isInteger(1)
                 ? maskOut(ctx, mask, scores)
                 : ctx.binary(BinaryKind::Add, scores, ctx.cast(mask, type));
  }
  if (ctx.intAttr("is_causal", 0)) {
    Value row = iota(ctx, {q[2], polyOf(1)}, 0, i64),
          column = iota(ctx, {polyOf(1), length}, 1, i64);
    Value last = ctx.binary(BinaryKind::Add, row, ctx.fromKnown(past, {}, i64));
    scores = maskOut(ctx, ctx.compare(CompareKind::Le, column, last), scores);
  }
  if (ctx.hasInput(6)) {
    Value valid =
        reshapeTo(ctx, ctx.cast(ctx.input(6), i64), {q[0], polyOf(1), polyOf(1), polyOf(1)});
    Value column = iota(ctx, {polyOf(1), polyOf(1), polyOf(1), length}, 3, i64);
    scores = maskOut(ctx, ctx.compare(CompareKind::Lt, column, valid), scores);
  }
  shown[2] = scores;
  FailureOr<Type> precision = elementTypeAttr(ctx, "softmax_precision", type);
  if (failed(precision))
    return failure();
  // nn.softmax is exact but for its last rounding; a narrower type is what the model asks for.
  Value weights = ctx.cast(scores, *precision);
  if (classOf(*precision) != Float)
    return ctx.malformed("'softmax_precision' is not a float type");
  weights = ctx.cast(ctx.make<nn::SoftmaxOp>(weights, 3), type);
  shown[3] = weights;
  ctx.setOutput(3, shown[mode]);
  Value grouped = reshapeTo(ctx, weights, {q[0], kvHeads, s.mul(repeats, q[2]), length});
  Value result = ctx.make<nn::MatMulOp>(grouped, ctx.cast(v, type));
  if (!result)
    return failure();
  result = reshapeTo(ctx, result, {q[0], q[1], q[2], headSize});
  ctx.setOutput(0, heads->isFlat ? mergeHeads(ctx, result) : result);
  return success();
}

//===- rotary embedding
//-------------------------------------------------------------------------------===//

static LogicalResult convertRotaryEmbedding(NodeContext &ctx) {
  if (failed(checkArity(ctx, 3, 4)) || failed(checkElements(ctx, {0, 1, 2}, Float)) ||
      failed(ctx.onlyAttrs({"interleaved", "num_heads", "rotary_embedding_dim"})))
    return failure();
  SymbolicIndex &s = ctx.symbols();
  Value x = ctx.input(0);
  std::vector<Poly> whole = ctx.dimPolys(x);
  bool isFlat = whole.size() == 3;
  if (!isFlat && whole.size() != 4)
    return ctx.malformed("the input must have rank 3 or 4");
  if (isFlat) {
    int64_t heads = ctx.intAttr("num_heads", 0);
    if (heads < 1)
      return ctx.malformed("an input of rank 3 needs 'num_heads'");
    x = reshapeTo(
        ctx, x,
        {whole[0], whole[1], polyOf(heads), s.divide(AtomKind::FloorDiv, whole[2], polyOf(heads))});
    if (tensorOf(x).getRank() != 4)
      return failure();
  }
  // Axis of the heads, along which cosines and sines are the same.
  int64_t headAxis = isFlat ? 2 : 1;
  Poly size = ctx.dimPoly(x, 3);
  Poly rotated = ctx.intAttr("rotary_embedding_dim", 0) > 0
                     ? polyOf(ctx.intAttr("rotary_embedding_dim", 0))
                     : size;
  Poly half = s.divide(AtomKind::FloorDiv, rotated, polyOf(2));
  Value factors[2];
  for (unsigned i = 0; i < 2; ++i) {
    Value table = ctx.input(1 + i);
    if (ctx.hasInput(3)) {
      if (tensorOf(table).getRank() != 2)
        return ctx.malformed("with 'position_ids' the caches must have rank 2");
      table = ctx.make<nn::GatherOp>(table, asIndices(ctx, ctx.input(3)), 0);
    }
    if (!table || tensorOf(table).getRank() != 3)
      return ctx.malformed("without 'position_ids' the caches must have rank 3");
    factors[i] = unsqueeze(ctx, table, headAxis);
  }
  bool interleaved = ctx.intAttr("interleaved", 0) != 0;
  Value turned = sliceAxis(ctx, x, 3, polyOf(0), rotated);
  std::vector<Poly> shape = ctx.dimPolys(turned), halfShape = shape, zeros(4), ones(4, polyOf(1)),
                    offsets(4);
  halfShape[3] = half;
  Value parts[2];
  for (int64_t i = 0; i < 2; ++i) {
    std::vector<Poly> strides = ones;
    offsets[3] = interleaved ? polyOf(i) : s.mul(half, polyOf(i));
    strides[3] = polyOf(interleaved ? 2 : 1);
    parts[i] = sliceBox(ctx, turned, offsets, halfShape, strides);
  }
  auto mul = [&](Value a, Value b) { return ctx.binary(BinaryKind::Mul, a, b); };
  Value real = ctx.binary(BinaryKind::Sub, mul(parts[0], factors[0]), mul(parts[1], factors[1]));
  Value imaginary =
      ctx.binary(BinaryKind::Add, mul(parts[0], factors[1]), mul(parts[1], factors[0]));
  Value result;
  if (interleaved) {
    SmallVector<Value> pair{unsqueeze(ctx, real, 4), unsqueeze(ctx, imaginary, 4)};
    result = ctx.make<nn::ConcatOp>(pair, 4);
    if (result)
      result = reshapeTo(ctx, result, shape);
  } else {
    result = ctx.make<nn::ConcatOp>(ValueRange{real, imaginary}, 3);
  }
  if (!result)
    return failure();
  if (rotated != size) {
    Value rest = sliceAxis(ctx, x, 3, rotated, s.sub(size, rotated));
    result = ctx.make<nn::ConcatOp>(ValueRange{result, rest}, 3);
    if (!result)
      return failure();
  }
  ctx.setOutput(0, reshapeTo(ctx, result, whole));
  return success();
}

//===- cache update
//-----------------------------------------------------------------------------------===//

static LogicalResult convertTensorScatter(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 3)) || failed(ctx.onlyAttrs({"axis", "mode"})))
    return failure();
  Value cache = ctx.input(0), update = ctx.input(1);
  int64_t rank = tensorOf(cache).getRank();
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", -2), rank);
  if (failed(axis))
    return failure();
  std::string mode = ctx.stringAttr("mode", "linear");
  if (*axis == 0 || tensorOf(update).getRank() != rank || (mode != "linear" && mode != "circular"))
    return ctx.malformed("expected cache and update of one rank, an axis behind the first, and "
                         "mode linear or circular");
  Type i64 = ctx.b.getI64Type();
  std::vector<Poly> shape = ctx.dimPolys(update), alongAxis(rank, polyOf(1)), perBatch = alongAxis;
  alongAxis[*axis] = shape[*axis];
  perBatch[0] = shape[0];
  Value at = iota(ctx, alongAxis, *axis, i64);
  if (ctx.hasInput(2))
    at = ctx.binary(BinaryKind::Add, at, reshapeTo(ctx, ctx.cast(ctx.input(2), i64), perBatch));
  if (mode == "circular")
    at = ctx.binary(BinaryKind::Mod, at, ctx.fromKnown(ctx.dimPoly(cache, *axis), {}, i64));
  ctx.setOutput(0, ctx.make<nn::ScatterElementsOp>(cache, broadcastToShape(ctx, at, shape), update,
                                                   *axis, nn::ScatterKind::Assign));
  return success();
}

void lpc::onnx_to_nn::populateAttention(Registry &registry) {
  registry.add("Attention", convertAttention);
  registry.add("RotaryEmbedding", convertRotaryEmbedding);
  registry.add("TensorScatter", convertTensorScatter);
}
