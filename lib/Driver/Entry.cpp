// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The entry of a module given as text.
#include "Entry.h"

#include "dialects/ONNX/IR/ONNXOps.h"
#include "lpc/Support/ElementCode.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinDialect.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::driver;

/// Types of our dialects are stored in bytes; builtin ones need a code of their own.
static bool canCross(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return false;
  Type element = tensor.getElementType();
  return !isa<BuiltinDialect>(element.getDialect()) || elementCode(element) != 0;
}

Outcome driver::checkEntry(ModuleOp module, StringRef file) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    return {kExitMalformed,
            (file + ": the module has no function @main" + (main ? " with a body" : "")).str()};
  bool hasONNX = main.walk([](onnx::NodeOp) { return WalkResult::interrupt(); }).wasInterrupted();
  if (hasONNX)
    return Outcome::ok();
  auto check = [&](StringRef kind, TypeRange types) -> Outcome {
    for (auto [i, type] : llvm::enumerate(types)) {
      if (canCross(type))
        continue;
      std::string text;
      llvm::raw_string_ostream(text)
          << file << ": expected " << kind << ' ' << i
          << " of @main to be a tensor of known rank with elements that ONNX has too, but got '"
          << type << '\'';
      return {kExitUnsupported, text};
    }
    return Outcome::ok();
  };
  Outcome inputs = check("argument", main.getArgumentTypes());
  return inputs ? check("result", main.getResultTypes()) : inputs;
}
