// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The packed dialect: everything a user of the dialect includes.
#ifndef LPC_DIALECTS_PACKED_IR_PACKED_H
#define LPC_DIALECTS_PACKED_IR_PACKED_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Packed/IR/PackedDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Packed/IR/PackedAttributes.h.inc"
#define GET_OP_CLASSES
#include "dialects/Packed/IR/PackedOps.h.inc"

#endif // LPC_DIALECTS_PACKED_IR_PACKED_H
