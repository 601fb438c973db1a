// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The weight segment: its bytes, its object file, its weights file.
#ifndef LPC_LIB_TARGET_CPU_WEIGHTS_H
#define LPC_LIB_TARGET_CPU_WEIGHTS_H

#include "mlir/IR/BuiltinOps.h"

#include "llvm/Support/raw_ostream.h"

namespace lpc {

/// The symbol at the start of the segment.
constexpr llvm::StringLiteral kWeightsSymbol = "lpc_weights_segment";

/// What the module attributes `lpc.weights` and `lpc.weights_bytes` say.
struct WeightIndex {
  struct Entry {
    llvm::StringRef name;
    int64_t offset, bytes;
    mlir::ElementsAttr value;
  };
  llvm::SmallVector<Entry> entries;
  int64_t bytes = 0;
  /// Names, types and offsets, as text.
  std::string layout;
  /// Identifies the program around the segment; see codegen.h.
  uint64_t program = 0;
};

WeightIndex readWeightIndex(mlir::ModuleOp module);

/// The bytes of the segment, streamed.
mlir::LogicalResult writeSegment(mlir::ModuleOp module, const WeightIndex &index,
                                 llvm::raw_ostream &os);

/// An ELF object for `machine` (ELF::EM_*) with the segment as section .lpc.weights, page-aligned.
mlir::LogicalResult writeWeightsObject(mlir::ModuleOp module, const WeightIndex &index,
                                       uint16_t machine, llvm::raw_ostream &os);

/// A weights file: one page of header, then the segment.
mlir::LogicalResult writeWeightsFile(mlir::ModuleOp module, const WeightIndex &index,
                                     llvm::raw_pwrite_stream &os);

} // namespace lpc

#endif // LPC_LIB_TARGET_CPU_WEIGHTS_H
