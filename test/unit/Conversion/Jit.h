// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles emitted scalar and vector code and runs it in this process.
#ifndef LPC_TEST_UNIT_CONVERSION_JIT_H
#define LPC_TEST_UNIT_CONVERSION_JIT_H

#include "lib/Conversion/PackedToLLVM/Kernels.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <functional>
#include <memory>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace lpc::test {

/// A batch of functions over arrays. Usage: add() each, compile() once, run() them.
class Jit {
public:
  explicit Jit(mlir::MLIRContext &ctx);
  ~Jit();

  /// Loads the dialects that the code may use and the translation to LLVM.
  static void prepare(mlir::MLIRContext &ctx);

  using Body = std::function<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;
  /// `out[i] = body(in0[i], in1[i], ...)`, on vectors of `lanes` elements unless that is 0. Arrays
  /// are a multiple of `lanes` long. Returns the number of the function.
  unsigned add(llvm::ArrayRef<mlir::Type> inputs, mlir::Type output, int64_t lanes,
               const Body &body);

  /// False with a message on stderr if the code does not compile.
  bool compile(const packed::TargetFeatures &features);
  /// The LLVM IR made by compile().
  const std::string &text() const { return llvmText; }

  void run(unsigned function, llvm::ArrayRef<const void *> inputs, void *output, int64_t count);

private:
  mlir::MLIRContext &ctx;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<llvm::orc::LLJIT> engine;
  std::string llvmText;
  unsigned count = 0;
};

} // namespace lpc::test

#endif // LPC_TEST_UNIT_CONVERSION_JIT_H
