// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parsed file. Everything behind the importer's public header sees ONNX through these messages
// only, so another reader of the wire format can take the generated parser's place.
#ifndef LPC_LIB_IMPORT_ONNX_MODELVIEW_H
#define LPC_LIB_IMPORT_ONNX_MODELVIEW_H

#include "ImportState.h"

#include "ONNXModel.pb.h"

namespace lpc::import {

struct ModelView {
  onnx_pb::ModelProto model;
  /// xxHash64 of the file's bytes.
  uint64_t hash = 0;
};

/// Scans, parses and checks the outermost properties of a model; sets the decoding budget.
mlir::LogicalResult parseModel(llvm::StringRef bytes, ImportState &state, ModelView &view);

} // namespace lpc::import

#endif // LPC_LIB_IMPORT_ONNX_MODELVIEW_H
