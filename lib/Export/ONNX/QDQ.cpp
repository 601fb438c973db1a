// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// QuantizeLinear and DequantizeLinear: which types they take, and how scales lie.
#include "Writers.h"

#include <algorithm>
#include <cstring>

using namespace lpc;
using namespace lpc::exporting;

namespace {
/// An ONNX element type that holds a format's codes.
struct CodeType {
  const char *format;
  int type;
  int64_t opset; ///< the first in which Q/DQ take it
};
} // namespace

static constexpr CodeType codeTypes[] = {
    {"int8", TensorProto::INT8, 13},
    {"int8.narrow", TensorProto::INT8, 13},
    {"uint8", TensorProto::UINT8, 13},
    {"e4m3", TensorProto::FLOAT8E4M3FN, 19},
    {"e4m3fnuz", TensorProto::FLOAT8E4M3FNUZ, 19},
    {"e5m2", TensorProto::FLOAT8E5M2, 19},
    {"e5m2fnuz", TensorProto::FLOAT8E5M2FNUZ, 19},
    {"int4", TensorProto::INT4, 21},
    {"int4.narrow", TensorProto::INT4, 21},
    {"uint4", TensorProto::UINT4, 21},
    {"int16", TensorProto::INT16, 21},
    {"int16.narrow", TensorProto::INT16, 21},
    {"uint16", TensorProto::UINT16, 21},
    {"e2m1", TensorProto::FLOAT4E2M1, 23},
    {"int2", TensorProto::INT2, 25},
    {"int2.narrow", TensorProto::INT2, 25},
    {"uint2", TensorProto::UINT2, 25},
};

static const CodeType *codeTypeOf(const num::Format &format) {
  for (const CodeType &t : codeTypes)
    if (format.name() == t.format)
      return &t;
  return nullptr;
}

/// Scale formats that a file holds as themselves.
static constexpr CodeType scaleTypes[] = {
    {"e8m0", TensorProto::FLOAT8E8M0, 24},
    {"fp16", TensorProto::FLOAT16, 13},
    {"bf16", TensorProto::BFLOAT16, 13},
};

static const CodeType *scaleTypeOf(const num::Format &format) {
  for (const CodeType &t : scaleTypes)
    if (format.name() == t.format)
      return &t;
  return nullptr;
}

static std::string noType(const num::Format &format) {
  return "no ONNX type holds " + format.name() +
         "; use int8, int4, int2, int16, e4m3, e5m2 or e2m1, or --format qonnx for other widths";
}

// -- opsets
// ---------------------------------------------------------------------------------------------

namespace {
/// How a grid of scales becomes a scale input: a scalar, one axis, or blocks along one axis with
/// the others written out.
struct ScaleFit {
  std::vector<int64_t> dims;
  std::vector<size_t> from; ///< the grid's element for each of ours
  std::map<std::string, int64_t> attributes;
};
} // namespace

static ScaleFit fitScales(const std::vector<int64_t> &shape, std::vector<int64_t> block,
                          const std::vector<int64_t> &grid) {
  size_t rank = shape.size(), several = 0, last = 0;
  for (size_t d = 0; d < rank; ++d) {
    if (block[d] == 0)
      block[d] = shape[d];
    if (grid[d] > 1) {
      ++several;
      last = d;
    }
  }
  ScaleFit fit;
  if (several == 0) {
    fit.from = {0};
    return fit;
  }
  if (several == 1 && block[last] == 1) {
    fit.dims = {grid[last]};
    for (int64_t i = 0; i < grid[last]; ++i)
      fit.from.push_back(static_cast<size_t>(i));
    fit.attributes["axis"] = static_cast<int64_t>(last);
    return fit;
  }
  // Blocks lie along one axis: the one with the largest blocks; smaller ones are repeated.
  size_t axis = static_cast<size_t>(std::max_element(block.begin(), block.end()) - block.begin());
  fit.attributes["axis"] = static_cast<int64_t>(axis);
  fit.attributes["block_size"] = block[axis];
  fit.dims = shape;
  fit.dims[axis] = grid[axis];
  std::vector<int64_t> index(rank, 0);
  size_t total = 1;
  for (int64_t d : fit.dims)
    total *= static_cast<size_t>(d);
  for (size_t i = 0; i < total; ++i) {
    size_t at = 0;
    for (size_t d = 0; d < rank; ++d)
      at = at * static_cast<size_t>(grid[d]) +
           static_cast<size_t>(d == axis ? index[d] : index[d] / block[d]);
    fit.from.push_back(at);
    for (size_t d = rank; d-- > 0;) {
      if (++index[d] < fit.dims[d])
        break;
      index[d] = 0;
    }
  }
  return fit;
}

template <typename T>
static std::vector<T> pick(const std::vector<T> &values, const ScaleFit &fit) {
  std::vector<T> out;
  for (size_t i : fit.from)
    out.push_back(values[i]);
  return out;
}

int64_t exporting::opsetOfQDQ(const ExportNode &node, std::string &reason) {
  int64_t opset = 13;
  auto need = [&](const CodeType *type, const num::Format &format) {
    if (!type)
      reason = noType(format);
    else
      opset = std::max(opset, type->opset);
    return type != nullptr;
  };
  if (node.activation && !need(codeTypeOf(*node.activation->format), *node.activation->format))
    return 0;
  if (!node.weight)
    return opset;
  const ExportWeight &w = *node.weight;
  if (!need(codeTypeOf(*w.format), *w.format))
    return 0;
  if (w.scales.empty() || w.scales.size() > 2) {
    reason = "a DequantizeLinear node takes one scale, and that another one; the weight has " +
             std::to_string(w.scales.size()) + " levels";
    return 0;
  }
  std::vector<int64_t> shape = w.shape;
  for (const ExportScale &scale : w.scales) {
    if (fitScales(shape, scale.block, scale.shape).attributes.count("block_size"))
      opset = std::max<int64_t>(opset, 21);
    shape = scale.shape;
  }
  const ExportScale &inner = w.scales[0];
  if (!inner.format)
    return opset;
  const CodeType *type = scaleTypeOf(*inner.format);
  if (w.scales.size() == 2 || !type)
    type = codeTypeOf(*inner.format);
  if (!type) {
    reason = "no ONNX type holds scales of " + inner.format->name() +
             "; use f32, e8m0, fp16 or e4m3 scales";
    return 0;
  }
  return std::max(opset, type->opset);
}

// -- weights
// --------------------------------------------------------------------------------------------

/// The block shape of an outer level over the grid of the level inside.
static std::vector<int64_t> blockOverGrid(const ExportScale &outer, const ExportScale &inner,
                                          const std::vector<int64_t> &shape) {
  std::vector<int64_t> block;
  for (size_t d = 0; d < shape.size(); ++d) {
    int64_t o = outer.block[d] == 0 ? shape[d] : outer.block[d];
    int64_t i = inner.block[d] == 0 ? shape[d] : inner.block[d];
    block.push_back(outer.block[d] == 0 ? 0 : std::max<int64_t>(1, o / i));
  }
  return block;
}

/// The scale input of the weight's DequantizeLinear, as float or as e8m0.
static std::string writeScale(GraphEdit &edit, const ExportWeight &w, const ScaleFit &fit,
                              const std::string &name, std::map<std::string, int64_t> &attributes) {
  const ExportScale &inner = w.scales[0];
  if (!inner.format)
    return edit.addFloats(name + "_scale", fit.dims, pick(inner.values, fit));
  std::string bytes = packCodes(*inner.format, pick(inner.codes, fit));
  if (w.scales.size() == 1)
    if (const CodeType *type = scaleTypeOf(*inner.format)) {
      std::string scale = edit.addTensor(name + "_scale", type->type, fit.dims, std::move(bytes));
      if (type->type == TensorProto::FLOAT8E8M0) {
        attributes["output_dtype"] = TensorProto::FLOAT;
        return scale;
      }
      return edit.addNode("Cast", "", name + "_scale_float", {scale}, {{"to", TensorProto::FLOAT}});
    }
  // Scales with scales: a DequantizeLinear of their own.
  std::string codes = edit.addTensor(name + "_scale_codes", codeTypeOf(*inner.format)->type,
                                     fit.dims, std::move(bytes));
  if (w.scales.size() == 1)
    return edit.addNode("DequantizeLinear", "", name + "_scale",
                        {codes, edit.addFloats(name + "_scale_scale", {}, {1})});
  const ExportScale &outer = w.scales[1];
  ExportScale spread = outer;
  spread.block = blockOverGrid(outer, inner, w.shape);
  ScaleFit outerFit = fitScales(inner.shape, spread.block, outer.shape);
  if (fit.dims != inner.shape && !outerFit.dims.empty()) {
    // The inner scales were written out along some axes: so are the outer ones.
    outerFit.from = fit.from;
    for (size_t &at : outerFit.from) {
      size_t rest = at, grid = 1;
      at = 0;
      for (size_t d = inner.shape.size(); d-- > 0;) {
        auto index = static_cast<int64_t>(rest % static_cast<size_t>(inner.shape[d]));
        rest /= static_cast<size_t>(inner.shape[d]);
        int64_t b = spread.block[d] == 0 ? inner.shape[d] : spread.block[d];
        at += grid * static_cast<size_t>(index / b);
        grid *= static_cast<size_t>(outer.shape[d]);
      }
    }
    std::string scales =
        edit.addFloats(name + "_scale_scale", fit.dims, pick(outer.values, outerFit));
    std::string unit = edit.addFloats(name + "_scale_one", {}, {1});
    return edit.addNode(
        "Mul", "", name + "_scale",
        {edit.addNode("DequantizeLinear", "", name + "_scale_value", {codes, unit}), scales});
  }
  return edit.addNode(
      "DequantizeLinear", "", name + "_scale",
      {codes, edit.addFloats(name + "_scale_scale", outerFit.dims, pick(outer.values, outerFit))},
      outerFit.attributes);
}

std::string exporting::writeWeightQDQ(GraphEdit &edit, const ExportWeight &w,
                                      const std::string &name, std::string &reason) {
  const CodeType *type = codeTypeOf(*w.format);
  if (!type) {
    reason = noType(*w.format);
    return {};
  }
  ScaleFit fit = fitScales(w.shape, w.scales[0].block, w.scales[0].shape);
  std::map<std::string, int64_t> attributes = fit.attributes;
  std::vector<std::string> inputs;
  inputs.push_back(
      edit.addTensor(name + "_quantized", type->type, w.shape, packCodes(*w.format, w.codes)));
  inputs.push_back(writeScale(edit, w, fit, name, attributes));
  if (!w.zeros.empty()) {
    std::vector<uint16_t> zeros;
    for (int32_t z : pick(w.zeros, fit))
      zeros.push_back(static_cast<uint16_t>(z & static_cast<int32_t>(w.format->numCodes() - 1)));
    inputs.push_back(
        edit.addTensor(name + "_zero_point", type->type, fit.dims, packCodes(*w.format, zeros)));
  }
  std::string value =
      edit.addNode("DequantizeLinear", "", name + "_dequantized", inputs, attributes);
  if (!w.isF32)
    value = edit.addNode("Cast", "", name + "_half", {value}, {{"to", TensorProto::FLOAT16}});
  return value;
}

// -- activations
// ----------------------------------------------------------------------------------------

std::string exporting::writeActivationQDQ(GraphEdit &edit, const ExportActivation &a,
                                          const std::string &value, std::string &reason) {
  const CodeType *type = codeTypeOf(*a.format);
  if (!type) {
    reason = noType(*a.format);
    return {};
  }
  std::string scale = edit.addFloats(value + "_scale", {}, {a.scale});
  auto code = static_cast<uint16_t>(a.zero & static_cast<int32_t>(a.format->numCodes() - 1));
  std::string zero =
      edit.addTensor(value + "_zero_point", type->type, {}, packCodes(*a.format, {code}));
  std::string codes =
      edit.addNode("QuantizeLinear", "", value + "_quantized", {value, scale, zero});
  return edit.addNode("DequantizeLinear", "", value + "_dequantized", {codes, scale, zero});
}
