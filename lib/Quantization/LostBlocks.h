// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Blocks of a weight that a format rounds to zero altogether, as when their scale underflows.
#ifndef LPC_LIB_QUANTIZATION_LOSTBLOCKS_H
#define LPC_LIB_QUANTIZATION_LOSTBLOCKS_H

#include "lpc/Numerics/BlockQuantizer.h"

#include <string>
#include <vector>

namespace lpc::quant {

/// Of the blocks of the innermost scales that hold a number other than zero: how many there are,
/// and in how many of them everything decodes to zero. Both are 0 where the scales show that no
/// block is lost.
struct LostBlocks {
  int64_t lost = 0, all = 0;
  bool most() const { return 2 * lost > all; }
};

LostBlocks countLostBlocks(std::span<const float> x, const num::BlockQuantized &q,
                           std::span<const num::AxisRole> roles, unsigned threads);

/// The weights of a function that lose most of their blocks.
class LostWeights {
public:
  void add(const std::string &name, LostBlocks blocks);
  /// One sentence about all of them; empty if there are none.
  std::string describe(const std::string &format) const;

private:
  int64_t weights = 0;
  std::vector<std::pair<std::string, LostBlocks>> lost;
};

} // namespace lpc::quant

#endif // LPC_LIB_QUANTIZATION_LOSTBLOCKS_H
