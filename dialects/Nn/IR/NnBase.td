// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Base classes of nn operations.
#ifndef LPC_DIALECTS_NN_IR_NNBASE
#define LPC_DIALECTS_NN_IR_NNBASE

include "dialects/Nn/IR/NnEnums.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Nn_Tensor : RankedTensorOf<[AnyType]>;
def Nn_FloatTensor : RankedTensorOf<[AnyFloat]>;
def Nn_BoolTensor : RankedTensorOf<[I1]>;
def Nn_IndexTensor : RankedTensorOf<[I32, I64]>;
def Nn_ScalarTensor : TensorRankOf<[AnyType], [0]>;

// Every nn op is pure and tells the sizes of its results from its operands, so that dead shape code disappears.
class Nn_Op<string mnemonic, list<Trait> traits = []>
    : Op<Nn_Dialect, mnemonic, !listconcat(
        [Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>], traits)> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

// Ops whose result type follows from operands and attributes. The stated result may be more or less static than the
// inferred one, never in conflict with it.
class Nn_InferredOp<string mnemonic, list<Trait> traits = []>
    : Nn_Op<mnemonic, !listconcat([InferTypeOpAdaptorWithIsCompatible], traits)> {
  let extraClassDefinition = [{
    bool $cppClass::isCompatibleReturnTypes(::mlir::TypeRange l, ::mlir::TypeRange r) { return areCompatible(l, r); }
  }];
}

#endif // LPC_DIALECTS_NN_IR_NNBASE
