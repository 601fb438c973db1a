// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Einsum as diagonals, sums, transposes and one matrix product for each further operand.
#include "lib/Conversion/ONNXToNn/HandlerShapes.h"

#include "llvm/ADT/StringExtras.h"

#include <string>

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

namespace {
/// A tensor and one label for each of its dimensions. Dimensions of an ellipsis have labels below
/// 'A'.
struct Term {
  Value value;
  std::string labels;
};
} // namespace

/// Labels of `text` for a tensor of that rank; dimensions of an ellipsis are numbered from the last
/// one.
static FailureOr<std::string> expandLabels(NodeContext &ctx, StringRef text, int64_t rank) {
  std::string labels;
  size_t dots = text.find("...");
  int64_t letters = dots == StringRef::npos ? text.size() : text.size() - 3;
  int64_t hidden = rank - letters;
  if (hidden < 0 || (dots == StringRef::npos && hidden != 0) || hidden > 20)
    return ctx.malformed("term '" + text + "' does not fit a tensor of rank " + Twine(rank));
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == dots) {
      for (int64_t k = hidden; k > 0; --k)
        labels.push_back(static_cast<char>(k));
      i += 2;
      continue;
    }
    if (!llvm::isAlpha(text[i]))
      return ctx.malformed("term '" + text + "' has a character that is not a letter");
    labels.push_back(text[i]);
  }
  return labels;
}

/// Keeps the diagonal of repeated labels: elements off it become 0, then the later dimension is
/// summed.
static void takeDiagonals(NodeContext &ctx, Term &t) {
  for (size_t i = 0; i < t.labels.size(); ++i)
    for (size_t j = t.labels.size() - 1; j > i; --j) {
      if (t.labels[i] != t.labels[j])
        continue;
      std::vector<Poly> dims = ctx.dimPolys(t.value), row(dims.size(), polyOf(1)), column = row;
      row[i] = dims[i];
      column[j] = dims[j];
      Type i64 = ctx.b.getI64Type();
      Value mask =
          ctx.compare(nn::CompareKind::Eq, iota(ctx, row, i, i64), iota(ctx, column, j, i64));
      Value kept = ctx.select(mask, t.value, ctx.scalar(0, elementOf(t.value)));
      t.value = ctx.reduce(nn::ReduceKind::Sum, kept, {static_cast<int64_t>(j)}, false);
      t.labels.erase(j, 1);
    }
}

/// Sums dimensions whose labels nothing else needs.
static void sumUnneeded(NodeContext &ctx, Term &t, StringRef needed) {
  SmallVector<int64_t> axes;
  std::string kept;
  for (auto [i, label] : llvm::enumerate(t.labels)) {
    if (needed.contains(label))
      kept.push_back(label);
    else
      axes.push_back(i);
  }
  if (axes.empty())
    return;
  t.value = ctx.reduce(nn::ReduceKind::Sum, t.value, axes, false);
  t.labels = kept;
}

/// Drops dimensions of size 1 whose label has another size in `other`: the product broadcasts them.
static void dropOnes(NodeContext &ctx, Term &t, const Term &other) {
  std::vector<Poly> dims = ctx.dimPolys(t.value), otherDims = ctx.dimPolys(other.value), kept;
  std::string labels;
  for (size_t i = 0; i < dims.size(); ++i) {
    size_t at = other.labels.find(t.labels[i]);
    if (at != std::string::npos && isConstant(dims[i], 1) && !isConstant(otherDims[at], 1))
      continue;
    labels.push_back(t.labels[i]);
    kept.push_back(dims[i]);
  }
  if (kept.size() != dims.size())
    t.value = reshapeTo(ctx, t.value, kept);
  t.labels = labels;
}

/// The term with its dimensions in the order of `labels`.
static Value ordered(NodeContext &ctx, const Term &t, StringRef labels) {
  SmallVector<int64_t> permutation;
  for (char label : labels)
    permutation.push_back(t.labels.find(label));
  return ctx.transpose(t.value, permutation);
}

/// The product of two terms, summed over labels of both that are not needed any more.
static Term multiply(NodeContext &ctx, Term x, Term y, StringRef needed) {
  dropOnes(ctx, x, y);
  dropOnes(ctx, y, x);
  std::string batch, rows, columns, contracted;
  for (char label : x.labels) {
    bool shared = y.labels.find(label) != std::string::npos;
    (!shared ? rows : needed.contains(label) ? batch : contracted).push_back(label);
  }
  for (char label : y.labels)
    if (x.labels.find(label) == std::string::npos)
      columns.push_back(label);
  Value left = ordered(ctx, x, batch + rows + contracted),
        right = ordered(ctx, y, batch + contracted + columns);
  std::vector<Poly> l = ctx.dimPolys(left), r = ctx.dimPolys(right);
  size_t nb = batch.size(), nr = rows.size(), nk = contracted.size();
  std::vector<Poly> leftShape(l.begin(), l.begin() + nb), rightShape = leftShape, shape = leftShape;
  leftShape.push_back(productOf(ctx, l, nb, nb + nr));
  leftShape.push_back(productOf(ctx, l, nb + nr, l.size()));
  rightShape.push_back(leftShape.back());
  rightShape.push_back(productOf(ctx, r, nb + nk, r.size()));
  shape.insert(shape.end(), l.begin() + nb, l.begin() + nb + nr);
  shape.insert(shape.end(), r.begin() + nb + nk, r.end());
  for (size_t i = 0; i < nb + nk; ++i) {
    size_t j = i < nb ? i : i + nr;
    std::optional<int64_t> a = SymbolicIndex::constantOf(l[j]), b = SymbolicIndex::constantOf(r[i]);
    if (a && b && *a != *b) {
      (void)ctx.malformed("a label has sizes " + Twine(*a) + " and " + Twine(*b));
      return x;
    }
  }
  Value product =
      ctx.make<nn::MatMulOp>(reshapeTo(ctx, left, leftShape), reshapeTo(ctx, right, rightShape));
  if (!product)
    return x;
  Term result{reshapeTo(ctx, product, shape), batch + rows + columns};
  // A label whose other side was a dropped 1 is only here now.
  sumUnneeded(ctx, result, needed);
  return result;
}

static LogicalResult convertEinsum(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, ctx.numInputs(), Number)) || failed(ctx.onlyAttrs({"equation"})))
    return failure();
  std::string equation = ctx.stringAttr("equation", "");
  llvm::erase(equation, ' ');
  auto [inputs, output] = StringRef(equation).split("->");
  bool isExplicit = StringRef(equation).contains("->");
  SmallVector<StringRef> texts;
  inputs.split(texts, ',');
  if (texts.size() != ctx.numInputs())
    return ctx.malformed("the equation has " + Twine(texts.size()) + " terms for " +
                         Twine(ctx.numInputs()) + " inputs");
  SmallVector<Term> terms;
  std::string all, result;
  for (auto [i, text] : llvm::enumerate(texts)) {
    FailureOr<std::string> labels = expandLabels(ctx, text, ctx.inputType(i).getRank());
    if (failed(labels))
      return failure();
    terms.push_back({ctx.input(i), *labels});
    all += *labels;
  }
  int64_t hidden = 0;
  for (char label : all)
    if (label < 'A')
      hidden = std::max<int64_t>(hidden, label);
  if (isExplicit) {
    int64_t letters = output.size() - (output.contains("...") ? 3 : 0);
    FailureOr<std::string> labels =
        expandLabels(ctx, output, output.contains("...") ? letters + hidden : letters);
    if (failed(labels))
      return failure();
    result = *labels;
  } else {
    // The ellipsis, then the letters that occur once, in order.
    for (int64_t k = hidden; k > 0; --k)
      result.push_back(static_cast<char>(k));
    for (char label = 'A'; label <= 'z'; ++label)
      if (llvm::count(all, label) == 1)
        result.push_back(label);
  }
  for (char label : result)
    if (all.find(label) == std::string::npos || llvm::count(result, label) != 1)
      return ctx.malformed("the output of equation '" + equation +
                           "' must list labels of the inputs, each once");

  for (auto [i, term] : llvm::enumerate(terms)) {
    std::string needed = result;
    for (auto [j, other] : llvm::enumerate(terms))
      if (i != j)
        needed += other.labels;
    takeDiagonals(ctx, term);
    sumUnneeded(ctx, term, needed);
  }
  Term product = terms.front();
  for (size_t i = 1; i < terms.size(); ++i) {
    std::string needed = result;
    for (size_t j = i + 1; j < terms.size(); ++j)
      needed += terms[j].labels;
    product = multiply(ctx, product, terms[i], needed);
  }
  if (product.labels.size() != result.size())
    return failure();
  ctx.setOutput(0, ordered(ctx, product, result));
  return success();
}

void lpc::onnx_to_nn::populateEinsum(Registry &registry) { registry.add("Einsum", convertEinsum); }
