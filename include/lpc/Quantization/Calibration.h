// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calibration statistics: what the observers of a float model saw, and the ranges chosen from it.
#ifndef LPC_QUANTIZATION_CALIBRATION_H
#define LPC_QUANTIZATION_CALIBRATION_H

#include "lpc/Numerics/ScaleRules.h"

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lpc::quant {

enum class RangeMethod { MinMax, Percentile, MSE };
std::optional<RangeMethod> parseRangeMethod(llvm::StringRef word);

/// The values that one observer saw: count, least, largest, and a histogram over [-limit, limit]
/// whose limit doubles as larger values arrive (neighbouring bins merge, so no sample is seen
/// twice). NaN and infinities are counted apart.
class TensorStatistics {
public:
  static constexpr unsigned kBins = 4096;

  void add(llvm::ArrayRef<float> values);

  uint64_t count() const { return finite; }
  uint64_t nonFinite() const { return bad; }
  float min() const { return lo; }
  float max() const { return hi; }

  /// The interval to be represented. Percentile: the middle 99.99 % (the largest magnitudes of 0.01
  /// % are clipped). MSE: the interval, a multiple 0.30 to 1.00 of [min, max] (about its middle if
  /// the zero point is a real number), with the least squared rounding and clipping error under
  /// chooseStatic: the rule of `spec`, the format of its scale, its zero point and its rounding.
  std::pair<float, float> range(RangeMethod method, const num::FormatSpec &spec) const;

  friend class CalibrationFile;

private:
  void grow(float magnitude);
  uint64_t finite = 0, bad = 0;
  float lo = 0, hi = 0;
  float limit = 0; ///< a power of two; 0 before the first non-zero value
  std::vector<uint64_t> bins;
};

/// Statistics by observer id, as the JSON file that `lpc compile --calib` can save and a later
/// compile can use.
class CalibrationFile {
public:
  std::map<int64_t, TensorStatistics> tensors;
  uint64_t samples = 0;
  /// Hash of the model that was observed; empty if unknown.
  std::string model;

  std::string toJSON() const;
  static mlir::FailureOr<CalibrationFile> fromJSON(llvm::StringRef text, std::string &error);
  static mlir::FailureOr<CalibrationFile> read(llvm::StringRef path, std::string &error);
};

/// Scale and zero point that represent [lo, hi] in the format: symmetric max(|lo|, |hi|) /
/// element.max(), or with a zero point the interval widened to contain 0, (hi - lo) / (max - min)
/// as ONNX does.
using ScaleZero = num::ScaleZero;
ScaleZero chooseScale(float lo, float hi, const num::FormatSpec &spec);

/// The parameters of a static activation.
struct StaticScale {
  uint32_t code = 0;           ///< of the stored scale, where it has a format
  float stored = 1;            ///< what decoding multiplies by
  float divisor = 1;           ///< what encoding divides by; differs under rule reciprocal
  float zero = 0;              ///< an integer, or any number with asym:float
  num::Rounding rounding = {}; ///< of the elements
};

/// For values in [lo, hi], by the rule of `spec`, of one level per tensor.
StaticScale chooseStatic(float lo, float hi, const num::FormatSpec &spec);

} // namespace lpc::quant

#endif // LPC_QUANTIZATION_CALIBRATION_H
