// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations of the packed dialect.
#ifndef LPC_DIALECTS_PACKED_IR_PACKEDOPS
#define LPC_DIALECTS_PACKED_IR_PACKEDOPS

include "dialects/Packed/IR/PackedAttributes.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Packed_Shaped<int rank, list<Type> elements>
    : AnyTypeOf<[TensorRankOf<elements, [rank]>, MemRefRankOf<elements, [rank]>]>;

def Packed_MatMulOp : Op<Packed_Dialect, "matmul", [
    AttrSizedOperandSegments, DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "a matrix product with a packed weight";
  let description = [{
    `lhs [m, k]` holds integers or floats; `rhs` the bytes of a weight [k, n] in `layout`. A code of the weight stands for its two's
    complement value, or for `codebook[code]` where a codebook is given (4 bits), or in f32 for its value in `format`.

    Integers without scales: `result[m, n] = init[m, n] + sum_k lhs[m, k] * rhs[k, n]` in i32, modulo 2^32.

    Integers with `lhs_scale` ([m or 1, 1]) and `rhs_scale` ([groups, n or 1]): for each group of `group_size` values along k,
    ascending, `result = fma(fl32(sum * 2^-fraction), fl32(lhs_scale * rhs_scale), result)` in f32, starting from `init`.

    `lhs` in f32, with `rhs_scale` only: `result = init + sum_k lhs * rhs * 2^-fraction * rhs_scale` in f32, in any order.

    Example:
    ```mlir
    %y = packed.matmul %x, %w into %zero {layout = #layout} : (tensor<?x64xi16>, tensor<1024xi8>, tensor<?x10xi32>) -> tensor<?x10xi32>
    ```
  }];
  let arguments = (ins Packed_Shaped<2, [I16, F32]>:$lhs, Packed_Shaped<1, [I8]>:$rhs, Optional<Packed_Shaped<2, [F32]>>:$lhs_scale,
                       Optional<Packed_Shaped<2, [F32]>>:$rhs_scale, Packed_Shaped<2, [I32, F32]>:$init,
                       Packed_LayoutAttr:$layout, OptionalAttr<DenseI8ArrayAttr>:$codebook,
                       OptionalAttr<TypeAttr>:$format,
                       DefaultValuedAttr<I64Attr, "0">:$group_size, DefaultValuedAttr<I64Attr, "0">:$fraction);
  let results = (outs Variadic<TensorRankOf<[I32, F32], [2]>>:$output);
  let assemblyFormat = [{
    $lhs `,` $rhs (`lhs_scale` $lhs_scale^)? (`rhs_scale` $rhs_scale^)? `into` $init attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def Packed_HadamardOp : Op<Packed_Dialect, "hadamard", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Walsh-Hadamard stages in place";
  let description = [{
    Along the middle axis of `init` [o, n, i], for s = 0, 1, ... below `stages`, in this order: each pair (a, b) whose distance is
    `distance * 2^s` becomes (a + b, a - b). Then all is multiplied by `scale`. `distance * 2^stages` divides n.

    Example:
    ```mlir
    %y = packed.hadamard into %x {stages = 6 : i64, distance = 11 : i64, scale = 0.125 : f64} : (tensor<?x704x1xf32>) -> tensor<?x704x1xf32>
    ```
  }];
  let arguments = (ins Packed_Shaped<3, [F32, F64]>:$init, I64Attr:$stages, I64Attr:$distance, F64Attr:$scale);
  let results = (outs Variadic<TensorRankOf<[F32, F64], [3]>>:$output);
  let assemblyFormat = "`into` $init attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def Packed_Index : AnyTypeOf<[AnySignlessInteger, VectorOfRankAndType<[1], [AnySignlessInteger]>]>;
def Packed_Entry : AnyTypeOf<[AnySignlessInteger, AnyFloat, VectorOfRankAndType<[1], [AnySignlessInteger, AnyFloat]>]>;

def Packed_LookupOp : Op<Packed_Dialect, "lookup", [Pure]> {
  let summary = "an entry of a constant table";
  let description = [{
    `result = table[index]`, for a scalar or for each lane of a vector. The index is taken as unsigned and is below the size
    of the table for all that may reach it; nothing checks this, so that the operation can be moved freely.

    The table holds what a number format means where no arithmetic says it: the values of codes, or the thresholds of an
    encoder. It becomes a constant of the code, never a weight: LLVM then knows that nothing writes to it.

    Example:
    ```mlir
    %v = packed.lookup %code in dense<[0.0, 1.0, -1.0, 0.5]> : tensor<4xf32> : i8 -> f32
    ```
  }];
  let arguments = (ins Packed_Index:$index, ElementsAttr:$table);
  let results = (outs Packed_Entry:$result);
  let assemblyFormat = "$index `in` $table attr-dict `:` type($index) `->` type($result)";
  let hasVerifier = 1;
}

#endif // LPC_DIALECTS_PACKED_IR_PACKEDOPS
