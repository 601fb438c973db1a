// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tables learned from a row of values.
#ifndef LPC_LIB_NUMERICS_LEARNEDTABLE_H
#define LPC_LIB_NUMERICS_LEARNEDTABLE_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lpc::num::detail {

/// `table.size()` entries, ascending, that nearly minimise sum w (y - nearest entry)^2: weighted
/// k-means in one dimension. NaNs and infinities do not count. `w` is empty or of y's size.
void learnTable(std::span<const float> y, std::span<const double> w, std::span<float> table);

/// Of each y the lowest index of a nearest entry; NaN takes 0. `table` is ascending.
void encodeByTable(std::span<const float> table, std::span<const float> y, uint16_t *codes);

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_LEARNEDTABLE_H
