// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The encoder of f32 under one policy as a table: the number line is cut into cells, each of which
// holds at most one step from a code to the next, so that a code is one look-up and one comparison.
#ifndef LPC_LIB_NUMERICS_CELLTABLE_H
#define LPC_LIB_NUMERICS_CELLTABLE_H

#include "lpc/Numerics/Format.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace lpc::num::detail {

class CellTable {
public:
  /// Null where the steps lie so close together that the table would be large, as in a list of
  /// values with a pair of nearly equal ones. Not for stochastic rounding.
  static std::unique_ptr<CellTable> make(const Format &format, const Conversion &policy);

  /// codes = encode(fl(x / scale)).
  void quantize(const float *x, size_t n, float scale, uint16_t *codes) const;

private:
  /// Sign and exponent of a float: its cells all have one size.
  struct Binade {
    uint32_t first = 0, shift = 23;
  };
  /// Code `above` from the key `from` on. Keys are the bits of floats in the order of values.
  struct Cell {
    uint32_t from = 0;
    uint16_t below = 0, above = 0;
  };

  Binade binades_[512];
  std::vector<Cell> cells_;
};

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_CELLTABLE_H
