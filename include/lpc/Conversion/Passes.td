// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions between dialects, in data-flow order.
#ifndef LPC_CONVERSION_PASSES
#define LPC_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

//===- onnx to nn -------------------------------------------------------------------------------------===//

def ConvertONNXToNnPass : Pass<"convert-onnx-to-nn", "::mlir::ModuleOp"> {
  let summary = "Give ONNX nodes their meaning in the nn dialect";
  let description = [{
    Walks `func.func @main` in order, infers all types anew on nn ops, and follows small integer tensors element by
    element, so that the shape computations of exporters become constants and sizes of the arguments. Every node that is
    refused gets one error; the others are converted all the same, so that one run lists everything.

    Example: `onnx.node "Relu"(%x) opset 18 : (tensor<?x4xf32>) -> tensor<*xf32>` becomes
    `nn.unary relu %x : (tensor<?x4xf32>) -> tensor<?x4xf32>`.

    *Preconditions*: nodes are in topological order, as the importer leaves them.

    *Does not*: fold constants, recognise composed operators or choose number formats.
  }];
  let dependentDialects = [
    "::lpc::nn::NnDialect", "::lpc::lp::LpDialect", "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

//===- nn to linalg -----------------------------------------------------------------------------------===//

def ConvertNnToLinalgPass : Pass<"convert-nn-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower nn ops to linalg on tensors";
  let description = [{
    Gives every nn op its loops: `linalg.generic` for elementwise ops, reductions and gathers, named linalg ops for
    contractions, `tensor` ops for reshapes, slices and pads, sequential `scf` loops for scatters, scans and top-k.

    All types become signless storage types: `ui8` is `i8`; integers narrower than a byte are an `i8` that holds the value
    extended by its sign; floats of 8 bits and less are their code in an `i8`. An argument or result of a function whose type
    changes keeps the old type in the attribute `lpc.type`. Arithmetic on floats narrower than f32 is done in f32 and rounded
    once. An index outside of its range reaches a `cf.assert`.

    Example: `nn.unary abs %x : (tensor<?xi8>) -> tensor<?xi8>` becomes a `linalg.generic` with `math.absi`.

    *Does not*: lower lp ops, fuse, tile or choose kernels.
  }];
  let dependentDialects = [
    "::lpc::packed::PackedDialect", "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::cf::ControlFlowDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

//===- lp to linalg -----------------------------------------------------------------------------------===//

def ConvertLpToLinalgPass : Pass<"convert-lp-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower lp ops to loops over stored codes";
  let description = [{
    The generic path of each lp op: every format, scale structure and shape. Tensors of codes become `i8` (formats of up to 8
    bits) or `i16`, one code per element; bits above the format's width hold anything and are ignored by whoever reads a code.
    Constants of other widths stay packed, `width` bits per code, and are read out of the bit stream at run time.

    `int<N>` and `f32_grouped` contractions sum integer images, `(decode(code) - zero point) * 2^fractionBits`, in i32 or i64
    and rescale once (per group); the results are the bits that the op describes. `f32_relaxed` contractions become `nn` ops
    on dequantized operands. `lp.observe` becomes a call of the external function `lpc_observe_f32`.

    Example: `lp.dequantize %c scales(%s) {scale = #lp.scale<[*, *]>} : tensor<2x3x!lp.int8>, (tensor<1x1xf32>) ->
    tensor<2x3xf32>` becomes a `linalg.generic` with `arith.sitofp` and `arith.mulf`.

    *Does not*: choose fast kernels; a constant weight is decoded in each run.
  }];
  let dependentDialects = [
    "::lpc::nn::NnDialect", "::lpc::packed::PackedDialect", "::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect", "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

//===- lp to packed, packed to llvm -------------------------------------------------------------------===//

def ConvertLpToPackedPass : Pass<"convert-lp-to-packed", "::mlir::ModuleOp"> {
  let summary = "Give products with constant weights a packed layout and a micro-kernel";
  let description = [{
    An `lp.matmul` whose right side is a constant of two dimensions and whose integer images fit 8 bits (zero points
    subtracted) becomes `packed.matmul`: the weight is packed at compile time, with 4 bits per code where all images fit
    [-8, 7] or the format has 4 bits, else with 8. The activations' images have at most 16 bits. Takes `int<N>` with N <= 32, and
    `f32_grouped` with even groups of the weight, per column, and activation scales per row or tensor; and `f32_relaxed` with
    activations in f32, whose weight is decoded in registers while the scales multiply the sums of the groups. A `nn.matmul` in
    i32 is taken too, if casts show that the left side fits 16 bits and the constant fits 8.

    Example: `lp.matmul` of `tensor<?x64x!lp.int8>` and a constant `tensor<64x10x!lp.int4>` becomes
    `packed.matmul %x, %bytes into %zero {layout = #packed.layout<columns = 16, group = 2, bits = 4, ...>}` and the exact
    rescale.

    *Does not*: take weights that are computed, convolutions, codes of up to 4 bits whose images need 8; convert-lp-to-linalg
    does.
  }];
  let dependentDialects = [
    "::lpc::nn::NnDialect", "::lpc::packed::PackedDialect", "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"
  ];
}

def ConvertPackedToLLVMPass : Pass<"convert-packed-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Lower packed ops on buffers to calls of the runtime with generated micro-kernels";
  let description = [{
    Each `packed.matmul` becomes a call of `lpc_rt_packed_product` (runtime/include/lpc-runtime/packed.h). Its micro-kernels
    are functions of the module, one per storage and number of rows: the weight is widened to i16 in registers, pairs are
    multiplied and summed in i32.

    Each `packed.lookup` becomes a load from a constant of the module, or on vectors a shuffle in registers where the target
    has one for the size of the table (SSSE3: 16 bytes; AVX2: 32 words), else a gather.

    *Preconditions*: bufferized; lpc-lower-entry has run.

    *Does not*: choose layouts.
  }];
  let options = [
    Option<"features", "features", "std::string", /*default=*/"\"ssse3,avx2\"",
           "Features of the target that kernels may use, of ssse3 and avx2">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

#endif // LPC_CONVERSION_PASSES
