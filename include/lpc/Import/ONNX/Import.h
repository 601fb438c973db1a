// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads an ONNX file into a module of the `onnx` dialect.
#ifndef LPC_IMPORT_ONNX_IMPORT_H
#define LPC_IMPORT_ONNX_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/MemoryBufferRef.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lpc {

/// How much a model may ask for. A file from outside is refused with a sentence before it can
/// exhaust the machine.
struct ImportLimits {
  /// Size of the protobuf part; the format itself ends here.
  uint64_t maxFileBytes = (uint64_t(1) << 31) - 1;
  /// Nodes, in all graphs, before and after local functions are inlined.
  uint64_t maxNodes = 1'000'000;
  /// Attributes of all nodes.
  uint64_t maxAttributes = 8'000'000;
  /// Elements of one list attribute.
  uint64_t maxAttributeList = 4'000'000;
  /// Inputs and outputs of one node.
  uint64_t maxNodeValues = 65'536;
  /// Depth of subgraphs inside the main graph, and of calls of local functions.
  unsigned maxDepth = 32;
  /// Dimensions of one tensor.
  unsigned maxRank = 16;
  /// Memory for everything that has to be decoded: the parsed form of the file, and tensors that
  /// cannot be used in place (packed 2- and 4-bit data, sparse tensors, misaligned or typed
  /// fields).
  uint64_t maxDecodedBytes = uint64_t(64) << 30;
  /// The same as a multiple of the file and its external data, plus a fixed part so that small
  /// files need not count.
  uint64_t maxDecodedRatio = 16;
  uint64_t decodedSlack = uint64_t(64) << 20;
};

struct ImportOptions {
  ImportLimits limits;
  /// Folders besides the model's own from which external data may be taken, symbolic links followed
  /// (a cache, say).
  std::vector<std::string> trustedDataDirs;
};

/// Why a model was refused: one sentence that names the file and the place.
struct ImportError {
  enum class Kind { Io, Unsupported, Malformed, Limit };
  Kind kind = Kind::Malformed;
  std::string message;

  /// Exit code of the command line: 2, 3, 4 or 5.
  int getExitCode() const { return static_cast<int>(kind) + 2; }
};

/// Imports the model at `path`. The module's large constants point into memory that belongs to
/// `context`. What was decided on the way (initializers that are also inputs, say) is a remark at
/// the module.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importONNX(llvm::StringRef path,
                                                              mlir::MLIRContext *context,
                                                              const ImportOptions &options,
                                                              ImportError &error);

/// Imports a model from memory; `buffer` may go afterwards. `directory` is where external data
/// lies; if it is empty, a model with external data is refused.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
importONNX(llvm::MemoryBufferRef buffer, llvm::StringRef directory, mlir::MLIRContext *context,
           const ImportOptions &options, ImportError &error);

/// Registers `--import-onnx` for lpc-translate.
void registerImportONNXTranslation();

} // namespace lpc

#endif // LPC_IMPORT_ONNX_IMPORT_H
