// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calibration statistics, their file, and the choice of ranges.
#include "lpc/Quantization/Calibration.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

std::optional<RangeMethod> quant::parseRangeMethod(StringRef word) {
  return llvm::StringSwitch<std::optional<RangeMethod>>(word)
      .Case("minmax", RangeMethod::MinMax)
      .Case("percentile", RangeMethod::Percentile)
      .Case("mse", RangeMethod::MSE)
      .Default(std::nullopt);
}

//===- TensorStatistics
//-------------------------------------------------------------------------------===//

/// Doubles the limit until it holds the magnitude; two bins become one, outward from the middle.
void TensorStatistics::grow(float magnitude) {
  if (limit == 0) {
    limit = std::exp2(std::ceil(std::log2(std::max(magnitude, 1e-30f))));
    bins.assign(kBins, 0);
    // The zeros seen so far lie in the middle.
    bins[kBins / 2] = finite;
  }
  while (limit < magnitude) {
    std::vector<uint64_t> merged(kBins, 0);
    for (unsigned i = 0; i < kBins; ++i)
      merged[kBins / 4 + i / 2] += bins[i];
    bins = std::move(merged);
    limit = limit < 1e38f ? limit * 2 : std::numeric_limits<float>::max();
  }
}

void TensorStatistics::add(ArrayRef<float> values) {
  for (float x : values) {
    if (!std::isfinite(x)) {
      ++bad;
      continue;
    }
    lo = finite ? std::min(lo, x) : x;
    hi = finite ? std::max(hi, x) : x;
    float magnitude = std::fabs(x);
    if (magnitude > limit)
      grow(magnitude);
    if (limit > 0) {
      int i = static_cast<int>((static_cast<double>(x) / limit + 1) * (kBins / 2));
      ++bins[std::clamp(i, 0, static_cast<int>(kBins) - 1)];
    }
    ++finite;
  }
}

ScaleZero quant::chooseScale(float lo, float hi, const num::FormatSpec &spec) {
  return num::chooseScale(lo, hi, *spec.element, spec.zeroPoint == num::ZeroPointKind::Integer);
}

/// The scale of a range before it is rounded to its format.
static float ruleScale(float lo, float hi, const num::FormatSpec &spec) {
  switch (spec.rule) {
  case num::Rule::Floor:
  case num::Rule::Ceil:
  case num::Rule::Even:
  case num::Rule::RCeil:
  case num::Rule::Log2:
  case num::Rule::Raise:
  case num::Rule::Pow2:
  case num::Rule::DFP: {
    float most = std::max(std::fabs(lo), std::fabs(hi));
    return num::powerOfTwo(num::blockExponent(spec.rule, most, *spec.element));
  }
  default:
    // absmax, minmax and reciprocal: explainRule lets no other rule pass.
    return spec.zeroPoint == num::ZeroPointKind::Float ? num::rangeScale(lo, hi, *spec.element)
                                                       : chooseScale(lo, hi, spec).scale;
  }
}

StaticScale quant::chooseStatic(float lo, float hi, const num::FormatSpec &spec) {
  const num::Format &element = *spec.element;
  const num::Format *format = spec.levels.empty() ? nullptr : spec.levels[0].format;
  const bool reciprocal = spec.rule == num::Rule::Reciprocal;
  StaticScale s;
  s.rounding = reciprocal ? num::Rounding::NearestAway : element.defaultRounding();
  const float scale = s.stored = ruleScale(lo, hi, spec);
  if (format) {
    s.code = num::storedScale(*format, scale);
    s.stored = static_cast<float>(format->decodeToDouble(s.code));
  }
  // This rule divides by the scale before it is rounded to its format.
  s.divisor = reciprocal ? scale : s.stored;
  if (spec.zeroPoint == num::ZeroPointKind::Float)
    s.zero = static_cast<float>(element.lowest()) - lo / s.stored;
  else if (spec.zeroPoint == num::ZeroPointKind::Integer)
    // The zero point belongs to the scale that is stored.
    s.zero = static_cast<float>(lo < hi ? num::rangeZero(lo, s.stored, element)
                                        : chooseScale(lo, hi, spec).zero);
  return s;
}

/// What x becomes.
static double throughFormat(double x, const StaticScale &s, const num::FormatSpec &spec) {
  const num::Format &element = *spec.element;
  num::Conversion policy;
  policy.rounding = s.rounding;
  const float y = static_cast<float>(x) / s.divisor;
  uint32_t code;
  switch (spec.zeroPoint) {
  case num::ZeroPointKind::Integer:
    code = static_cast<const num::IntegerFormat &>(element).encodeAffine(
        y, static_cast<int32_t>(s.zero), policy);
    break;
  case num::ZeroPointKind::Float:
    code = element.encode(static_cast<double>(y + s.zero), policy);
    break;
  default:
    code = element.encode(static_cast<double>(y), policy);
    break;
  }
  return (element.decodeToDouble(code) - s.zero) * s.stored;
}

std::pair<float, float> TensorStatistics::range(RangeMethod method,
                                                const num::FormatSpec &spec) const {
  if (method == RangeMethod::MinMax || finite == 0 || limit == 0)
    return {lo, hi};
  double width = 2.0 * limit / kBins;
  auto center = [&](unsigned i) { return -static_cast<double>(limit) + (i + 0.5) * width; };
  if (method == RangeMethod::Percentile) {
    // Clip the same count at both ends together: the bins of largest magnitude first.
    uint64_t budget = static_cast<uint64_t>(finite * 1e-4);
    for (unsigned k = 0; k < kBins / 2; ++k) {
      uint64_t outer = bins[k] + bins[kBins - 1 - k];
      if (outer > budget) {
        float edge = static_cast<float>(limit - k * width);
        return {std::max(lo, -edge), std::min(hi, edge)};
      }
      budget -= outer;
    }
    return {lo, hi};
  }
  double bestError = std::numeric_limits<double>::infinity();
  std::pair<float, float> best{lo, hi};
  for (int step = 100; step >= 30; step -= 2) {
    const float part = static_cast<float>(step) / 100;
    float a = lo * part, b = hi * part;
    // Such a range need not contain 0, so that it shrinks about its middle.
    if (spec.zeroPoint == num::ZeroPointKind::Float) {
      float middle = lo / 2 + hi / 2, half = (hi / 2 - lo / 2) * part;
      a = std::max(middle - half, lo);
      b = std::min(middle + half, hi);
    }
    const StaticScale s = chooseStatic(a, b, spec);
    double error = 0;
    for (unsigned i = 0; i < kBins; ++i) {
      if (!bins[i])
        continue;
      double x = std::clamp<double>(center(i), lo, hi);
      double y = throughFormat(x, s, spec);
      error += bins[i] * (x - y) * (x - y);
    }
    if (error < bestError) {
      bestError = error;
      best = {a, b};
    }
  }
  return best;
}

//===- CalibrationFile
//--------------------------------------------------------------------------------===//

std::string CalibrationFile::toJSON() const {
  llvm::json::Array list;
  for (auto &[id, t] : tensors) {
    // Only bins that hold something, as [index, count] pairs: files stay small and equal runs give
    // equal bytes.
    llvm::json::Array bins;
    for (auto [i, n] : llvm::enumerate(t.bins))
      if (n)
        bins.push_back(llvm::json::Array{static_cast<int64_t>(i), static_cast<int64_t>(n)});
    list.push_back(llvm::json::Object{{"id", id},
                                      {"count", static_cast<int64_t>(t.finite)},
                                      {"non_finite", static_cast<int64_t>(t.bad)},
                                      {"min", t.lo},
                                      {"max", t.hi},
                                      {"limit", t.limit},
                                      {"bins", std::move(bins)}});
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::json::Value(llvm::json::Object{{"lpc_calibration", 1},
                                             {"samples", static_cast<int64_t>(samples)},
                                             {"model", model},
                                             {"tensors", std::move(list)}})
     << '\n';
  return text;
}

FailureOr<CalibrationFile> CalibrationFile::fromJSON(StringRef text, std::string &error) {
  error = "not a calibration file of lpc";
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value) {
    llvm::consumeError(value.takeError());
    return failure();
  }
  llvm::json::Object *root = value->getAsObject();
  llvm::json::Array *list = root ? root->getArray("tensors") : nullptr;
  if (!list || root->getInteger("lpc_calibration") != 1)
    return failure();
  CalibrationFile file;
  file.samples = root->getInteger("samples").value_or(0);
  file.model = root->getString("model").value_or("").str();
  for (llvm::json::Value &v : *list) {
    llvm::json::Object *o = v.getAsObject();
    if (!o || !o->getInteger("id") || !o->getNumber("min") || !o->getNumber("max") ||
        !o->getNumber("limit"))
      return failure();
    TensorStatistics t;
    t.finite = o->getInteger("count").value_or(0);
    t.bad = o->getInteger("non_finite").value_or(0);
    t.lo = static_cast<float>(*o->getNumber("min"));
    t.hi = static_cast<float>(*o->getNumber("max"));
    t.limit = static_cast<float>(*o->getNumber("limit"));
    if (t.limit > 0)
      t.bins.assign(TensorStatistics::kBins, 0);
    if (llvm::json::Array *bins = o->getArray("bins"))
      for (llvm::json::Value &b : *bins) {
        llvm::json::Array *pair = b.getAsArray();
        if (!pair || pair->size() != 2)
          return failure();
        std::optional<int64_t> i = (*pair)[0].getAsInteger(), n = (*pair)[1].getAsInteger();
        if (!i || !n || *i < 0 || *i >= static_cast<int64_t>(t.bins.size()))
          return failure();
        t.bins[*i] = *n;
      }
    file.tensors[*o->getInteger("id")] = std::move(t);
  }
  error.clear();
  return file;
}

FailureOr<CalibrationFile> CalibrationFile::read(StringRef path, std::string &error) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer) {
    error = "cannot read '" + path.str() + "': " + buffer.getError().message();
    return failure();
  }
  FailureOr<CalibrationFile> file = fromJSON((*buffer)->getBuffer(), error);
  if (failed(file))
    error = "'" + path.str() + "' is " + error;
  return file;
}
