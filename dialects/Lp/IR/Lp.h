// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The lp dialect: everything a user of the dialect includes.
#ifndef LPC_DIALECTS_LP_IR_LP_H
#define LPC_DIALECTS_LP_IR_LP_H

#include "lpc/Numerics/Format.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Lp/IR/LpDialect.h.inc"
#include "dialects/Lp/IR/LpEnums.h.inc"
#include "dialects/Lp/IR/LpTypeInterfaces.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Lp/IR/LpTypes.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Lp/IR/LpAttributes.h.inc"

namespace lpc::lp {

/// The format of a tensor of codes, or null if its elements are builtin numbers.
const num::Format *formatOf(mlir::Type tensorOrElement);

/// tensor<shape x !lp.format>.
mlir::RankedTensorType codeTensor(mlir::MLIRContext *ctx, llvm::ArrayRef<int64_t> shape,
                                  const num::Format *format);

/// The format whose codes have the same bits and meaning as a builtin integer or float type, or
/// null.
const num::Format *formatOfBuiltin(mlir::Type builtin);

/// Bytes of the bit stream that holds `numElements` codes of `width` bits.
inline int64_t packedBytes(int64_t numElements, unsigned width) {
  return (numElements * width + 7) / 8;
}

/// Makes an lp.constant value: packs `codes` (one per element, row-major) into a resource blob
/// named after `name`.
mlir::DenseResourceElementsAttr makeCodes(mlir::RankedTensorType type,
                                          llvm::ArrayRef<uint16_t> codes, llvm::StringRef name);
/// The codes of an lp.constant value, unpacked; nothing if the blob is missing or too short.
std::optional<std::vector<uint16_t>> readCodes(mlir::ElementsAttr value);

} // namespace lpc::lp

#define GET_OP_CLASSES
#include "dialects/Lp/IR/LpOps.h.inc"

#endif // LPC_DIALECTS_LP_IR_LP_H
