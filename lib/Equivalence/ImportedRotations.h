// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Orthogonal matrices from a file, where they were learned elsewhere.
#ifndef LPC_LIB_EQUIVALENCE_IMPORTEDROTATIONS_H
#define LPC_LIB_EQUIVALENCE_IMPORTEDROTATIONS_H

#include "Rotation.h"

#include "mlir/IR/Operation.h"

#include <map>
#include <set>
#include <string>

namespace lpc::equiv {

/// The arrays of an .npz by name. An array R [n, n] acts on row vectors, x <- x R, as the
/// literature writes it; it is made orthogonal to working precision, which fails if it is off by
/// more than 1e-6.
class ImportedRotations {
public:
  /// Errors are emitted at `op`.
  mlir::LogicalResult read(mlir::Operation *op, llvm::StringRef path);
  /// The matrix of a class: that of its name ("R2.3"), else that of its kind ("R2"), else null.
  mlir::FailureOr<const Rotation *> find(mlir::Operation *op, llvm::StringRef name, int64_t size);
  /// Fails if the file has names that no class has.
  mlir::LogicalResult checkUsed(mlir::Operation *op, int64_t streams, int64_t heads) const;

private:
  std::string path;
  std::map<std::string, Rotation> rotations;
  std::set<std::string> used;
};

} // namespace lpc::equiv

#endif // LPC_LIB_EQUIVALENCE_IMPORTEDROTATIONS_H
