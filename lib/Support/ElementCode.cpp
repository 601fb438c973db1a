// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one table from builtin element types to the codes of the C interface.
#include "lpc/Support/ElementCode.h"

#include "lpc-runtime/lpc.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

static int32_t integerCode(IntegerType type) {
  bool isUnsigned = type.isUnsigned();
  switch (type.getWidth()) {
  case 1:
    return LPC_DTYPE_BOOL;
  case 2:
    return isUnsigned ? LPC_DTYPE_U2 : LPC_DTYPE_I2;
  case 4:
    return isUnsigned ? LPC_DTYPE_U4 : LPC_DTYPE_I4;
  case 8:
    return isUnsigned ? LPC_DTYPE_U8 : LPC_DTYPE_I8;
  case 16:
    return isUnsigned ? LPC_DTYPE_U16 : LPC_DTYPE_I16;
  case 32:
    return isUnsigned ? LPC_DTYPE_U32 : LPC_DTYPE_I32;
  case 64:
    return isUnsigned ? LPC_DTYPE_U64 : LPC_DTYPE_I64;
  default:
    return 0;
  }
}

int32_t lpc::elementCode(Type type) {
  return llvm::TypeSwitch<Type, int32_t>(type)
      .Case<IntegerType>(integerCode)
      .Case<IndexType>([](Type) { return LPC_DTYPE_I64; })
      .Case<Float16Type>([](Type) { return LPC_DTYPE_F16; })
      .Case<BFloat16Type>([](Type) { return LPC_DTYPE_BF16; })
      .Case<Float32Type>([](Type) { return LPC_DTYPE_F32; })
      .Case<Float64Type>([](Type) { return LPC_DTYPE_F64; })
      .Case<Float8E4M3FNType>([](Type) { return LPC_DTYPE_F8E4M3FN; })
      .Case<Float8E4M3FNUZType>([](Type) { return LPC_DTYPE_F8E4M3FNUZ; })
      .Case<Float8E5M2Type>([](Type) { return LPC_DTYPE_F8E5M2; })
      .Case<Float8E5M2FNUZType>([](Type) { return LPC_DTYPE_F8E5M2FNUZ; })
      .Case<Float8E8M0FNUType>([](Type) { return LPC_DTYPE_F8E8M0; })
      .Case<Float4E2M1FNType>([](Type) { return LPC_DTYPE_F4E2M1; })
      .Default([](Type) { return 0; });
}
