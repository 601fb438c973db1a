// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounding a weight tensor with one f32 scale per block: lpc/Numerics/BlockQuantizer.h does the
// work.
#include "lpc/Quantization/WeightScales.h"

#include "lpc/Numerics/BlockQuantizer.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <algorithm>
#include <cmath>
#include <thread>

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

std::optional<ScaleMethod> quant::parseScaleMethod(StringRef word) {
  return llvm::StringSwitch<std::optional<ScaleMethod>>(word)
      .Case("absmax", ScaleMethod::AbsMax)
      .Case("mse", ScaleMethod::MSE)
      .Default(std::nullopt);
}

FailureOr<QuantizedTensor> quant::quantizeTensor(ArrayRef<float> values, ArrayRef<int64_t> shape,
                                                 ArrayRef<int64_t> block,
                                                 const num::FormatSpec &spec, ScaleMethod method) {
  if (llvm::any_of(values, [](float x) { return !std::isfinite(x); }))
    return failure();
  // Blocks of several elements go along the contracted axis, and whole axes are part of each block.
  num::FormatSpec blocks = spec;
  blocks.levels = {{.along = 0, .across = 1}};
  std::vector<num::AxisRole> roles;
  for (int64_t size : block) {
    bool isGroup = size > 1;
    if (isGroup)
      blocks.levels[0].along = static_cast<uint32_t>(size);
    roles.push_back(isGroup     ? num::AxisRole::Contracted
                    : size == 1 ? num::AxisRole::Batch
                                : num::AxisRole::Window);
  }
  bool asymmetric = spec.zeroPoint == num::ZeroPointKind::Integer;
  blocks.rule = method == ScaleMethod::MSE ? num::Rule::MSE
                : asymmetric               ? num::Rule::MinMax
                                           : num::Rule::AbsMax;
  num::BlockQuantized q;
  std::string error;
  num::BlockOptions options;
  options.threads = std::max(1u, std::thread::hardware_concurrency());
  if (!num::quantizeBlocks(blocks, {values.data(), values.size()}, {shape.data(), shape.size()},
                           roles, q, error, options))
    return failure();
  QuantizedTensor result;
  result.codes = std::move(q.codes);
  result.scales = std::move(q.scales[0].values);
  result.zeros = std::move(q.zeros);
  result.scaleShape.assign(q.scales[0].shape.begin(), q.scales[0].shape.end());
  return result;
}
