// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Generator of micro-kernels: functions over packed panels that the contraction driver of the
// runtime calls (runtime/include/lpc-runtime/contract.h).
#ifndef LPC_TARGET_CPU_MICROKERNEL_H
#define LPC_TARGET_CPU_MICROKERNEL_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace lpc {

/// One dot primitive with its register tile. Accumulators: rows * columns / lanes vectors, all in
/// registers, so that AVX2 (16 registers) takes 6 x 16 with 8 lanes and leaves four for A and B.
struct MicroKernelSpec {
  /// Part of the function's name: "f32".
  std::string name;
  int64_t rows = 6, columns = 16, lanes = 8;
  /// Values along K that one step consumes.
  int64_t group = 1;
  /// Columns that the row kernel computes at once.
  int64_t rowColumns = 64;
  /// Bytes of an element of A and B.
  int64_t inBytes = 4;
  /// Bytes of an element of C.
  int64_t outBytes = 4;

  mlir::Type accumulator;

  /// `group` consecutive values of one row of A at `address`, repeated in all lanes.
  std::function<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::Value address)> loadA;
  /// `lanes` groups of B at `address`.
  std::function<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::Value address)> loadB;
  /// accumulator + a * b.
  std::function<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::Value a, mlir::Value b,
                            mlir::Value accumulator)>
      dot;
};

/// f32 with one fused multiply-add per term.
MicroKernelSpec makeF32Spec(mlir::MLIRContext *context);

/// i16 products summed in i32, modulo 2^32: pairs along K, one vpmaddwd each.
MicroKernelSpec makeI16Spec(mlir::MLIRContext *context);

/// `lpc_tile_<name>`: see lpc_contract_tile. Made once per module.
mlir::func::FuncOp getTileKernel(mlir::ModuleOp module, const MicroKernelSpec &spec);
/// `lpc_row_<name>`: see lpc_contract_row. For specs with group 1.
mlir::func::FuncOp getRowKernel(mlir::ModuleOp module, const MicroKernelSpec &spec);

} // namespace lpc

#endif // LPC_TARGET_CPU_MICROKERNEL_H
