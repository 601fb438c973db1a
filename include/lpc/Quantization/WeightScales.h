// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounding a weight tensor to codes and scales under a scale structure.
#ifndef LPC_QUANTIZATION_WEIGHTSCALES_H
#define LPC_QUANTIZATION_WEIGHTSCALES_H

#include "lpc/Numerics/FormatSpec.h"

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <vector>

namespace lpc::quant {

/// How the scale of a block is chosen: absmax divides by the format's largest value; mse searches
/// multiples 0.40 to 1.00 of that for the least squared error.
enum class ScaleMethod { AbsMax, MSE };
std::optional<ScaleMethod> parseScaleMethod(llvm::StringRef word);

/// A weight tensor in a format. `codes` is row-major in the tensor's shape; `scales` (f32) and
/// `zeros` (integers, empty without zero points) are row-major in `scaleShape`.
struct QuantizedTensor {
  std::vector<uint16_t> codes;
  std::vector<float> scales;
  std::vector<int32_t> zeros;
  llvm::SmallVector<int64_t> scaleShape;
};

/// Rounds `values` (row-major, `shape`) in blocks of `block` elements along each axis (0: the whole
/// axis; at most one axis may have blocks of several elements; the last block may be short). NaN
/// and infinities are not weights: fails if there is one.
mlir::FailureOr<QuantizedTensor> quantizeTensor(llvm::ArrayRef<float> values,
                                                llvm::ArrayRef<int64_t> shape,
                                                llvm::ArrayRef<int64_t> block,
                                                const num::FormatSpec &spec, ScaleMethod method);

} // namespace lpc::quant

#endif // LPC_QUANTIZATION_WEIGHTSCALES_H
