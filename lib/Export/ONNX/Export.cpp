// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The whole way: read the file, rewrite the graphs, write the new file.
#include "Writers.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <climits>

using namespace mlir;
using namespace lpc;
using namespace lpc::exporting;

static LogicalResult fail(ExportError &error, ExportError::Kind kind, const llvm::Twine &message) {
  error = {kind, message.str()};
  return failure();
}

namespace {
class ModelExport {
public:
  ModelExport(ModelProto &model, ArrayRef<ExportNode> nodes, ExportForm form, ExportError &error)
      : names(model), form(form), error(error) {
    for (const ExportNode &node : nodes)
      plan.emplace(node.output, &node);
  }

  LogicalResult rewrite(GraphProto &graph) {
    GraphEdit edit(graph, names);
    for (NodeProto node : graph.node()) {
      for (AttributeProto &a : *node.mutable_attribute()) {
        if (a.has_g() && failed(rewrite(*a.mutable_g())))
          return failure();
        for (GraphProto &g : *a.mutable_graphs())
          if (failed(rewrite(g)))
            return failure();
      }
      auto it = node.output_size() ? plan.find(node.output(0)) : plan.end();
      if (it != plan.end()) {
        if (failed(rewrite(edit, node, *it->second)))
          return failure();
        done.insert(it->first);
      }
      edit.append(std::move(node));
    }
    edit.finish();
    return success();
  }

  /// Nodes of local functions, say: the file has no node of their outputs.
  LogicalResult checkComplete() {
    for (const auto &[output, node] : plan)
      if (!done.count(output))
        return refuse(*node, "it is not in the file's graph (in a local function?)");
    return success();
  }

private:
  LogicalResult refuse(const ExportNode &node, const llvm::Twine &why) {
    return fail(error, ExportError::Kind::Unsupported, "node '" + node.name + "': " + why);
  }

  static bool isDequantized(const GraphEdit &edit, const std::string &value) {
    const NodeProto *producer = edit.producer(value);
    return producer && producer->op_type() == "DequantizeLinear";
  }

  LogicalResult rewrite(GraphEdit &edit, NodeProto &node, const ExportNode &decided) {
    const std::string &type = node.op_type();
    if (!node.domain().empty() || (type != "Conv" && type != "MatMul" && type != "Gemm"))
      return refuse(decided,
                    "only Conv, MatMul and Gemm are written with quantized operands, not " + type +
                        "; leave it in float with --keep");
    if (decided.activation && !isDequantized(edit, node.input(0)))
      if (failed(writeActivation(edit, node, decided)))
        return failure();
    // What the file had quantized already stays.
    if (decided.weight && !isDequantized(edit, node.input(1)))
      return writeWeight(edit, node, decided);
    return success();
  }

  LogicalResult writeActivation(GraphEdit &edit, NodeProto &node, const ExportNode &decided) {
    const ExportActivation &a = *decided.activation;
    std::string value = node.input(0), reason;
    std::string key = value + " " + a.format->name() + " " +
                      std::to_string(llvm::bit_cast<uint32_t>(a.scale)) + " " +
                      std::to_string(a.zero);
    std::string &made = edit.made[key];
    if (made.empty())
      made = form == ExportForm::QDQ ? writeActivationQDQ(edit, a, value, reason)
                                     : writeActivationQONNX(edit, a, value, reason);
    if (made.empty())
      return refuse(decided, reason);
    node.set_input(0, made);
    return success();
  }

  LogicalResult writeWeight(GraphEdit &edit, NodeProto &node, const ExportNode &decided) {
    std::string value = node.input(1), reason;
    bool swapped = node.op_type() == "Gemm" && intAttribute(node, "transB", 0) != 0;
    std::string key = value + " " + node.op_type() + (swapped ? " swapped" : "");
    std::string &made = edit.made[key];
    if (made.empty()) {
      ExportWeight weight = inNodeLayout(*decided.weight, node, edit.initializer(value));
      made = form == ExportForm::QDQ ? writeWeightQDQ(edit, weight, value, reason)
                                     : writeWeightQONNX(edit, weight, value, reason);
    }
    if (made.empty())
      return refuse(decided, reason);
    edit.dropped(value);
    node.set_input(1, made);
    return success();
  }

  Names names;
  ExportForm form;
  ExportError &error;
  std::map<std::string, const ExportNode *> plan;
  std::set<std::string> done;
};
} // namespace

static bool hasExternalData(const GraphProto &graph) {
  for (const TensorProto &t : graph.initializer())
    if (t.data_location() == TensorProto::EXTERNAL)
      return true;
  for (const NodeProto &node : graph.node())
    for (const AttributeProto &a : node.attribute()) {
      if (a.has_g() && hasExternalData(a.g()))
        return true;
      if (a.has_t() && a.t().data_location() == TensorProto::EXTERNAL)
        return true;
    }
  return false;
}

static void importDomain(ModelProto &model, const char *domain) {
  for (const auto &import : model.opset_import())
    if (import.domain() == domain)
      return;
  auto &import = *model.add_opset_import();
  import.set_domain(domain);
  import.set_version(1);
}

LogicalResult lpc::exportQuantized(StringRef input, StringRef output, ArrayRef<ExportNode> nodes,
                                   ExportForm form, ExportError &error) {
  using Kind = ExportError::Kind;
  auto buffer =
      llvm::MemoryBuffer::getFile(input, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail(error, Kind::Io, "cannot open '" + input + "': " + buffer.getError().message());
  ModelProto model;
  StringRef bytes = (*buffer)->getBuffer();
  if (bytes.size() > INT_MAX ||
      !model.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return fail(error, Kind::Malformed, input + ": not a valid ONNX file");
  StringRef from = llvm::sys::path::parent_path(input), to = llvm::sys::path::parent_path(output);
  if (hasExternalData(model.graph()) &&
      !llvm::sys::fs::equivalent(from.empty() ? "." : from, to.empty() ? "." : to))
    return fail(error, Kind::Io,
                "-o " + output +
                    ": the model keeps tensors in files beside it; write into the same folder");

  int64_t opset = 0;
  for (const ExportNode &node : nodes) {
    if (form == ExportForm::QONNX)
      break;
    std::string reason;
    int64_t needed = opsetOfQDQ(node, reason);
    if (needed == 0)
      return fail(error, Kind::Unsupported, "node '" + node.name + "': " + reason);
    opset = std::max(opset, needed);
  }
  std::string sentence;
  if (opset > 0 && !raiseOpset(model, opset, sentence))
    return fail(error, Kind::Unsupported, sentence);
  if (form == ExportForm::QONNX)
    importDomain(model, qonnxDomain);

  ModelExport rewriter(model, nodes, form, error);
  if (failed(rewriter.rewrite(*model.mutable_graph())) || failed(rewriter.checkComplete()))
    return failure();
  if (model.ByteSizeLong() > INT_MAX)
    return fail(error, Kind::Limit,
                "the quantized model has more than 2 GiB, the limit of an ONNX file");
  std::string text;
  model.SerializePartialToString(&text);
  llvm::Error e = llvm::writeToOutput(output, [&](llvm::raw_ostream &os) {
    os << text;
    return llvm::Error::success();
  });
  if (e)
    return fail(error, Kind::Io, "cannot write '" + output + "': " + llvm::toString(std::move(e)));
  return success();
}
