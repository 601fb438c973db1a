// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations that move elements without computing on them.
#ifndef LPC_DIALECTS_NN_IR_NNSHAPEOPS
#define LPC_DIALECTS_NN_IR_NNSHAPEOPS

include "dialects/Nn/IR/NnBase.td"
include "mlir/Interfaces/ViewLikeInterface.td"

def Nn_ReshapeOp : Nn_Op<"reshape"> {
  let summary = "the same elements, in row-major order, under another shape";
  let description = [{
    `sizes` holds one value for each `?` of the result type. The numbers of elements must be equal.

    Example: `%y = nn.reshape %x [%n] : tensor<?x1x8x8xf32> -> tensor<?x64xf32>`
  }];
  let arguments = (ins Nn_Tensor:$input, Variadic<Index>:$sizes);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "$input (`[` $sizes^ `]`)? attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Nn_BroadcastOp : Nn_Op<"broadcast"> {
  let summary = "elements repeated along dimensions of size 1";
  let description = [{
    Shapes are aligned at the last dimension; a dimension of size 1 (at run time, if it is `?`) is repeated to the size of
    the result, any other must equal it. `sizes` holds one value for each `?` of the result type.

    Example: `%y = nn.broadcast %x [%n] : tensor<1x8xf32> -> tensor<?x8xf32>`
  }];
  let arguments = (ins Nn_Tensor:$input, Variadic<Index>:$sizes);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "$input (`[` $sizes^ `]`)? attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_TransposeOp : Nn_InferredOp<"transpose"> {
  let summary = "dimensions in another order";
  let description = [{
    `output.shape[i] = input.shape[permutation[i]]`.

    Example: `%y = nn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>`
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Nn_Tensor:$output);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_ConcatOp : Nn_InferredOp<"concat"> {
  let summary = "tensors one after the other along an axis";
  let arguments = (ins Variadic<Nn_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Nn_Tensor:$output);
  let hasVerifier = 1;
}

def Nn_SliceOp : Nn_Op<"slice", [AttrSizedOperandSegments]> {
  let summary = "a strided box of elements";
  let description = [{
    `output[i] = input[offsets + i * strides]`; strides may be negative, not zero. Each of `offsets`, `sizes`, `strides` mixes
    constants and `index` values; the size that is dynamic is `?` in the result. All positions must lie inside the input
    (ONNX's clamping has become index arithmetic).

    Example: `%y = nn.slice %x offsets [0, %o] sizes [2, %n] strides [1, 1] : tensor<4x?xf32> -> tensor<2x?xf32>`
  }];
  let arguments = (ins Nn_Tensor:$input, Variadic<Index>:$offsets, Variadic<Index>:$sizes, Variadic<Index>:$strides,
                       DenseI64ArrayAttr:$static_offsets, DenseI64ArrayAttr:$static_sizes,
                       DenseI64ArrayAttr:$static_strides);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = [{
    $input `offsets` custom<DynamicIndexList>($offsets, $static_offsets) `sizes` custom<DynamicIndexList>($sizes, $static_sizes)
    `strides` custom<DynamicIndexList>($strides, $static_strides) attr-dict `:` type($input) `->` type($output)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "::llvm::ArrayRef<::mlir::OpFoldResult>":$offsets,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$strides)>];
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedOffsets();
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedStrides();
  }];
  let hasVerifier = 1;
}

def Nn_PadOp : Nn_Op<"pad", [AttrSizedOperandSegments]> {
  let summary = "elements added around a tensor";
  let description = [{
    `low[d]` elements before and `high[d]` after along each dimension; negative amounts crop. `constant` takes `value` (a
    rank-0 tensor; absent: zero), `edge` the nearest element, `reflect` mirrors without repeating the border, `wrap` continues
    from the other side.

    Example: `%y = nn.pad %x low [0, 1] high [0, 1] : tensor<4x4xf32> -> tensor<4x6xf32>`
  }];
  let arguments = (ins Nn_Tensor:$input, Optional<Nn_ScalarTensor>:$value, Variadic<Index>:$low, Variadic<Index>:$high,
                       DenseI64ArrayAttr:$static_low, DenseI64ArrayAttr:$static_high,
                       DefaultValuedAttr<Nn_PadModeAttr, "PadMode::Constant">:$mode);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = [{
    $input (`value` $value^ `:` type($value))? `low` custom<DynamicIndexList>($low, $static_low)
    `high` custom<DynamicIndexList>($high, $static_high) attr-dict `:` type($input) `->` type($output)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$value,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$low,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$high,
                                 CArg<"PadMode", "PadMode::Constant">:$mode)>];
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedLow();
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedHigh();
  }];
  let hasVerifier = 1;
}

def Nn_IotaOp : Nn_Op<"iota"> {
  let summary = "the index along an axis";
  let description = [{
    `output[i] = i[axis]`, converted to the element type. `sizes` holds one value for each `?` of the result type.
  }];
  let arguments = (ins Variadic<Index>:$sizes, I64Attr:$axis);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "(`[` $sizes^ `]`)? attr-dict `:` type($output)";
  let hasVerifier = 1;
}

def Nn_GatherOp : Nn_InferredOp<"gather"> {
  let summary = "slices of a tensor chosen by a tensor of positions";
  let description = [{
    `output[a..., i..., b...] = data[a..., indices[i...], b...]`: the axis is replaced by the dimensions of `indices`. An index
    in [-n, -1] counts from the end; any other index outside [0, n-1] ends the run with an error.

    Example: `%y = nn.gather %e, %ids {axis = 0} : (tensor<256x64xf32>, tensor<?x?xi64>) -> tensor<?x?x64xf32>`
  }];
  let arguments = (ins Nn_Tensor:$data, Nn_IndexTensor:$indices, I64Attr:$axis);
  let results = (outs Nn_Tensor:$output);
  let hasVerifier = 1;
}

def Nn_GatherElementsOp : Nn_InferredOp<"gather_elements"> {
  let summary = "elements chosen along an axis, position by position";
  let description = [{
    `output[i] = data[i with i[axis] := indices[i]]`; the shape is that of `indices`. Indices as in `nn.gather`.
  }];
  let arguments = (ins Nn_Tensor:$data, Nn_IndexTensor:$indices, I64Attr:$axis);
  let results = (outs Nn_Tensor:$output);
  let hasVerifier = 1;
}

def Nn_GatherNDOp : Nn_InferredOp<"gather_nd"> {
  let summary = "slices chosen by index tuples";
  let description = [{
    The last dimension of `indices` (static, size q) holds tuples: with `b = batch_dims`,
    `output[B..., i..., r...] = data[B..., indices[B..., i..., 0..q-1], r...]`, where B runs over the first b dimensions.
  }];
  let arguments = (ins Nn_Tensor:$data, Nn_IndexTensor:$indices, DefaultValuedAttr<I64Attr, "0">:$batch_dims);
  let results = (outs Nn_Tensor:$output);
  let hasVerifier = 1;
}

def Nn_ScatterElementsOp : Nn_InferredOp<"scatter_elements"> {
  let summary = "a copy of a tensor with elements replaced along an axis";
  let description = [{
    `output = data`, then in row-major order of `updates`: `output[i with i[axis] := indices[i]] kind= updates[i]`.
  }];
  let arguments = (ins Nn_Tensor:$data, Nn_IndexTensor:$indices, Nn_Tensor:$updates, I64Attr:$axis,
                       DefaultValuedAttr<Nn_ScatterKindAttr, "ScatterKind::Assign">:$kind);
  let results = (outs Nn_Tensor:$output);
  let hasVerifier = 1;
}

def Nn_ScatterNDOp : Nn_InferredOp<"scatter_nd"> {
  let summary = "a copy of a tensor with slices replaced by index tuples";
  let description = [{
    `output = data`, then in row-major order: `output[indices[i..., 0..q-1], r...] kind= updates[i..., r...]`, q being the static
    last dimension of `indices`.
  }];
  let arguments = (ins Nn_Tensor:$data, Nn_IndexTensor:$indices, Nn_Tensor:$updates,
                       DefaultValuedAttr<Nn_ScatterKindAttr, "ScatterKind::Assign">:$kind);
  let results = (outs Nn_Tensor:$output);
  let hasVerifier = 1;
}

#endif // LPC_DIALECTS_NN_IR_NNSHAPEOPS
