// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes that know no lpc dialect: the way from linalg on tensors to code that calls the runtime. Their order is that of
// the pipeline lpc-linalg-to-llvm-pipeline: fuse, prepare, [bufferize], lower-entry, place-constants, plan-memory,
// lower-contractions, linalg-to-loops, expand-math, lower-asserts, outline-parallel,
// [LLVM dialect], widen-sub-byte-accesses.
#ifndef LPC_TRANSFORMS_PASSES
#define LPC_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def CheckShapesPass : Pass<"lpc-check-shapes", "mlir::func::FuncOp"> {
  let summary = "Assert at run time what operations demand of unknown sizes";
  let description = [{
    nn and lp operations presume that unknown dimensions that meet are equal, that a reshape keeps the number of elements, and
    that windows fit. Where types do not show it, a `cf.assert` with the node's name checks it, so that wrong input ends the
    run with a sentence. Sizes that are one value by construction compare equal and their checks fold away. A tensor whose fixed
    sizes take more than 1 TiB is an error.

    *Example*: the product of `tensor<?x?xf32>` and `tensor<64x32xf32>` asserts that the first operand has 64 columns.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::cf::ControlFlowDialect", "mlir::tensor::TensorDialect"];
}

def FoldUnitDimsPass : Pass<"lpc-fold-unit-dims"> {
  let summary = "Drop loops and dimensions of size 1 where all accesses are plain";
  let description = [{
    The upstream rewrite with one restriction: an operation that reads windows (`d0 * stride + d1`) keeps its loops. Without the
    loop over output positions the window's access would look like a loop over the whole input.

    *Example*: a `linalg.generic` over `[1, 64]` becomes one over `[64]`, with reshapes around it.
  }];
  let dependentDialects = ["mlir::linalg::LinalgDialect", "mlir::affine::AffineDialect", "mlir::tensor::TensorDialect"];
}

def HoldScalesPass : Pass<"lpc-hold-scales", "mlir::ModuleOp"> {
  let summary = "Keep constant scales of lp operations out of the code";
  let description = [{
    A scale that is one number, once or repeated, would be written into loop bodies. It becomes a `memref.global` instead, read
    through `bufferization.to_tensor`, which nothing folds: so it goes to the weight segment, and a weights file can replace codes
    and scales together.
  }];
  let dependentDialects = ["mlir::memref::MemRefDialect", "mlir::bufferization::BufferizationDialect"];
}

def FuseElementwisePass : Pass<"lpc-fuse-elementwise"> {
  let summary = "Fuse elementwise linalg.generic operations where nothing is computed twice";
  let description = [{
    Fuses an elementwise producer into its only consumer. A producer goes into a reduction or behind a broadcast only if
    each of its elements is still computed once, or if it is cheap (no division, no function of `math`); never into a
    contraction, which has a micro-kernel. A fused body has at most 64 operations. An operand of one element that lies in a buffer is read once, before the loops.
  }];
  let dependentDialects = ["mlir::linalg::LinalgDialect", "mlir::affine::AffineDialect", "mlir::tensor::TensorDialect",
                           "mlir::arith::ArithDialect"];
}

def PrepareBufferizationPass : Pass<"lpc-prepare-bufferization", "mlir::ModuleOp"> {
  let summary = "Mark inputs as read-only and decompose what bufferization does not take";
  let description = [{
    Inputs belong to the caller, so bufferization must not write into them. `tensor.concat` becomes insertions into one
    result, `tensor.pad` a fill and an insertion, each without an intermediate copy. A constant of one repeated value above
    1 MiB becomes a fill, so that no file holds it. A `tensor.empty`, or a fill of one, into which several ops of a block
    write is made once for each.
  }];
  let dependentDialects = ["mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect",
                           "mlir::bufferization::BufferizationDialect", "mlir::affine::AffineDialect"];
}

def LowerEntryPass : Pass<"lpc-lower-entry", "mlir::ModuleOp"> {
  let summary = "Turn @main on memrefs into the entry function of the model ABI";
  let description = [{
    `func.func @main(memrefs) -> memrefs` becomes `func.func @lpc_entry(%ctx, %in, %out)` of
    runtime/include/lpc-runtime/codegen.h. Types below 8 bits are unpacked and packed here. What the descriptor says about
    inputs and outputs goes to the module attributes `lpc.inputs` and `lpc.outputs`, read from the argument and result
    attributes `lpc.type`, `nn.dims` and `onnx.name`.

    *Preconditions*: bufferized; one function with a body. *Does not* copy: an output may be an input or a constant.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect", "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect",
                           "mlir::scf::SCFDialect"];
}

def PlaceConstantsPass : Pass<"lpc-place-constants", "mlir::ModuleOp"> {
  let summary = "Move constants to the weight segment";
  let description = [{
    Each `memref.get_global` of a constant becomes a view of `ctx->weights` at an offset that is a multiple of 64; tables of up to
    64 bytes with elements of type `index`, `i64` or `i1` stay in the code. The module attribute `lpc.weights` lists name, offset, byte size and value in the order of the segment,
    so that the emitter writes the segment without LLVM seeing the data.

    *Preconditions*: lpc-lower-entry has run.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect", "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect"];
}

def PlanMemoryPass : Pass<"lpc-plan-memory", "mlir::ModuleOp"> {
  let summary = "Give each buffer a place and a life time";
  let description = [{
    Buffers of fixed size at the top level of the entry function get an offset in one arena (first fit over their life
    times; module attribute `lpc.arena_bytes`); all others become lpc_rt_alloc, with lpc_rt_free behind the last use. A
    buffer that leaves its block in another way than through views is left to the end of the run, or, inside of a loop, to the
    end of the first round that does not hand it on (lpc_rt_free_since).
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect", "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect"];
  let statistics = [
    Statistic<"numArena", "arena buffers", "Number of buffers placed in the arena">,
    Statistic<"numDynamic", "dynamic buffers", "Number of buffers allocated at run time">
  ];
}

def LowerContractionsPass : Pass<"lpc-lower-contractions", "mlir::ModuleOp"> {
  let summary = "Send matrix products and convolutions to the micro-kernel driver";
  let description = [{
    A linalg operation on memrefs whose body is `out + a * b` in f32, with linear accesses, becomes a call of
    `lpc_rt_contract`: rows are the loops of one operand and the output, columns those of the other operand and the output,
    K the reductions, the rest is a batch. The micro-kernels are functions of the module, made once.

    *Does not* take depthwise convolutions and products that are too small: lpc-linalg-to-loops vectorises those.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect", "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect",
                           "mlir::scf::SCFDialect", "mlir::vector::VectorDialect", "mlir::math::MathDialect"];
}

def LinalgToLoopsPass : Pass<"lpc-linalg-to-loops", "mlir::ModuleOp"> {
  let summary = "Lower linalg on memrefs to loops that LLVM can vectorise";
  let description = [{
    Adjacent loops that every operand walks contiguously are collapsed. A reduction along the contiguous dimension keeps its
    result in a register; any other reduction runs outside of the innermost parallel loop. Large operations
    become one `scf.parallel` over the outer parallel loops, so that results never depend on the number of threads.
    Float sums may be reassociated by the vectoriser.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::affine::AffineDialect"];
  let options = [
    Option<"parallelThreshold", "parallel-threshold", "int64_t", "32768",
           "Number of element operations from which an operation is split over threads">
  ];
}

def ExpandMathPass : Pass<"lpc-expand-math"> {
  let summary = "Expand exp, tanh, erf, log and the like into polynomials";
  let description = [{
    f32 functions become branch-free polynomials with `math.fma`, so that loops vectorise and the scalar remainder gives the
    same bits as the vector body; errors are at most 4 ulp. f16 and bf16 go through f32. f64 calls libm.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect", "mlir::vector::VectorDialect"];
}

def LowerAssertsPass : Pass<"lpc-lower-asserts", "mlir::ModuleOp"> {
  let summary = "Turn cf.assert into a call of lpc_rt_fail";
  let dependentDialects = ["mlir::LLVM::LLVMDialect", "mlir::scf::SCFDialect", "mlir::arith::ArithDialect"];
  let description = [{`cf.assert %c, "text"` becomes `if (!%c) lpc_rt_fail(ctx, "text")`, which leaves the run.}];
}

def OutlineParallelPass : Pass<"lpc-outline-parallel", "mlir::ModuleOp"> {
  let summary = "Outline scf.parallel loops into bodies for lpc_rt_parallel_for";
  let description = [{
    The one-dimensional loop's body becomes a function `(closure, begin, end)`; captured values travel in a closure on the
    stack. Nested parallel loops become sequential ones.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect", "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect",
                           "mlir::scf::SCFDialect"];
}

//===- on every floor ---------------------------------------------------------------------------------===//

def FoldConstantsPass : Pass<"lpc-fold-constants"> {
  let summary = "Execute operations whose operands are constants";
  let description = [{
    nn, lp, tensor, arith and affine operations with constant operands are executed by the reference evaluator; dead
    operations are erased. Results above 64 bytes become resource blobs named after the operation's location.

    *Does not* fold `lp.dequantize` of constant codes (that is a quantized weight), and what would grow: a result
    above `max-bytes` that is more than `max-growth` times as large as its operands (broadcasts, iotas). A repeated value counts as
    one element; above 64 MiB it is not unfolded to compute with it.
  }];
  let dependentDialects = ["lpc::nn::NnDialect", "lpc::lp::LpDialect", "mlir::arith::ArithDialect"];
  let options = [
    Option<"maxBytes", "max-bytes", "int64_t", "1 << 20", "Bytes up to which a result may grow freely">,
    Option<"maxGrowth", "max-growth", "int64_t", "4", "Largest ratio of result bytes to operand bytes above max-bytes">
  ];
  let statistics = [Statistic<"numFolded", "folded operations", "Number of operations executed at compile time">];
}

def WidenSubByteAccessesPass : Pass<"lpc-widen-sub-byte-accesses", "mlir::ModuleOp"> {
  let summary = "Read and write elements below 8 bits as bytes";
  let description = [{
    An element of `i1` or `i4` takes a byte, whose value is the zero-extended element. LLVM vectorises loads and stores of
    `i8` but not of narrower types: `llvm.load` of `i1` becomes a load of `i8` and a truncation, a store an extension and a
    store of `i8`.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

#endif // LPC_TRANSFORMS_PASSES
