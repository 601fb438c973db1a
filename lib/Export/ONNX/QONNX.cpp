// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// QONNX: weights and activations stay floats and pass through a node that rounds them to the grid
// of any integer or minifloat format. Weights are written rounded already, so that the node changes
// nothing.
#include "Writers.h"

#include <algorithm>

using namespace lpc;
using namespace lpc::exporting;

const char *const exporting::qonnxDomain = "qonnx.custom_op.general";

namespace {
/// The node that rounds to a format: its type, its inputs behind the scale, its attributes.
struct Rounder {
  std::string type;
  std::vector<std::pair<std::string, float>> inputs;
  std::map<std::string, int64_t> ints;
  std::map<std::string, std::string> strings;
};
} // namespace

/// Nothing and a reason if QONNX has no node for the format.
static std::optional<Rounder> rounderOf(const num::Format &format, std::string &reason) {
  if (format.family() == num::Family::Integer) {
    const auto &f = static_cast<const num::IntegerFormat &>(format);
    if (format.width() == 1 && f.isSignedInteger()) {
      reason = "int1 holds 0 and -1, but QONNX's signed bit is bipolar; use int2 or uint1";
      return std::nullopt;
    }
    return Rounder{"Quant",
                   {{"bitwidth", static_cast<float>(format.width())}},
                   {{"signed", f.isSignedInteger()}, {"narrow", f.isNarrow()}},
                   {{"rounding_mode", "ROUND"}}};
  }
  if (format.width() == 1 && format.decodeToDouble(0) == -1 && format.decodeToDouble(1) == 1)
    return Rounder{"BipolarQuant", {}, {}, {}};
  if (format.family() == num::Family::Minifloat) {
    const num::MinifloatParams &p = static_cast<const num::MinifloatFormat &>(format).params();
    if (p.isSigned && p.subnormals && p.exponentBits > 0)
      return Rounder{"FloatQuant",
                     {{"exponent_bitwidth", static_cast<float>(p.exponentBits)},
                      {"mantissa_bitwidth", static_cast<float>(p.mantissaBits)},
                      {"exponent_bias", static_cast<float>(p.bias)},
                      {"max_val", static_cast<float>(format.max())}},
                     {{"has_inf", format.hasInf()},
                      {"has_nan", format.hasNaN()},
                      {"has_subnormal", 1},
                      {"saturation", 1}},
                     {{"rounding_mode", "ROUND"}}};
  }
  reason = "QONNX has no node for " + format.name() + "; use an integer or a signed minifloat";
  return std::nullopt;
}

static std::string writeRounder(GraphEdit &edit, const Rounder &r, const std::string &name,
                                std::vector<std::string> inputs) {
  for (const auto &[input, value] : r.inputs)
    inputs.push_back(edit.addFloats(name + "_" + input, {}, {value}));
  return edit.addNode(r.type, qonnxDomain, name + "_rounded", inputs, r.ints, r.strings);
}

std::string exporting::writeWeightQONNX(GraphEdit &edit, const ExportWeight &w,
                                        const std::string &name, std::string &reason) {
  std::optional<Rounder> rounder = rounderOf(*w.format, reason);
  if (!rounder)
    return {};
  if (w.scales.size() != 1 || w.scales[0].format) {
    reason = "a QONNX node takes one level of float scales; leave out --format qonnx";
    return {};
  }
  const ExportScale &scale = w.scales[0];
  for (size_t d = 0; d < w.shape.size(); ++d)
    if (scale.block[d] > 1 && scale.shape[d] > 1) {
      reason = "QONNX has no groups of weights; use channel or tensor, or leave out --format qonnx";
      return {};
    }
  // value = fl((code - z) * s), as lp.dequantize has it.
  std::vector<float> values;
  std::vector<int64_t> index(w.shape.size(), 0);
  for (uint16_t code : w.codes) {
    size_t at = 0;
    for (size_t d = 0; d < w.shape.size(); ++d)
      at = at * static_cast<size_t>(scale.shape[d]) +
           static_cast<size_t>(scale.shape[d] == 1 ? 0 : index[d]);
    double v = w.format->decodeToDouble(code) - (w.zeros.empty() ? 0 : w.zeros[at]);
    values.push_back(static_cast<float>(v * static_cast<double>(scale.values[at])));
    for (size_t d = w.shape.size(); d-- > 0;) {
      if (++index[d] < w.shape[d])
        break;
      index[d] = 0;
    }
  }
  std::vector<std::string> inputs{edit.addFloats(name + "_values", w.shape, values),
                                  edit.addFloats(name + "_scale", scale.shape, scale.values)};
  if (rounder->type == "Quant") {
    std::vector<float> zeros(w.zeros.begin(), w.zeros.end());
    inputs.push_back(zeros.empty() ? edit.addFloats(name + "_zeropt", {}, {0})
                                   : edit.addFloats(name + "_zeropt", scale.shape, zeros));
  }
  std::string value = writeRounder(edit, *rounder, name, inputs);
  if (!w.isF32)
    value = edit.addNode("Cast", "", name + "_half", {value}, {{"to", TensorProto::FLOAT16}});
  return value;
}

std::string exporting::writeActivationQONNX(GraphEdit &edit, const ExportActivation &a,
                                            const std::string &value, std::string &reason) {
  std::optional<Rounder> rounder = rounderOf(*a.format, reason);
  if (!rounder)
    return {};
  std::vector<std::string> inputs{value, edit.addFloats(value + "_scale", {}, {a.scale})};
  if (rounder->type == "Quant")
    inputs.push_back(edit.addFloats(value + "_zeropt", {}, {static_cast<float>(a.zero)}));
  return writeRounder(edit, *rounder, value, inputs);
}
