// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The public entry points of the importer, and its registration as a translation.
#include "lpc/Import/ONNX/Import.h"

#include "GraphImport.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::import;

FailureOr<OwningOpRef<ModuleOp>> lpc::importONNX(llvm::MemoryBufferRef buffer, StringRef directory,
                                                 MLIRContext *context, const ImportOptions &options,
                                                 ImportError &error) {
  std::string file = llvm::sys::path::filename(buffer.getBufferIdentifier()).str();
  ImportState state{context, options, error, file.empty() ? "<memory>" : file, directory.str()};
  ModelView view;
  if (failed(parseModel(buffer.getBuffer(), state, view)))
    return failure();
  context->loadDialect<onnx::ONNXDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(context));
  if (failed(GraphImport(view, state).run(*module)))
    return failure();
  if (failed(verify(*module)))
    return state.fail(ImportError::Kind::Malformed, "the imported module does not verify");
  return module;
}

FailureOr<OwningOpRef<ModuleOp>> lpc::importONNX(StringRef path, MLIRContext *context,
                                                 const ImportOptions &options, ImportError &error) {
  auto fail = [&](const Twine &why) -> FailureOr<OwningOpRef<ModuleOp>> {
    error = {ImportError::Kind::Io, ("cannot open " + Twine(quoted(path)) + ": " + why).str()};
    return failure();
  };
  llvm::sys::fs::file_status status;
  if (std::error_code ec = llvm::sys::fs::status(path, status))
    return fail(ec.message());
  if (status.type() == llvm::sys::fs::file_type::directory_file)
    return fail("it is a folder");
  if (status.type() == llvm::sys::fs::file_type::regular_file &&
      status.getSize() > options.limits.maxFileBytes) {
    error = {ImportError::Kind::Limit,
             (llvm::sys::path::filename(path) + ": the file has " + Twine(status.getSize()) +
              " bytes, more than the limit of " + Twine(options.limits.maxFileBytes) +
              "; store large tensors as external data")
                 .str()};
    return failure();
  }
  auto buffer =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail(buffer.getError().message());
  StringRef folder = llvm::sys::path::parent_path(path);
  return importONNX((*buffer)->getMemBufferRef(), folder.empty() ? "." : folder, context, options,
                    error);
}

void lpc::registerImportONNXTranslation() {
  static TranslateToMLIRRegistration registration(
      "import-onnx", "import an ONNX file as a module of the onnx dialect",
      [](llvm::SourceMgr &sources, MLIRContext *context) -> OwningOpRef<ModuleOp> {
        const llvm::MemoryBuffer *buffer = sources.getMemoryBuffer(sources.getMainFileID());
        StringRef path = buffer->getBufferIdentifier();
        StringRef folder = llvm::sys::path::parent_path(path);
        if (path == "<stdin>" || path == "-")
          folder = "";
        else if (folder.empty())
          folder = ".";
        ImportError error;
        auto module = importONNX(buffer->getMemBufferRef(), folder, context, {}, error);
        if (succeeded(module))
          return std::move(*module);
        emitError(UnknownLoc::get(context)) << error.message;
        return {};
      },
      [](DialectRegistry &registry) { registry.insert<onnx::ONNXDialect, func::FuncDialect>(); });
}
