// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The interface that every element format type implements.
#ifndef LPC_DIALECTS_LP_IR_LPINTERFACES
#define LPC_DIALECTS_LP_IR_LPINTERFACES

include "mlir/IR/OpBase.td"

def Lp_ElementFormatInterface : TypeInterface<"ElementFormatInterface"> {
  let cppNamespace = "::lpc::lp";
  let description = [{
    A number format as an element type. All meaning comes from `getFormat()`: its exact `decode`; width, limits, specials and
    integer images are derived from that (include/lpc/Numerics/Format.h).
  }];
  let methods = [
    InterfaceMethod<"the format, interned for the process", "const ::lpc::num::Format *", "getFormat">,
    InterfaceMethod<"bits of a code, 1 to 16", "unsigned", "getWidth", (ins), [{}], [{ return $_type.getFormat()->width(); }]>,
    InterfaceMethod<"the signless integer type of 8 or 16 bits that holds one code when codes are not packed",
                    "::mlir::IntegerType", "getCodeStorageType", (ins), [{}], [{
      return ::mlir::IntegerType::get($_type.getContext(), $_type.getFormat()->width() <= 8 ? 8 : 16);
    }]>
  ];
}

#endif // LPC_DIALECTS_LP_IR_LPINTERFACES
