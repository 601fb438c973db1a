// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Blocks of a weight that a format rounds to zero altogether.
#include "LostBlocks.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

using namespace lpc;
using namespace lpc::quant;

/// Scales bring the largest number of a block near the largest value of the element, unless they
/// would have to be smaller than what their format holds. Looks at scales only.
static bool mayLose(const num::BlockQuantized &q) {
  if (q.scales.empty() || q.spec.element->max() <= 0)
    return true;
  for (const auto *levels : {&q.scales, &q.negativeScales}) {
    double product = 1;
    for (const num::LevelValues &level : *levels) {
      double least = level.format ? level.format->minPositive() : FLT_MIN, smallest = DBL_MAX;
      for (float s : level.values)
        smallest = std::min(smallest, std::abs(static_cast<double>(s)));
      if (smallest <= least)
        return true;
      product *= smallest;
    }
    if (product <= FLT_MIN)
      return true;
  }
  return false;
}

LostBlocks quant::countLostBlocks(std::span<const float> x, const num::BlockQuantized &q,
                                  std::span<const num::AxisRole> roles, unsigned threads) {
  LostBlocks result;
  if (x.empty() || !mayLose(q))
    return result;
  std::vector<float> y(x.size());
  num::dequantizeBlocks(q, roles, y, threads);

  // Without scales the whole tensor is one block.
  size_t rank = q.shape.size();
  std::vector<int64_t> block(rank, 0), grid(rank, 1);
  if (!q.scales.empty()) {
    block = q.scales[0].block;
    grid = q.scales[0].shape;
  }
  std::vector<size_t> stride(rank);
  size_t blocks = 1;
  for (size_t axis = rank; axis-- > 0;) {
    stride[axis] = blocks;
    blocks *= static_cast<size_t>(grid[axis]);
    if (block[axis] == 0)
      block[axis] = q.shape[axis];
  }
  std::vector<char> given(blocks), kept(blocks);
  std::vector<int64_t> index(rank);
  auto columns = static_cast<size_t>(rank ? q.shape.back() : 1);
  for (size_t row = 0; row < x.size(); row += columns) {
    size_t base = 0;
    for (size_t axis = 0; axis + 1 < rank; ++axis)
      base += static_cast<size_t>(index[axis] / block[axis]) * stride[axis];
    for (size_t j = 0; j < columns; ++j) {
      size_t at = base + (rank ? j / static_cast<size_t>(block.back()) : 0);
      given[at] |= x[row + j] != 0;
      kept[at] |= y[row + j] != 0;
    }
    for (size_t axis = rank ? rank - 1 : 0; axis-- > 0;) {
      if (++index[axis] < q.shape[axis])
        break;
      index[axis] = 0;
    }
  }
  for (size_t i = 0; i < blocks; ++i) {
    result.all += given[i];
    result.lost += given[i] && !kept[i];
  }
  return result;
}

void LostWeights::add(const std::string &name, LostBlocks blocks) {
  ++weights;
  if (blocks.most())
    lost.emplace_back(name, blocks);
}

std::string LostWeights::describe(const std::string &format) const {
  if (lost.empty())
    return "";
  constexpr size_t shown = 3;
  std::string list;
  for (size_t i = 0; i < std::min(shown, lost.size()); ++i)
    list += (i ? ", '" : "'") + lost[i].first + "' (" + std::to_string(lost[i].second.lost) +
            " of " + std::to_string(lost[i].second.all) + ")";
  if (lost.size() > shown)
    list += " and " + std::to_string(lost.size() - shown) + " more";
  return std::to_string(lost.size()) + " of " + std::to_string(weights) +
         " weights become zero in most of their blocks with '" + format + "': " + list +
         "; scales that are too small for their format need f32, a wider format, or a scale of the "
         "whole tensor outside (/tensor)";
}
