// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Raising the operator set of a file without touching its nodes: allowed where none of them means
// something else afterwards.
#include "Writers.h"

#include <algorithm>

using namespace lpc;
using namespace lpc::exporting;

namespace {
struct Break {
  const char *op;
  int64_t opset; ///< a node written for an earlier one is wrong or means something else here
};
} // namespace

/// Since opset 13, where lpc starts. Other operators only took more types or optional attributes.
static constexpr Break breaks[] = {
    {"BatchNormalization", 14}, // outputs of training, the attribute training_mode
    {"RoiAlign", 16},           // the default of coordinate_transformation_mode
    {"GridSample", 20},         // words of mode
    {"DFT", 20},                // axis became an input
    {"GroupNormalization", 21}, // scale and bias per channel
    {"ReduceL1", 18},           // axes became an input
    {"ReduceL2", 18},
    {"ReduceLogSum", 18},
    {"ReduceLogSumExp", 18},
    {"ReduceMax", 18},
    {"ReduceMean", 18},
    {"ReduceMin", 18},
    {"ReduceProd", 18},
    {"ReduceSumSquare", 18},
    {"Split", 18}, // equal parts are asked for by num_outputs
};

/// Whether this node changes its meaning between two operator sets.
static bool changes(const NodeProto &node, int64_t from, int64_t to) {
  for (const Break &b : breaks) {
    if (node.op_type() != b.op || from >= b.opset || to < b.opset)
      continue;
    if (node.op_type() == "BatchNormalization")
      return node.output_size() > 1;
    if (node.op_type() == "Split")
      return node.input_size() < 2;
    if (node.op_type().rfind("Reduce", 0) == 0)
      return std::any_of(node.attribute().begin(), node.attribute().end(),
                         [](const AttributeProto &a) { return a.name() == "axes"; });
    return true;
  }
  return false;
}

static const NodeProto *findChange(const GraphProto &graph, int64_t from, int64_t to) {
  for (const NodeProto &node : graph.node()) {
    if ((node.domain().empty() || node.domain() == "ai.onnx") && changes(node, from, to))
      return &node;
    for (const AttributeProto &a : node.attribute()) {
      if (a.has_g())
        if (const NodeProto *found = findChange(a.g(), from, to))
          return found;
      for (const GraphProto &g : a.graphs())
        if (const NodeProto *found = findChange(g, from, to))
          return found;
    }
  }
  return nullptr;
}

/// The IR version that came with an operator set.
static int64_t irVersionOf(int64_t opset) {
  return opset >= 25   ? 13
         : opset >= 24 ? 12
         : opset >= 23 ? 11
         : opset >= 21 ? 10
         : opset >= 19 ? 9
                       : 7;
}

bool exporting::raiseOpset(ModelProto &model, int64_t opset, std::string &sentence) {
  for (auto &import : *model.mutable_opset_import()) {
    if (!import.domain().empty() && import.domain() != "ai.onnx")
      continue;
    int64_t from = import.version();
    if (from >= opset)
      return true;
    std::string wish = "operator set " + std::to_string(opset) + ", which these formats need";
    if (from < 13) {
      sentence = "the file has operator set " + std::to_string(from) + ", too old to become " +
                 wish + "; convert it to 13 or later first";
      return false;
    }
    if (const NodeProto *node = findChange(model.graph(), from, opset)) {
      sentence = "node '" + (node->name().empty() ? node->output(0) : node->name()) + "' (" +
                 node->op_type() + " of operator set " + std::to_string(from) +
                 ") means something else in " + wish + "; convert the file to that set first";
      return false;
    }
    import.set_version(opset);
    model.set_ir_version(std::max(model.ir_version(), irVersionOf(opset)));
    return true;
  }
  sentence = "the file names no version of the standard operators";
  return false;
}
