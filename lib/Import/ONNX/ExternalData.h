// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors that live in files beside the model: found only where they may be, mapped read-only,
// shared.
#ifndef LPC_LIB_IMPORT_ONNX_EXTERNALDATA_H
#define LPC_LIB_IMPORT_ONNX_EXTERNALDATA_H

#include "ModelView.h"

#include "llvm/ADT/StringMap.h"

#include <memory>

namespace lpc::import {

/// A mapped file. Whoever points into it holds a reference.
class MappedFile {
public:
  MappedFile(const char *data, size_t size) : bytes(data, size) {}
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;

  llvm::StringRef bytes;
};

class ExternalData {
public:
  explicit ExternalData(ImportState &state) : state(state) {}

  /// The `size` bytes that the tensor's `external_data` entries name. `file` keeps them alive.
  mlir::FailureOr<llvm::StringRef> read(const onnx_pb::TensorProto &tensor, uint64_t size,
                                        std::shared_ptr<MappedFile> &file, const llvm::Twine &what);

private:
  ImportState &state;
  llvm::StringMap<std::shared_ptr<MappedFile>> files;

  mlir::FailureOr<std::string> resolve(llvm::StringRef location, const llvm::Twine &what);
  mlir::FailureOr<std::shared_ptr<MappedFile>> map(llvm::StringRef location,
                                                   const llvm::Twine &what);
};

} // namespace lpc::import

#endif // LPC_LIB_IMPORT_ONNX_EXTERNALDATA_H
