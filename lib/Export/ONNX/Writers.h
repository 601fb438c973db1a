// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The two forms of a quantized tensor in a file. Each writer adds tensors and nodes before the node
// that is being rewritten and returns the value that it reads then; empty with a reason if the form
// cannot hold the tensor.
#ifndef LPC_LIB_EXPORT_ONNX_WRITERS_H
#define LPC_LIB_EXPORT_ONNX_WRITERS_H

#include "GraphEdit.h"

namespace lpc::exporting {

std::string writeWeightQDQ(GraphEdit &edit, const ExportWeight &weight, const std::string &name,
                           std::string &reason);
std::string writeActivationQDQ(GraphEdit &edit, const ExportActivation &activation,
                               const std::string &value, std::string &reason);
/// The operator set that the node needs; 0 and a reason if none is enough.
int64_t opsetOfQDQ(const ExportNode &node, std::string &reason);

std::string writeWeightQONNX(GraphEdit &edit, const ExportWeight &weight, const std::string &name,
                             std::string &reason);
std::string writeActivationQONNX(GraphEdit &edit, const ExportActivation &activation,
                                 const std::string &value, std::string &reason);
extern const char *const qonnxDomain;

/// Makes `model` a model of operator set `opset` at least. False with a sentence if one of its
/// nodes means something else there.
bool raiseOpset(ModelProto &model, int64_t opset, std::string &sentence);

} // namespace lpc::exporting

#endif // LPC_LIB_EXPORT_ONNX_WRITERS_H
