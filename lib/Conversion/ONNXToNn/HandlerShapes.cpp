// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Helpers of handlers that move data or compute shapes.
#include "lib/Conversion/ONNXToNn/HandlerShapes.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

Poly lpc::onnx_to_nn::productOf(NodeContext &ctx, ArrayRef<Poly> sizes, size_t from, size_t to) {
  Poly p = polyOf(1);
  for (size_t i = from; i < to; ++i)
    p = ctx.symbols().mul(p, sizes[i]);
  return p;
}

Poly lpc::onnx_to_nn::broadcastSize(NodeContext &ctx, const Poly &x, const Poly &y) {
  if (x == y || isConstant(y, 1))
    return x;
  if (isConstant(x, 1))
    return y;
  // A constant other than 1 decides: the other side is it or 1.
  if (SymbolicIndex::constantOf(x))
    return x;
  if (SymbolicIndex::constantOf(y))
    return y;
  return ctx.symbols().select(ctx.symbols().equal(x, polyOf(1)), y, x);
}

Value lpc::onnx_to_nn::sliceBox(NodeContext &ctx, Value v, ArrayRef<Poly> offsets,
                                ArrayRef<Poly> sizes, ArrayRef<Poly> strides) {
  RankedTensorType type = tensorOf(v);
  bool isWhole = true;
  for (int64_t i = 0; i < type.getRank(); ++i)
    isWhole &=
        isConstant(offsets[i], 0) && isConstant(strides[i], 1) && sizes[i] == ctx.dimPoly(v, i);
  if (isWhole)
    return v;
  if (std::optional<std::vector<Poly>> known = ctx.known(v)) {
    SmallVector<int64_t> offs, szs, strs;
    for (int64_t i = 0; i < type.getRank(); ++i) {
      std::optional<int64_t> o = SymbolicIndex::constantOf(offsets[i]),
                             n = SymbolicIndex::constantOf(sizes[i]),
                             s = SymbolicIndex::constantOf(strides[i]);
      if (!o || !n || !s)
        break;
      offs.push_back(*o);
      szs.push_back(*n);
      strs.push_back(*s);
    }
    if (static_cast<int64_t>(offs.size()) == type.getRank()) {
      std::vector<Poly> taken;
      for (int64_t n = 0, e = ShapedType::getNumElements(szs); n < e; ++n) {
        int64_t rest = n, from = 0, stride = 1;
        for (int64_t i = type.getRank() - 1; i >= 0; --i) {
          from += (offs[i] + rest % szs[i] * strs[i]) * stride;
          stride *= type.getDimSize(i);
          rest /= szs[i];
        }
        taken.push_back((*known)[from]);
      }
      return ctx.fromKnown(taken, szs, type.getElementType());
    }
  }
  return nn::SliceOp::create(ctx.b, ctx.loc, v, ctx.fold(offsets), ctx.fold(sizes),
                             ctx.fold(strides));
}

Value lpc::onnx_to_nn::sliceAxis(NodeContext &ctx, Value v, int64_t axis, const Poly &offset,
                                 const Poly &size) {
  std::vector<Poly> sizes = ctx.dimPolys(v);
  std::vector<Poly> offsets(sizes.size(), polyOf(0)), strides(sizes.size(), polyOf(1));
  offsets[axis] = offset;
  sizes[axis] = size;
  return sliceBox(ctx, v, offsets, sizes, strides);
}

Value lpc::onnx_to_nn::iota(NodeContext &ctx, ArrayRef<Poly> shape, int64_t axis,
                            Type elementType) {
  SmallVector<int64_t> sizes;
  SmallVector<Value> values;
  dispatchIndexOpFoldResults(ctx.fold(shape), values, sizes);
  return nn::IotaOp::create(ctx.b, ctx.loc, RankedTensorType::get(sizes, elementType), values,
                            axis);
}

Value lpc::onnx_to_nn::reshapeTo(NodeContext &ctx, Value v, ArrayRef<Poly> shape) {
  return ctx.reshape(v, ctx.fold(shape));
}

Value lpc::onnx_to_nn::broadcastToShape(NodeContext &ctx, Value v, ArrayRef<Poly> shape) {
  return ctx.broadcastTo(v, ctx.fold(shape));
}

Value lpc::onnx_to_nn::unsqueeze(NodeContext &ctx, Value v, int64_t axis) {
  std::vector<Poly> shape = ctx.dimPolys(v);
  shape.insert(shape.begin() + axis, polyOf(1));
  return reshapeTo(ctx, v, shape);
}

FailureOr<std::vector<Poly>> lpc::onnx_to_nn::readPolys(NodeContext &ctx, unsigned i,
                                                        StringRef what) {
  std::optional<SmallVector<OpFoldResult>> elements = ctx.elements(ctx.input(i));
  if (!elements)
    return ctx.unsupported(what + " has type " + printed(ctx.inputType(i)) +
                           ", but a short integer list of known length is needed");
  std::vector<Poly> result;
  for (OpFoldResult x : *elements)
    result.push_back(ctx.symbols().of(x));
  return result;
}

FailureOr<SmallVector<int64_t>> lpc::onnx_to_nn::readConstants(NodeContext &ctx, unsigned i,
                                                               StringRef what,
                                                               ArrayRef<int64_t> otherwise) {
  if (!ctx.hasInput(i))
    return SmallVector<int64_t>(otherwise);
  if (std::optional<SmallVector<int64_t>> values = ctx.constants(ctx.input(i)))
    return *values;
  return ctx.unsupported(
      what +
      " is computed at run time, but decides the rank or kind of the result; make it a constant of "
      "the model");
}

FailureOr<SmallVector<int64_t>>
lpc::onnx_to_nn::normalizeAxes(NodeContext &ctx, ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t a : axes) {
    FailureOr<int64_t> axis = ctx.normalizeAxis(a, rank);
    if (failed(axis))
      return failure();
    if (llvm::is_contained(result, *axis))
      return ctx.malformed("axis " + Twine(*axis) + " is listed twice");
    result.push_back(*axis);
  }
  return result;
}

Poly lpc::onnx_to_nn::isAxis(NodeContext &ctx, const Poly &axis, int64_t d, int64_t rank) {
  SymbolicIndex &s = ctx.symbols();
  return s.add(s.equal(axis, polyOf(d)), s.equal(axis, polyOf(d - rank)));
}

Value lpc::onnx_to_nn::asIndices(NodeContext &ctx, Value v) {
  Type t = tensorOf(v).getElementType();
  return t.isSignlessInteger(32) || t.isSignlessInteger(64) ? v : ctx.cast(v, ctx.b.getI64Type());
}

void lpc::onnx_to_nn::alignBatch(NodeContext &ctx, Value &x, Value &y, int64_t trailing) {
  std::vector<Poly> dx = ctx.dimPolys(x), dy = ctx.dimPolys(y);
  int64_t nx = dx.size() - trailing, ny = dy.size() - trailing, n = std::max(nx, ny);
  std::vector<Poly> target(n, polyOf(1));
  for (int64_t i = 0; i < n; ++i) {
    if (i >= n - nx)
      target[i] = broadcastSize(ctx, target[i], dx[i - (n - nx)]);
    if (i >= n - ny)
      target[i] = broadcastSize(ctx, target[i], dy[i - (n - ny)]);
  }
  auto align = [&](Value &v, std::vector<Poly> sizes, int64_t own) {
    bool fits = true;
    for (int64_t i = 0; i < own; ++i)
      if (tensorOf(v).getDimSize(i) != 1 && sizes[i] != target[n - own + i]) {
        fits = false;
        sizes[i] = target[n - own + i];
      }
    if (!fits)
      v = broadcastToShape(ctx, v, sizes);
  };
  align(x, dx, nx);
  align(y, dy, ny);
}
