// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration of the nn dialect and the shape arithmetic that its operations share.
#include "dialects/Nn/IR/Nn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "dialects/Nn/IR/NnDialect.cpp.inc"
#include "dialects/Nn/IR/NnEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Nn/IR/NnAttributes.cpp.inc"

void lpc::nn::NnDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Nn/IR/NnAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Nn/IR/NnOps.cpp.inc"
      >();
}

Operation *lpc::nn::NnDialect::materializeConstant(OpBuilder &b, Attribute value, Type type,
                                                   Location loc) {
  if (auto elements = dyn_cast<ElementsAttr>(value); elements && elements.getType() == type)
    return ConstantOp::create(b, loc, type, elements);
  return arith::ConstantOp::materialize(b, value, type, loc);
}

bool lpc::nn::areCompatible(TypeRange lhs, TypeRange rhs) {
  if (lhs.size() != rhs.size())
    return false;
  for (auto [l, r] : llvm::zip(lhs, rhs))
    if (getElementTypeOrSelf(l) != getElementTypeOrSelf(r) || failed(verifyCompatibleShape(l, r)))
      return false;
  return true;
}

FailureOr<SmallVector<int64_t>> lpc::nn::broadcastShapes(ArrayRef<ArrayRef<int64_t>> shapes) {
  size_t rank = 0;
  for (ArrayRef<int64_t> s : shapes)
    rank = std::max(rank, s.size());
  SmallVector<int64_t> result(rank, 1);
  for (ArrayRef<int64_t> s : shapes) {
    for (size_t i = 0; i < s.size(); ++i) {
      int64_t &r = result[rank - s.size() + i];
      int64_t d = s[i];
      if (d == 1 || d == r)
        continue;
      if (r == 1 || (ShapedType::isDynamic(r) && !ShapedType::isDynamic(d)))
        r = d;
      else if (!ShapedType::isDynamic(d))
        return failure();
    }
  }
  return result;
}

int64_t lpc::nn::windowOutputSize(int64_t size, int64_t kernel, int64_t stride, int64_t begin,
                                  int64_t end, int64_t dilation) {
  if (ShapedType::isDynamic(size) || ShapedType::isDynamic(kernel))
    return ShapedType::kDynamic;
  int64_t span = size + begin + end - dilation * (kernel - 1) - 1;
  return span < 0 ? 0 : span / stride + 1;
}

OpFoldResult lpc::nn::dimOf(OpBuilder &b, Location loc, Value v, int64_t axis) {
  return tensor::getMixedSize(b, loc, v, axis);
}

SmallVector<OpFoldResult> lpc::nn::dimsOf(OpBuilder &b, Location loc, Value v) {
  return tensor::getMixedSizes(b, loc, v);
}

#define GET_OP_CLASSES
#include "dialects/Nn/IR/NnOps.cpp.inc"
