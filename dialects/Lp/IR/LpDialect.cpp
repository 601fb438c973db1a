// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration of the lp dialect.
#include "dialects/Lp/IR/Lp.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

#include "dialects/Lp/IR/LpDialect.cpp.inc"

void lpc::lp::LpDialect::initialize() {
  registerTypes();
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialects/Lp/IR/LpOps.cpp.inc"
      >();
}

Operation *lpc::lp::LpDialect::materializeConstant(OpBuilder &b, Attribute value, Type type,
                                                   Location loc) {
  if (auto elements = dyn_cast<ElementsAttr>(value); elements && formatOf(type))
    return ConstantOp::create(b, loc, type, elements);
  return nullptr;
}
