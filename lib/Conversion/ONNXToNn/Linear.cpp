// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products and convolutions. Einsum is in Einsum.cpp.
#include "lib/Conversion/ONNXToNn/HandlerWindows.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

//===- products
//---------------------------------------------------------------------------------------===//

static LogicalResult convertMatMul(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 2, 2, Number)) || failed(ctx.onlyAttrs({})))
    return failure();
  Value x = ctx.input(0), y = ctx.input(1);
  bool rowVector = tensorOf(x).getRank() == 1, columnVector = tensorOf(y).getRank() == 1;
  if (tensorOf(x).getRank() == 0 || tensorOf(y).getRank() == 0)
    return ctx.malformed("an input is a scalar");
  if (rowVector)
    x = unsqueeze(ctx, x, 0);
  if (columnVector)
    y = unsqueeze(ctx, y, 1);
  alignBatch(ctx, x, y, 2);
  Value product = ctx.make<nn::MatMulOp>(x, y);
  if (!product)
    return failure();
  if (rowVector || columnVector) {
    std::vector<Poly> shape = ctx.dimPolys(product);
    if (columnVector)
      shape.pop_back();
    if (rowVector)
      shape.erase(shape.end() - (columnVector ? 1 : 2));
    product = reshapeTo(ctx, product, shape);
  }
  ctx.setOutput(0, product);
  return success();
}

static Value scaled(NodeContext &ctx, Value x, double factor) {
  return factor == 1
             ? x
             : ctx.binary(nn::BinaryKind::Mul, x, ctx.scalar(factor, tensorOf(x).getElementType()));
}

static LogicalResult convertGemm(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 2, 3, Number)) ||
      failed(ctx.onlyAttrs({"alpha", "beta", "transA", "transB", "broadcast"})))
    return failure();
  Value a = ctx.input(0), b = ctx.input(1);
  if (tensorOf(a).getRank() != 2 || tensorOf(b).getRank() != 2)
    return ctx.malformed("both matrices must have rank 2");
  if (ctx.intAttr("transA", 0))
    a = ctx.transpose(a, {1, 0});
  Value product = ctx.make<nn::MatMulOp>(a, b, ctx.intAttr("transB", 0) != 0);
  if (!product)
    return failure();
  product = scaled(ctx, product, ctx.floatAttr("alpha", 1));
  if (ctx.hasInput(2)) {
    Value c = scaled(ctx, ctx.input(2), ctx.floatAttr("beta", 1));
    if (tensorOf(c).getRank() > 2)
      return ctx.malformed("input 2 must broadcast to a matrix");
    product = ctx.binary(nn::BinaryKind::Add, product, c);
  }
  ctx.setOutput(0, product);
  return success();
}

//===- convolutions
//-----------------------------------------------------------------------------------===//

static LogicalResult convertConv(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 2, 3, Float)) ||
      failed(ctx.onlyAttrs({"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"})))
    return failure();
  FailureOr<Window> window = readFilterWindow(ctx, ctx.input(0), ctx.input(1), /*forward=*/true);
  if (failed(window))
    return failure();
  Value bias = ctx.hasInput(2) ? ctx.input(2) : Value();
  if (bias && tensorOf(bias).getRank() != 1)
    return ctx.malformed("the bias must have rank 1");
  Value x = padForWindow(ctx, ctx.input(0), *window, Value());
  ctx.setOutput(0, ctx.make<nn::ConvOp>(x, ctx.input(1), bias, window->strides, window->pads,
                                        window->dilations, ctx.intAttr("group", 1)));
  return success();
}

static LogicalResult convertConvTranspose(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 2, 3, Float)) ||
      failed(ctx.onlyAttrs({"auto_pad", "dilations", "group", "kernel_shape", "output_padding",
                            "output_shape", "pads", "strides"})))
    return failure();
  Value x = ctx.input(0);
  FailureOr<Window> window = readFilterWindow(ctx, x, ctx.input(1), /*forward=*/false);
  if (failed(window))
    return failure();
  int64_t n = window->strides.size();
  SmallVector<int64_t> extra = ctx.intsAttr("output_padding", SmallVector<int64_t>(n, 0));
  SmallVector<int64_t> wanted = ctx.intsAttr("output_shape");
  std::string autoPad = ctx.stringAttr("auto_pad", "NOTSET");
  bool same = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
  if (static_cast<int64_t>(extra.size()) != n ||
      (!wanted.empty() && static_cast<int64_t>(wanted.size()) != n))
    return ctx.malformed("expected " + Twine(n) +
                         " elements in 'output_padding' and 'output_shape'");
  for (int64_t i = 0; i < n && (same || !wanted.empty()); ++i) {
    int64_t effective = window->dilations[i] * (window->kernel[i] - 1) + 1;
    int64_t total = effective + extra[i] - window->strides[i];
    if (!wanted.empty()) {
      std::optional<int64_t> size = SymbolicIndex::constantOf(ctx.dimPoly(x, i + 2));
      if (!size)
        return ctx.unsupported("'output_shape' needs an input of known size; use 'pads' instead");
      total = window->strides[i] * (*size - 1) + effective + extra[i] - wanted[i];
    }
    // What is missing at the wanted size is added at the end.
    if (total < 0) {
      extra[i] -= total;
      total = 0;
    }
    int64_t smaller = total / 2;
    window->pads[i] = autoPad == "SAME_UPPER" ? smaller : total - smaller;
    window->pads[n + i] = total - window->pads[i];
  }
  Value bias = ctx.hasInput(2) ? ctx.input(2) : Value();
  ctx.setOutput(0,
                ctx.make<nn::ConvTransposeOp>(x, ctx.input(1), bias, window->strides, window->pads,
                                              window->dilations, extra, ctx.intAttr("group", 1)));
  return success();
}

void lpc::onnx_to_nn::populateLinear(Registry &registry) {
  registry.add("MatMul", convertMatMul);
  registry.add("Gemm", convertGemm);
  registry.add("Conv", convertConv);
  registry.add("ConvTranspose", convertConvTranspose);
  populateEinsum(registry);
}
