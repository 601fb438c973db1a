// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Codes of f64 values under scales that were chosen from their f32 roundings.
#include "BlockCoder.h"
#include "BlockGeometry.h"

#include "lpc/Numerics/ScaleRules.h"

#include <algorithm>

namespace lpc::num {

using namespace detail;

/// Whether a code is the nearest one to fl(x / s), or to fl(x * r) with an r that follows from the
/// stored scales.
static bool isRefinable(const FormatSpec &spec) {
  if (spec.hasTable)
    return false;
  switch (spec.rule) {
  case Rule::AbsMax:
  case Rule::MinMax:
  case Rule::MSE:
  case Rule::Floor:
  case Rule::Ceil:
  case Rule::Even:
  case Rule::RCeil:
  case Rule::Log2:
  case Rule::Raise:
  case Rule::Pow2:
  case Rule::DFP:
  case Rule::NV:
  case Rule::NVDivide:
  case Rule::FourOverSix:
    return true;
  default:
    return false;
  }
}

namespace {
/// Makes the codes of one row of blocks.
class Refiner {
public:
  Refiner(BlockQuantized &q, std::span<const AxisRole> roles)
      : q(q), geometry(q.shape, roles), coder(q.spec, {}),
        multiplies(!q.spec.levels.empty() &&
                   (q.spec.rule == Rule::NV || q.spec.rule == Rule::NVDivide ||
                    q.spec.rule == Rule::FourOverSix ||
                    (q.spec.rule == Rule::MSE && q.spec.levels.size() == 2))) {
    for (const ScaleLevel &level : q.spec.levels)
      grids.emplace_back(level, q.shape, roles, geometry);
  }

  void run(std::span<const double> x) {
    // Two floats hold a double to 48 bits, and rows of floats can be gathered.
    std::vector<float> high(x.size()), low(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      high[i] = static_cast<float>(x[i]);
      low[i] = static_cast<float>(x[i] - high[i]);
    }
    const size_t columns = geometry.columns();
    const size_t along = grids.empty() || grids[0].whole() ? columns : grids[0].columnsPerBlock();
    std::vector<float> highRow(columns), lowRow(columns), y(columns);
    std::vector<uint16_t> codes(columns);
    for (size_t row = 0; row < geometry.rows(); ++row) {
      gather(high, row, highRow);
      gather(low, row, lowRow);
      for (size_t c = 0; c < columns; c += along)
        block(row, c, std::min(along, columns - c), highRow, lowRow, y, codes);
      if (geometry.contiguous())
        std::copy(codes.begin(), codes.end(), q.codes.begin() + row * columns);
      else
        geometry.scatter(codes.data(), row, 1, q.codes.data());
    }
  }

private:
  void gather(const std::vector<float> &tensor, size_t row, std::vector<float> &out) const {
    if (geometry.contiguous())
      std::copy_n(tensor.begin() + row * geometry.columns(), out.size(), out.begin());
    else
      geometry.gather(tensor.data(), row, 1, out.data());
  }

  float whole(const std::vector<LevelValues> &levels, size_t row, size_t column, float none) const {
    float product = none;
    for (size_t i = 0; i < levels.size(); ++i) {
      float v = levels[i].values[grids[i].at(row, column)];
      product = i == 0 ? v : product * v;
    }
    return product;
  }

  void block(size_t row, size_t c, size_t n, const std::vector<float> &high,
             const std::vector<float> &low, std::vector<float> &y, std::vector<uint16_t> &codes) {
    const float s = whole(q.scales, row, c, 1);
    const float negative = q.spec.signSplit ? whole(q.negativeScales, row, c, 1) : s;
    const float offset = whole(q.offsets, row, c, 0);
    const float z = q.floatZeros.empty() ? 0 : q.floatZeros[grids[0].at(row, c)];
    const float factor =
        multiplies
            ? nvReciprocal(q.scales[0].values[grids[0].at(row, c)],
                           q.scales.size() > 1 ? q.scales[1].values[grids[1].at(row, c)] : 1.0f)
            : 0;
    for (size_t i = c; i < c + n; ++i) {
      const double x = static_cast<double>(high[i]) + low[i];
      const float divisor = x < 0 ? negative : s;
      if (multiplies)
        y[i] = static_cast<float>(x * factor);
      else if (s == 0)
        y[i] = 0;
      else if (q.spec.zeroPoint == ZeroPointKind::Offset)
        y[i] = static_cast<float>(static_cast<float>(x - offset) / static_cast<double>(divisor));
      else
        y[i] = static_cast<float>(x / divisor);
      if (q.spec.zeroPoint == ZeroPointKind::Float)
        y[i] = s == 0 ? 0 : y[i] + z;
    }
    if (q.spec.zeroPoint != ZeroPointKind::Integer)
      return coder.encodeNormalized(y.data() + c, n, codes.data() + c);
    BlockParams p;
    p.zero = q.zeros[grids[0].at(row, c)];
    p.wholeScale = s == 0 ? 0 : 1;
    coder.encode(p, y.data() + c, n, codes.data() + c);
  }

  BlockQuantized &q;
  Geometry geometry;
  BlockCoder coder;
  bool multiplies;
  std::vector<LevelGrid> grids;
};
} // namespace

bool refineCodes(BlockQuantized &q, std::span<const double> x, std::span<const AxisRole> roles) {
  if (!isRefinable(q.spec))
    return false;
  if (!x.empty())
    Refiner(q, roles).run(x);
  return true;
}

} // namespace lpc::num
