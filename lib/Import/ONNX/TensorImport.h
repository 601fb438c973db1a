// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors of the file as elements attributes, without copies wherever the file's bytes can be used
// as they lie.
#ifndef LPC_LIB_IMPORT_ONNX_TENSORIMPORT_H
#define LPC_LIB_IMPORT_ONNX_TENSORIMPORT_H

#include "ExternalData.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/DenseMap.h"

namespace lpc::import {

class TensorImport {
public:
  explicit TensorImport(ImportState &state) : state(state), external(state) {}

  /// Converts a tensor; `what` names it in messages, `key` in the module's resources. The tensor's
  /// data is moved out of the message, later calls for the same tensor return the same attribute.
  mlir::FailureOr<mlir::ElementsAttr> convert(onnx_pb::TensorProto &tensor, const llvm::Twine &what,
                                              llvm::StringRef key);

  /// The same for a sparse tensor, which is made dense.
  mlir::FailureOr<mlir::ElementsAttr> convertSparse(onnx_pb::SparseTensorProto &tensor,
                                                    const llvm::Twine &what, llvm::StringRef key);

private:
  /// Elements in memory order, each in whole bytes, and what keeps them there.
  struct Elements {
    mlir::RankedTensorType type;
    llvm::ArrayRef<char> data;
    mlir::AsmResourceBlob::DeleterFn keepAlive;
  };

  ImportState &state;
  ExternalData external;
  llvm::DenseMap<const void *, mlir::ElementsAttr> converted;

  mlir::FailureOr<mlir::RankedTensorType> convertShape(llvm::ArrayRef<int64_t> dims, int32_t code,
                                                       const llvm::Twine &what);
  mlir::LogicalResult decode(onnx_pb::TensorProto &tensor, Elements &elements,
                             const llvm::Twine &what);
  mlir::LogicalResult decodeTyped(onnx_pb::TensorProto &tensor, Elements &elements,
                                  const llvm::Twine &what);
  mlir::LogicalResult unpack(llvm::StringRef packed, unsigned bits, Elements &elements,
                             const llvm::Twine &what);
  mlir::FailureOr<char *> allocate(uint64_t size, Elements &elements, const llvm::Twine &what);
  mlir::FailureOr<mlir::ElementsAttr> convertStrings(const onnx_pb::TensorProto &tensor,
                                                     mlir::RankedTensorType type,
                                                     const llvm::Twine &what);
  mlir::FailureOr<mlir::ElementsAttr> makeAttr(Elements elements, llvm::StringRef key,
                                               const llvm::Twine &what);
};

} // namespace lpc::import

#endif // LPC_LIB_IMPORT_ONNX_TENSORIMPORT_H
