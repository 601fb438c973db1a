// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Micro-kernels over packed weights.
#ifndef LPC_LIB_CONVERSION_PACKEDTOLLVM_KERNELS_H
#define LPC_LIB_CONVERSION_PACKEDTOLLVM_KERNELS_H

#include "dialects/Packed/IR/Packed.h"
#include "lpc/Numerics/Format.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace lpc::packed {

/// Rows of a tile: 6 x 16 sums take 12 of AVX2's 16 registers.
constexpr int64_t kTileRows = 6;

/// What tells two kernels apart: how the weight is stored, the dot primitive, the rows at once.
/// Integer activations: a product of i16 pairs summed in i32, exact for images of up to 16 bits
/// modulo 2^32. Float activations: fused multiply-adds in f32.
struct KernelSpec {
  LayoutAttr layout;
  llvm::ArrayRef<int8_t> codebook;
  int64_t rows;
  bool isFloat;
  const num::Format *format = nullptr; ///< of the codes; null: two's complement, or the codebook
  bool isUnpacked = false;             ///< the weight comes from the unpack kernel
};

/// Whether there is a kernel for a layout.
bool hasKernel(LayoutAttr layout, bool isFloat);
/// The function of lpc_packed_tile, made once per module.
mlir::func::FuncOp getTileKernel(mlir::ModuleOp module, const KernelSpec &spec);
/// The function of lpc_packed_unpack, made once per module.
mlir::func::FuncOp getUnpackKernel(mlir::ModuleOp module, const KernelSpec &spec);
/// The function of lpc_packed_rescale, made once per module.
mlir::func::FuncOp getRescaleKernel(mlir::ModuleOp module, int64_t fraction, bool isFloat);

/// Vector instructions beyond the base of the target that lookups may use.
struct TargetFeatures {
  bool ssse3 = false, avx2 = false;
};

/// packed.lookup => a constant of the module and a load, or a shuffle in registers where the target
/// has one for this size of table.
void lowerLookups(mlir::ModuleOp module, const TargetFeatures &features);

/// packed.hadamard on buffers => loops over rows, split over threads.
void lowerHadamards(mlir::ModuleOp module);

} // namespace lpc::packed

#endif // LPC_LIB_CONVERSION_PACKEDTOLLVM_KERNELS_H
