// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Graphs, nodes and local functions of a parsed model as ops.
#ifndef LPC_LIB_IMPORT_ONNX_GRAPHIMPORT_H
#define LPC_LIB_IMPORT_ONNX_GRAPHIMPORT_H

#include "NodeOrder.h"
#include "TensorImport.h"

#include "dialects/ONNX/IR/ONNXOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace lpc::import {

/// The default domain has two spellings; this is the empty one.
llvm::StringRef normalizeDomain(llvm::StringRef domain);

/// Key of a local function in the table of functions.
std::string getFunctionKey(llvm::StringRef domain, llvm::StringRef name, llvm::StringRef overload);

class GraphImport {
public:
  GraphImport(ModelView &view, ImportState &state)
      : view(view), state(state), builder(state.context), tensors(state), order(state) {}

  /// Fills `module` with the main function and the attributes of the model.
  mlir::LogicalResult run(mlir::ModuleOp module);

private:
  /// Names that are visible at one point; a subgraph sees those around it, a function body only its
  /// own.
  struct Scope {
    Scope *parent = nullptr;
    llvm::StringMap<mlir::Value> values;
  };

  struct Frame;

  /// An attribute as a node of a function body sees it: graphs in it belong to the scope of the
  /// call.
  struct BoundAttribute {
    onnx_pb::AttributeProto *proto;
    Scope *scope;
    const Frame *frame;
  };

  /// One call of a local function that is being inlined; the outermost frame is the model itself.
  struct Frame {
    const Frame *caller = nullptr;
    const onnx_pb::FunctionProto *function = nullptr;
    llvm::StringMap<BoundAttribute> attributes;
    llvm::StringMap<int64_t> opsets;
    /// Names of the calls on the way, each followed by '/'.
    std::string prefix;
    unsigned depth = 0;
  };

  /// Types that the file states for values of the current graph.
  using TypeHints = llvm::StringMap<mlir::Type>;

  ModelView &view;
  ImportState &state;
  mlir::OpBuilder builder;
  TensorImport tensors;
  NodeOrder order;
  mlir::Value none;
  llvm::StringMap<onnx_pb::FunctionProto *> functions;
  uint64_t visitedNodes = 0;
  unsigned regionDepth = 0;
  unsigned overriddenInputs = 0;

  // Model
  void setModuleAttributes(mlir::ModuleOp module);
  mlir::LogicalResult collectFunctions();
  /// Nodes in `list` once every call is inlined, up to just above the limit; `counts` remembers
  /// functions.
  uint64_t countInlined(const NodeList &list, llvm::DenseMap<const void *, uint64_t> &counts);
  mlir::LogicalResult checkInlinedSize();
  mlir::LogicalResult
  collectOpsets(const google::protobuf::RepeatedPtrField<onnx_pb::OperatorSetIdProto> &imports,
                llvm::StringMap<int64_t> &opsets, const llvm::Twine &where);
  mlir::LogicalResult importMain(mlir::ModuleOp module, const Frame &frame);
  mlir::DictionaryAttr describeValue(const onnx_pb::ValueInfoProto &info, mlir::Type type);

  // Graphs
  mlir::LogicalResult importInitializers(onnx_pb::GraphProto &graph, Scope &scope,
                                         const Frame &frame);
  mlir::LogicalResult importNodes(google::protobuf::RepeatedPtrField<onnx_pb::NodeProto> &nodes,
                                  Scope &scope, const Frame &frame, const TypeHints &hints);
  mlir::LogicalResult importSubgraph(onnx_pb::GraphProto &graph, mlir::Region &region, Scope &outer,
                                     const Frame &frame, const llvm::Twine &what);
  TypeHints collectHints(const onnx_pb::GraphProto &graph);

  // Nodes
  mlir::LogicalResult importNode(onnx_pb::NodeProto &node, int index, Scope &scope,
                                 const Frame &frame, const TypeHints &hints);
  mlir::LogicalResult importOperands(const onnx_pb::NodeProto &node, int index, Scope &scope,
                                     llvm::SmallVectorImpl<mlir::Value> &operands);
  mlir::LogicalResult
  bindAttributes(onnx_pb::NodeProto &node, int index, Scope &scope, const Frame &frame,
                 llvm::SmallVectorImpl<std::pair<std::string, BoundAttribute>> &bound);
  mlir::FailureOr<mlir::Attribute> importAttribute(onnx_pb::AttributeProto &attribute,
                                                   const llvm::Twine &what, llvm::StringRef key);
  mlir::LogicalResult inlineCall(onnx_pb::NodeProto &node, int index,
                                 onnx_pb::FunctionProto &function, Scope &scope, const Frame &frame,
                                 const TypeHints &callerHints);

  // Values
  mlir::Value lookup(llvm::StringRef name, const Scope *scope) const;
  mlir::LogicalResult define(llvm::StringRef name, mlir::Value value, Scope &scope,
                             const llvm::Twine &what);
};

} // namespace lpc::import

#endif // LPC_LIB_IMPORT_ONNX_GRAPHIMPORT_H
