// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which specs weights and activations can take, and why not the others.
#include "lpc/Quantization/FormatChoice.h"

#include "llvm/ADT/STLExtras.h"

using namespace lpc;
using namespace lpc::quant;
using llvm::StringRef;

static std::optional<num::FormatSpec> parse(StringRef text, std::string &error) {
  return num::FormatSpec::parse({text.data(), text.size()}, &error);
}

static bool hasLevel(const num::FormatSpec &spec, num::Granularity granularity) {
  return llvm::any_of(spec.levels, [&](const num::ScaleLevel &level) {
    return level.granularity() == granularity;
  });
}

bool quant::isWeightMethod(StringRef word) { return word == "absmax" || word == "mse"; }

std::optional<num::FormatSpec> quant::parseWeightFormat(StringRef format, StringRef method,
                                                        std::string &error) {
  std::optional<num::FormatSpec> spec = parse(format, error);
  if (!spec)
    return std::nullopt;
  if (hasLevel(*spec, num::Granularity::Token)) {
    error = "weights have no tokens: use tensor, channel or group granularity instead of '" +
            spec->str() + "'";
    return std::nullopt;
  }
  if (method != "mse")
    return spec;
  std::string text = spec->expanded();
  spec = parse(text.substr(0, text.find('@')) + "@mse", error);
  if (!spec)
    error = "method mse does not fit '" + format.str() + "': " + error;
  return spec;
}

bool quant::isStatic(const num::FormatSpec &spec) {
  return spec.levels.size() == 1 && spec.granularity() == num::Granularity::Tensor;
}

/// Why activations cannot take a rule; empty if they can.
static std::string explainRule(const num::FormatSpec &spec) {
  switch (spec.rule) {
  case num::Rule::AbsMax:
  case num::Rule::MinMax:
  case num::Rule::Floor:
  case num::Rule::Ceil:
  case num::Rule::Even:
  case num::Rule::RCeil:
  case num::Rule::Log2:
  case num::Rule::Raise:
  case num::Rule::Pow2:
  case num::Rule::Reciprocal:
    return "";
  case num::Rule::NV:
  case num::Rule::NVDivide:
    if (isStatic(spec))
      return "rule '" + std::string(num::toString(spec.rule)) +
             "' takes no scale from calibration: use 'absmax', or blocks smaller than the tensor";
    return "";
  case num::Rule::DFP:
    return isStatic(spec) ? "" : "rule 'dfp' takes one scale per tensor from calibration";
  default:
    return "rule '" + std::string(num::toString(spec.rule)) +
           "' searches or needs more than the largest magnitude: use it for weights, or give "
           "activations one of absmax, minmax, floor, ceil, even, rceil, log2, raise, pow2, nv, "
           "nv_divide, reciprocal";
  }
}

std::optional<num::FormatSpec> quant::parseActivationFormat(StringRef format, std::string &error) {
  std::optional<num::FormatSpec> spec = parse(format, error);
  if (!spec)
    return std::nullopt;
  auto fail = [&](const std::string &why) -> std::optional<num::FormatSpec> {
    error = why;
    return std::nullopt;
  };
  std::string name = "'" + spec->str() + "'";
  if (hasLevel(*spec, num::Granularity::Channel))
    return fail("activations have no output channels: use tensor, token or group granularity "
                "instead of " +
                name);
  if (spec->hasTable || spec->signSplit || spec->zeroPoint == num::ZeroPointKind::Offset)
    return fail("tables, offsets and scales that depend on the sign are for weights only: " + name +
                " is no format of activations");
  if (spec->element->max() <= 0)
    return fail("activations need a format with positive values, which " + name + " is not");
  if (std::string why = explainRule(*spec); !why.empty())
    return fail(name + " is no format of activations: " + why);
  return spec;
}
