// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From bytes to messages: pre-scan, generated parser, sanity of the whole.
#include "ModelView.h"
#include "WireScan.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

#include <google/protobuf/io/coded_stream.h>

using namespace mlir;
using namespace lpc;
using namespace lpc::import;

static_assert(sizeof(onnx_pb::GraphProto) <= ParsedSizes::graph);
static_assert(sizeof(onnx_pb::NodeProto) <= ParsedSizes::node);
static_assert(sizeof(onnx_pb::AttributeProto) <= ParsedSizes::attribute);
static_assert(sizeof(onnx_pb::TensorProto) <= ParsedSizes::tensor);
static_assert(sizeof(onnx_pb::SparseTensorProto) <= ParsedSizes::sparseTensor);
static_assert(sizeof(onnx_pb::ValueInfoProto) <= ParsedSizes::valueInfo);
static_assert(sizeof(onnx_pb::TypeProto) <= ParsedSizes::type);
static_assert(sizeof(onnx_pb::TypeProto_Tensor) <= ParsedSizes::type);
static_assert(sizeof(onnx_pb::TensorShapeProto) <= ParsedSizes::shape);
static_assert(sizeof(onnx_pb::TensorShapeProto_Dimension) <= ParsedSizes::dimension);
static_assert(sizeof(onnx_pb::FunctionProto) <= ParsedSizes::function);
static_assert(sizeof(onnx_pb::StringStringEntryProto) <= ParsedSizes::stringEntry);
static_assert(sizeof(onnx_pb::OperatorSetIdProto) <= ParsedSizes::opset);
static_assert(sizeof(onnx_pb::TrainingInfoProto) <= ParsedSizes::other);
static_assert(sizeof(onnx_pb::NodeDeviceConfigurationProto) <= 128);
static_assert(sizeof(onnx_pb::ShardingSpecProto) <= 128);

std::string lpc::import::quoted(StringRef name) {
  constexpr size_t longest = 80;
  std::string text = "'";
  for (unsigned char c : name.take_front(longest)) {
    if (llvm::isPrint(c))
      text += c;
    else
      text += "\\x" + llvm::utohexstr(c, /*LowerCase=*/true, /*Width=*/2);
  }
  return text + (name.size() > longest ? "...'" : "'");
}

LogicalResult lpc::import::parseModel(StringRef bytes, ImportState &state, ModelView &view) {
  const ImportLimits &limits = state.options.limits;
  if (bytes.empty())
    return state.malformed("the file is empty");
  if (bytes.size() > limits.maxFileBytes)
    return state.fail(ImportError::Kind::Limit,
                      "the file has " + Twine(bytes.size()) + " bytes, more than the limit of " +
                          Twine(limits.maxFileBytes) + "; store large tensors as external data");

  uint64_t allowed =
      std::min(limits.maxDecodedBytes, limits.decodedSlack + limits.maxDecodedRatio * bytes.size());
  ScanLimits scanLimits;
  scanLimits.maxNodes = limits.maxNodes;
  scanLimits.maxAttributes = limits.maxAttributes;
  scanLimits.maxAttributeList = limits.maxAttributeList;
  scanLimits.maxNodeValues = limits.maxNodeValues;
  scanLimits.maxParsedBytes = allowed;
  scanLimits.maxDepth = limits.maxDepth;
  scanLimits.maxRank = limits.maxRank;
  ScanResult scan = scanModel({bytes.data(), bytes.size()}, scanLimits);
  if (scan.status == ScanResult::Status::Limit)
    return state.fail(ImportError::Kind::Limit, scan.message);
  if (scan.status == ScanResult::Status::Malformed)
    return state.malformed("not a valid ONNX file: " + scan.message);

  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  // A subgraph is three messages deep, a type two; the scan has already bounded both.
  stream.SetRecursionLimit(static_cast<int>(8 * limits.maxDepth + 64));
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  if (!view.model.ParsePartialFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    return state.malformed("not a valid ONNX file: the protobuf message cannot be parsed");

  const onnx_pb::ModelProto &model = view.model;
  if (!model.has_graph() || model.ir_version() < 1)
    return state.malformed("not an ONNX model: it has no " +
                           Twine(model.has_graph() ? "IR version" : "graph"));
  if (model.graph().node_size() == 0 && model.graph().output_size() == 0)
    return state.malformed("the graph is empty: it has neither nodes nor outputs");
  if (model.graph().output_size() == 0)
    return state.malformed("the graph has no outputs");

  view.hash = llvm::xxHash64(bytes);
  state.decodeBudget = allowed;
  return success();
}
