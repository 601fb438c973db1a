// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tensor as rows, and the grids of its blocks.
#include "BlockGeometry.h"

#include <algorithm>

namespace lpc::num {

std::vector<AxisRole> matmulWeightRoles(size_t rank) {
  std::vector<AxisRole> roles(rank, AxisRole::Batch);
  if (rank >= 1)
    roles[rank - 1] = rank == 1 ? AxisRole::Contracted : AxisRole::Across;
  if (rank >= 2)
    roles[rank - 2] = AxisRole::Contracted;
  return roles;
}

std::vector<AxisRole> filterRoles(size_t rank) {
  std::vector<AxisRole> roles(rank, AxisRole::Window);
  if (rank >= 1)
    roles[0] = AxisRole::Across;
  if (rank >= 2)
    roles[1] = AxisRole::Contracted;
  return roles;
}

std::vector<AxisRole> rowRoles(size_t rank) {
  std::vector<AxisRole> roles(rank, AxisRole::Batch);
  if (rank >= 1)
    roles[rank - 1] = AxisRole::Contracted;
  if (rank >= 2)
    roles[rank - 2] = AxisRole::Across;
  return roles;
}

std::vector<int64_t> blockShape(const ScaleLevel &level, std::span<const AxisRole> roles) {
  std::vector<int64_t> block;
  for (AxisRole role : roles) {
    switch (role) {
    case AxisRole::Contracted:
      block.push_back(level.along);
      break;
    case AxisRole::Across:
      block.push_back(level.across);
      break;
    case AxisRole::Batch:
      block.push_back(level.granularity() == Granularity::Tensor ? 0 : 1);
      break;
    case AxisRole::Window:
      block.push_back(0);
      break;
    }
  }
  return block;
}

std::vector<int64_t> gridShape(std::span<const int64_t> shape, std::span<const int64_t> block) {
  std::vector<int64_t> grid;
  for (size_t i = 0; i < shape.size(); ++i)
    grid.push_back(block[i] == 0 ? 1 : (shape[i] + block[i] - 1) / block[i]);
  return grid;
}

int64_t tableRows(std::span<const int64_t> shape, std::span<const AxisRole> roles) {
  int64_t rows = 1;
  for (size_t i = 0; i < shape.size(); ++i)
    if (roles[i] == AxisRole::Batch || roles[i] == AxisRole::Across)
      rows *= shape[i];
  return rows;
}

namespace detail {

static std::vector<int64_t> stridesOf(std::span<const int64_t> shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

/// The offsets of all indices over the axes with these roles, one role after the other.
static std::vector<int64_t> offsetsOver(std::span<const int64_t> shape,
                                        std::span<const int64_t> strides,
                                        std::span<const AxisRole> roles,
                                        std::initializer_list<AxisRole> wanted) {
  std::vector<int64_t> offsets{0};
  for (AxisRole role : wanted)
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      if (roles[axis] != role)
        continue;
      std::vector<int64_t> next;
      next.reserve(offsets.size() * static_cast<size_t>(shape[axis]));
      for (int64_t base : offsets)
        for (int64_t i = 0; i < shape[axis]; ++i)
          next.push_back(base + i * strides[axis]);
      offsets = std::move(next);
    }
  return offsets;
}

Geometry::Geometry(std::span<const int64_t> shape, std::span<const AxisRole> roles) {
  std::vector<int64_t> strides = stridesOf(shape);
  // In this order the tensor's axes are walked; steps along axes of one element do not matter.
  size_t last = 0;
  for (AxisRole role : {AxisRole::Batch, AxisRole::Across, AxisRole::Contracted, AxisRole::Window})
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      if (roles[axis] != role)
        continue;
      const size_t size = static_cast<size_t>(shape[axis]);
      const bool isRow = role == AxisRole::Batch || role == AxisRole::Across;
      (isRow ? rows_ : columns_) *= size;
      if (role == AxisRole::Across)
        acrossSize_ = size;
      if (role == AxisRole::Window)
        window_ *= size;
      if (size > 1) {
        contiguous_ &= axis >= last;
        last = axis;
      }
    }
  if (contiguous_)
    return;
  rowBase_ = offsetsOver(shape, strides, roles, {AxisRole::Batch, AxisRole::Across});
  columnBase_ = offsetsOver(shape, strides, roles, {AxisRole::Contracted, AxisRole::Window});
}

/// Rows that lie side by side are walked together, so that each cache line is touched once.
static constexpr size_t sideBySide = 16;

template <typename F>
static void forEachElement(const std::vector<int64_t> &rowBase,
                           const std::vector<int64_t> &columnBase, size_t first, size_t count,
                           F visit) {
  const size_t columns = columnBase.size();
  for (size_t r = 0; r < count; r += sideBySide) {
    const size_t end = std::min(count, r + sideBySide);
    for (size_t c = 0; c < columns; ++c)
      for (size_t i = r; i < end; ++i)
        visit(rowBase[first + i] + columnBase[c], i * columns + c);
  }
}

void Geometry::gather(const float *tensor, size_t first, size_t count, float *rows) const {
  forEachElement(rowBase_, columnBase_, first, count,
                 [&](int64_t in, size_t out) { rows[out] = tensor[in]; });
}
void Geometry::gather(const uint16_t *tensor, size_t first, size_t count, uint16_t *rows) const {
  forEachElement(rowBase_, columnBase_, first, count,
                 [&](int64_t in, size_t out) { rows[out] = tensor[in]; });
}
void Geometry::scatter(const uint16_t *rows, size_t first, size_t count, uint16_t *tensor) const {
  forEachElement(rowBase_, columnBase_, first, count,
                 [&](int64_t out, size_t in) { tensor[out] = rows[in]; });
}
void Geometry::scatter(const float *rows, size_t first, size_t count, float *tensor) const {
  forEachElement(rowBase_, columnBase_, first, count,
                 [&](int64_t out, size_t in) { tensor[out] = rows[in]; });
}

LevelGrid::LevelGrid(const ScaleLevel &level, std::span<const int64_t> shape,
                     std::span<const AxisRole> roles, const Geometry &geometry)
    : whole_(level.granularity() == Granularity::Tensor),
      rowsPerBatch_(std::max<size_t>(geometry.rowsPerBatch(), 1)) {
  block_ = blockShape(level, roles);
  shape_ = gridShape(shape, block_);
  rowsPerBlock_ = level.across ? level.across : rowsPerBatch_;
  columnsPerBlock_ = level.along ? level.along * geometry.window() : geometry.columns();
  columnsPerBlock_ = std::max<size_t>(columnsPerBlock_, 1);
  std::vector<int64_t> strides = stridesOf(shape_);
  for (size_t axis = 0; axis < shape_.size(); ++axis) {
    size_ *= static_cast<size_t>(shape_[axis]);
    if (roles[axis] == AxisRole::Across)
      acrossStride_ = static_cast<size_t>(strides[axis]);
    if (roles[axis] == AxisRole::Contracted)
      alongStride_ = static_cast<size_t>(strides[axis]);
  }
  for (int64_t base : offsetsOver(shape_, strides, roles, {AxisRole::Batch}))
    batchBase_.push_back(static_cast<size_t>(base));
}

} // namespace detail
} // namespace lpc::num
