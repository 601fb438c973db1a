// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tensor as rows: whatever its rank, the elements that share an index on the axes that are not
// contracted form one row, and blocks of scales are rectangles of rows and columns.
#ifndef LPC_LIB_NUMERICS_BLOCKGEOMETRY_H
#define LPC_LIB_NUMERICS_BLOCKGEOMETRY_H

#include "lpc/Numerics/BlockQuantizer.h"

namespace lpc::num::detail {

/// Rows are indexed by the Batch axes, then the Across axis; columns by the Contracted axis, then
/// the Window axes.
class Geometry {
public:
  Geometry(std::span<const int64_t> shape, std::span<const AxisRole> roles);

  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }
  /// Rows of one index on the Batch axes.
  size_t rowsPerBatch() const { return acrossSize_; }
  /// Columns of one index on the Contracted axis.
  size_t window() const { return window_; }
  /// Whether row r is the elements [r * columns, (r + 1) * columns).
  bool contiguous() const { return contiguous_; }

  /// Copies rows [first, first + count) to or from an array in which they are contiguous.
  void gather(const float *tensor, size_t first, size_t count, float *rows) const;
  void scatter(const uint16_t *rows, size_t first, size_t count, uint16_t *tensor) const;
  void scatter(const float *rows, size_t first, size_t count, float *tensor) const;
  void gather(const uint16_t *tensor, size_t first, size_t count, uint16_t *rows) const;

private:
  /// Empty if contiguous: then they are long and not needed.
  std::vector<int64_t> rowBase_, columnBase_;
  size_t rows_ = 1, columns_ = 1, acrossSize_ = 1, window_ = 1;
  bool contiguous_ = true;
};

/// The blocks of one level, and where each one's parameter stands.
class LevelGrid {
public:
  LevelGrid(const ScaleLevel &level, std::span<const int64_t> shape,
            std::span<const AxisRole> roles, const Geometry &geometry);

  /// One block for the whole tensor.
  bool whole() const { return whole_; }
  size_t rowsPerBlock() const { return rowsPerBlock_; }
  size_t columnsPerBlock() const { return columnsPerBlock_; }
  size_t size() const { return size_; }
  /// Of the block that holds an element.
  size_t at(size_t row, size_t column) const {
    return whole_ ? 0
                  : batchBase_[row / rowsPerBatch_] +
                        row % rowsPerBatch_ / rowsPerBlock_ * acrossStride_ +
                        column / columnsPerBlock_ * alongStride_;
  }
  const std::vector<int64_t> &block() const { return block_; }
  const std::vector<int64_t> &shape() const { return shape_; }

private:
  bool whole_;
  size_t rowsPerBatch_, rowsPerBlock_, columnsPerBlock_, size_ = 1;
  size_t acrossStride_ = 0, alongStride_ = 0;
  std::vector<size_t> batchBase_;
  std::vector<int64_t> block_, shape_;
};

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_BLOCKGEOMETRY_H
