// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attributes of operators that slide a window over spatial dimensions.
#include "lib/Conversion/ONNXToNn/HandlerWindows.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

FailureOr<Window> lpc::onnx_to_nn::readWindow(NodeContext &ctx, Value input,
                                              ArrayRef<int64_t> kernel, bool forward) {
  SymbolicIndex &s = ctx.symbols();
  int64_t n = tensorOf(input).getRank() - 2;
  if (n < 1)
    return ctx.malformed("the input must have rank 3 or more, but has type " +
                         printed(input.getType()));
  Window w;
  w.kernel.assign(kernel.begin(), kernel.end());
  w.strides = ctx.intsAttr("strides", SmallVector<int64_t>(n, 1));
  w.dilations = ctx.intsAttr("dilations", SmallVector<int64_t>(n, 1));
  w.pads = ctx.intsAttr("pads", SmallVector<int64_t>(2 * n, 0));
  auto isPositive = [](int64_t x) { return x >= 1; };
  if (static_cast<int64_t>(w.kernel.size()) != n || static_cast<int64_t>(w.strides.size()) != n ||
      static_cast<int64_t>(w.dilations.size()) != n || static_cast<int64_t>(w.pads.size()) != 2 * n)
    return ctx.malformed(
        "'kernel_shape', 'strides', 'dilations' or 'pads' do not have the length that " + Twine(n) +
        " spatial dimensions need");
  if (!llvm::all_of(w.kernel, isPositive) || !llvm::all_of(w.strides, isPositive) ||
      !llvm::all_of(w.dilations, isPositive))
    return ctx.malformed("'kernel_shape', 'strides' and 'dilations' must be positive");

  std::string autoPad = ctx.stringAttr("auto_pad", "NOTSET");
  if (autoPad == "NOTSET")
    return w;
  if (autoPad != "VALID" && autoPad != "SAME_UPPER" && autoPad != "SAME_LOWER")
    return ctx.malformed("auto_pad '" + autoPad +
                         "' is not one of NOTSET, VALID, SAME_UPPER, SAME_LOWER");
  std::fill(w.pads.begin(), w.pads.end(), 0);
  if (autoPad == "VALID" || !forward)
    return w;
  std::vector<Poly> pads(2 * n);
  bool isStatic = true;
  for (int64_t i = 0; i < n; ++i) {
    // The output has ceil(size / stride) positions.
    int64_t effective = w.dilations[i] * (w.kernel[i] - 1) + 1;
    Poly size = ctx.dimPoly(input, i + 2), stride = polyOf(w.strides[i]);
    Poly last = s.mul(s.sub(s.divide(AtomKind::CeilDiv, size, stride), polyOf(1)), stride);
    Poly total = s.max(s.sub(s.add(last, polyOf(effective)), size), polyOf(0));
    Poly smaller = s.divide(AtomKind::FloorDiv, total, polyOf(2)), larger = s.sub(total, smaller);
    pads[i] = autoPad == "SAME_UPPER" ? smaller : larger;
    pads[n + i] = autoPad == "SAME_UPPER" ? larger : smaller;
    isStatic &= SymbolicIndex::constantOf(total).has_value();
  }
  if (!isStatic) {
    w.runtimePads = std::move(pads);
    return w;
  }
  for (auto [pad, p] : llvm::zip(w.pads, pads))
    pad = *SymbolicIndex::constantOf(p);
  return w;
}

FailureOr<Window> lpc::onnx_to_nn::readFilterWindow(NodeContext &ctx, Value input, Value filter,
                                                    bool forward) {
  RankedTensorType type = tensorOf(filter);
  if (type.getRank() != tensorOf(input).getRank() || type.getRank() < 3)
    return ctx.malformed("input and filter must have one rank of 3 or more, but have types " +
                         printed(input.getType()) + " and " + printed(type));
  SmallVector<int64_t> kernel(type.getShape().drop_front(2));
  SmallVector<int64_t> stated = ctx.intsAttr("kernel_shape", kernel);
  for (auto [k, s] : llvm::zip(kernel, stated)) {
    if (ShapedType::isDynamic(k))
      k = s;
    if (ShapedType::isDynamic(k))
      return ctx.unsupported(
          "the filter's size is not known at compile time; state 'kernel_shape'");
    if (k != s)
      return ctx.malformed("'kernel_shape' says " + Twine(s) + " where the filter has " + Twine(k));
  }
  if (stated.size() != kernel.size())
    return ctx.malformed("'kernel_shape' has " + Twine(stated.size()) + " elements, the filter " +
                         Twine(kernel.size()) + " spatial dimensions");
  FailureOr<Window> window = readWindow(ctx, input, kernel, forward);
  if (failed(window) || !forward || !window->runtimePads.empty())
    return window;
  size_t n = window->strides.size();
  for (size_t i = 0; i < n; ++i) {
    int64_t size = tensorOf(input).getDimSize(i + 2);
    int64_t padded = size + window->pads[i] + window->pads[n + i];
    int64_t spanned = window->dilations[i] * (window->kernel[i] - 1) + 1;
    if (!ShapedType::isDynamic(size) && size != 0 && spanned > padded)
      return ctx.malformed("the filter spans " + Twine(spanned) + " elements of dimension " +
                           Twine(i + 2) + ", of which the padded input has " + Twine(padded));
  }
  return window;
}

Value lpc::onnx_to_nn::padForWindow(NodeContext &ctx, Value input, const Window &window,
                                    Value value) {
  if (window.runtimePads.empty())
    return input;
  size_t n = window.strides.size();
  std::vector<Poly> low(n + 2), high(n + 2);
  for (size_t i = 0; i < n; ++i) {
    low[i + 2] = window.runtimePads[i];
    high[i + 2] = window.runtimePads[n + i];
  }
  return nn::PadOp::create(ctx.b, ctx.loc, input, value, ctx.fold(low), ctx.fold(high));
}
