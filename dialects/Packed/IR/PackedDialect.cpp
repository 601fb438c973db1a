// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration and layouts of the packed dialect.
#include "dialects/Packed/IR/Packed.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace lpc::packed;

#include "dialects/Packed/IR/PackedDialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Packed/IR/PackedAttributes.cpp.inc"

namespace lpc::packed {
/// Attaches bufferization to the operations; defined beside them.
void attachBufferization(MLIRContext *ctx);
} // namespace lpc::packed

void PackedDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialects/Packed/IR/PackedOps.cpp.inc"
      >();
  attachBufferization(getContext());
}

void PackedDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Packed/IR/PackedAttributes.cpp.inc"
      >();
}

//===- LayoutAttr
//-------------------------------------------------------------------------------------===//

AffineMap LayoutAttr::mapOf(MLIRContext *ctx, int64_t columns, int64_t group, int64_t bits) {
  AffineExpr k = getAffineDimExpr(0, ctx), n = getAffineDimExpr(1, ctx);
  int64_t width = columns / (8 / bits);
  AffineExpr plane = bits == 8 ? getAffineConstantExpr(0, ctx) : (n % columns).floorDiv(width);
  return AffineMap::get(2, 0, {n.floorDiv(columns), k.floorDiv(group), n % width, k % group, plane},
                        ctx);
}

LayoutAttr LayoutAttr::get(MLIRContext *ctx, int64_t columns, int64_t group, int64_t bits) {
  return get(ctx, columns, group, bits, mapOf(ctx, columns, group, bits));
}

LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t columns,
                                 int64_t group, int64_t bits, AffineMap map) {
  if (bits != 1 && bits != 2 && bits != 4 && bits != 8)
    return emitError() << "expected codes of 1, 2, 4 or 8 bits, but got " << bits;
  if (group < 1)
    return emitError() << "expected groups of at least 1 value, but got " << group;
  if (columns < 1 || columns % (8 / bits) != 0)
    return emitError() << "expected panels of a multiple of " << 8 / bits << " columns, but got "
                       << columns;
  AffineMap expected = mapOf(map.getContext(), columns, group, bits);
  if (map != expected)
    return emitError() << "expected the map " << AffineMapAttr::get(expected) << ", but got "
                       << AffineMapAttr::get(map);
  return success();
}

std::vector<uint8_t> LayoutAttr::pack(ArrayRef<int32_t> values, int64_t depth,
                                      int64_t columns) const {
  std::vector<uint8_t> bytes(getBytes(depth, columns), 0);
  int64_t steps = getSteps(depth), planes = getPlanes(), width = getColumns() / planes;
  unsigned mask = (1u << getBits()) - 1;
  for (int64_t k = 0; k < depth; ++k) {
    for (int64_t n = 0; n < columns; ++n) {
      int64_t step = n / getColumns() * steps + k / getGroup();
      int64_t byte = step * getStepBytes() + n % width * getGroup() + k % getGroup();
      int64_t plane = n % getColumns() / width;
      bytes[byte] |= (static_cast<unsigned>(values[k * columns + n]) & mask) << (plane * getBits());
    }
  }
  return bytes;
}
