// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The driver of the micro-kernels.
//
// Subscripts that are linear in the loops split into a part of the row, one of the column and one
// of K, so three pairs of tables (one per pair of operands) address everything: a matrix in any
// layout, a convolution of any rank without im2col in memory. A tile of C is one unit of work: the
// thread packs the panels of A and B that it needs into a scratch that stays in its second-level
// cache. K runs in blocks of fixed size and ascending order, so results depend on no tile size.
#include "lpc-runtime/contract.h"

#include <string.h>

namespace {

constexpr int64_t kDepthBlock = 256;
constexpr int64_t kRowBlock = 192;
constexpr int64_t kColumnBlock = 192;
// Multiply-adds that pay for waking a thread.
constexpr int64_t kGrainWork = 1 << 17;
// Rows up to which streaming B once per row beats packing it.
constexpr int64_t kStreamRows = 2;

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t minOf(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t maxOf(int64_t a, int64_t b) { return a > b ? a : b; }

struct Job {
  lpc_ctx *ctx;
  const lpc_contraction *what;
  const char *a, *b;
  char *c;
  int64_t batches, rows, columns, depth;
  // Offsets in elements: A by row and depth, B by depth and column, C by row and column.
  int64_t *aRow, *aDepth, *bDepth, *bColumn, *cRow, *cColumn;
  int64_t rowBlock, columnBlock, rowTiles, columnTiles, firstColumn;
};

int64_t product(const lpc_contract_loop *loops, int64_t count) {
  int64_t n = 1;
  for (int64_t i = 0; i < count; ++i)
    n *= loops[i].size;
  return n;
}

/// Offsets of all iterations of a loop nest, for two operands.
template <int64_t lpc_contract_loop::*X, int64_t lpc_contract_loop::*Y>
void fill(const lpc_contract_loop *loops, int64_t count, int64_t *x, int64_t *y) {
  // Grows from the innermost loop outwards: each loop copies what is there, shifted.
  int64_t done = 1;
  x[0] = y[0] = 0;
  for (int64_t l = count - 1; l >= 0; --l) {
    for (int64_t i = 1; i < loops[l].size; ++i) {
      int64_t dx = i * (loops[l].*X), dy = i * (loops[l].*Y);
      for (int64_t j = 0; j < done; ++j) {
        x[i * done + j] = x[j] + dx;
        y[i * done + j] = y[j] + dy;
      }
    }
    done *= loops[l].size;
  }
}

bool isContiguous(const int64_t *offsets, int64_t count) {
  for (int64_t i = 1; i < count; ++i)
    if (offsets[i] != offsets[i - 1] + 1)
      return false;
  return true;
}

/// Whether lanes come in runs of 8 neighbours.
template <int64_t Width> bool hasRuns(const int64_t *lanes) {
  if (Width % 8 != 0)
    return false;
  for (int64_t i = 0; i < Width; i += 8)
    if (!isContiguous(lanes + i, 8))
      return false;
  return true;
}

/// A full panel for groups of two: neighbours along the lanes are interleaved in vectors,
/// neighbours along K are copied as one word; else element by element.
template <typename T, int64_t Width>
void packPairs(T *to, const T *from, const int64_t *depth, int64_t depthCount,
               const int64_t *lanes) {
  int64_t lane[Width];
  memcpy(lane, lanes, sizeof(lane));
  int64_t pairs = depthCount / 2;
  if (hasRuns<Width>(lane)) {
    for (int64_t s = 0; s < pairs; ++s) {
      for (int64_t i = 0; i < Width; i += 8) {
        const T *x = from + depth[2 * s] + lane[i], *y = from + depth[2 * s + 1] + lane[i];
        T pair[16];
        for (int64_t j = 0; j < 8; ++j) {
          pair[2 * j] = x[j];
          pair[2 * j + 1] = y[j];
        }
        memcpy(to + (s * Width + i) * 2, pair, sizeof(pair));
      }
    }
  } else if (isContiguous(depth, depthCount)) {
    for (int64_t i = 0; i < Width; ++i) {
      const T *x = from + depth[0] + lane[i];
      for (int64_t s = 0; s < pairs; ++s)
        memcpy(to + (s * Width + i) * 2, x + 2 * s, 2 * sizeof(T));
    }
  } else {
    for (int64_t s = 0; s < pairs; ++s) {
      const T *x = from + depth[2 * s], *y = from + depth[2 * s + 1];
      for (int64_t i = 0; i < Width; ++i) {
        to[(s * Width + i) * 2] = x[lane[i]];
        to[(s * Width + i) * 2 + 1] = y[lane[i]];
      }
    }
  }
  if (depthCount % 2 == 0)
    return;
  for (int64_t i = 0; i < Width; ++i) {
    to[(pairs * Width + i) * 2] = from[depth[depthCount - 1] + lane[i]];
    to[(pairs * Width + i) * 2 + 1] = T(0);
  }
}

/// A panel [steps][width][group] of `count` rows or columns; the rest of the width and of the last
/// group is zero.
template <typename T, int64_t Width>
void packPanel(T *to, const T *from, const int64_t *depth, int64_t depthCount, const int64_t *lanes,
               int64_t count, int64_t group) {
  if (group == 1 && count == Width) {
    if (isContiguous(lanes, count)) {
      from += lanes[0];
      for (int64_t k = 0; k < depthCount; ++k)
        memcpy(to + k * Width, from + depth[k], Width * sizeof(T));
      return;
    }
    int64_t lane[Width];
    memcpy(lane, lanes, sizeof(lane));
    for (int64_t k = 0; k < depthCount; ++k) {
      const T *at = from + depth[k];
      for (int64_t i = 0; i < Width; ++i)
        to[k * Width + i] = at[lane[i]];
    }
    return;
  }
  if (group == 2 && count == Width)
    return packPairs<T, Width>(to, from, depth, depthCount, lanes);
  int64_t padded = ceilDiv(depthCount, group) * group;
  for (int64_t k = 0; k < padded; ++k) {
    T *row = to + (k / group) * Width * group + k % group;
    for (int64_t i = 0; i < Width; ++i)
      row[i * group] = i < count && k < depthCount ? from[depth[k] + lanes[i]] : T(0);
  }
}

template <typename T>
void pack(T *to, const T *from, const int64_t *depth, int64_t depthCount, const int64_t *lanes,
          int64_t count, int64_t width, int64_t group) {
  int64_t panel = ceilDiv(depthCount, group) * group * width;
  for (int64_t i = 0; i < count; i += width, to += panel) {
    int64_t valid = minOf(width, count - i);
    switch (width) {
    case 4:
      packPanel<T, 4>(to, from, depth, depthCount, lanes + i, valid, group);
      break;
    case 6:
      packPanel<T, 6>(to, from, depth, depthCount, lanes + i, valid, group);
      break;
    case 8:
      packPanel<T, 8>(to, from, depth, depthCount, lanes + i, valid, group);
      break;
    default:
      packPanel<T, 16>(to, from, depth, depthCount, lanes + i, valid, group);
      break;
    }
  }
}

void packBytes(char *to, const char *from, const int64_t *depth, int64_t depthCount,
               const int64_t *lanes, int64_t count, int64_t width, int64_t group, int64_t bytes) {
  switch (bytes) {
  case 1:
    return pack((uint8_t *)to, (const uint8_t *)from, depth, depthCount, lanes, count, width,
                group);
  case 2:
    return pack((uint16_t *)to, (const uint16_t *)from, depth, depthCount, lanes, count, width,
                group);
  case 4:
    return pack((uint32_t *)to, (const uint32_t *)from, depth, depthCount, lanes, count, width,
                group);
  default:
    return pack((uint64_t *)to, (const uint64_t *)from, depth, depthCount, lanes, count, width,
                group);
  }
}

/// Copies a part of C from or to a full tile beside it.
template <typename T, bool Gather>
void exchange(T *tile, int64_t nr, T *c, const int64_t *rows, int64_t rowCount,
              const int64_t *columns, int64_t columnCount) {
  for (int64_t i = 0; i < rowCount; ++i) {
    for (int64_t j = 0; j < columnCount; ++j) {
      T &inTile = tile[i * nr + j], &inC = c[rows[i] + columns[j]];
      if (Gather)
        inTile = inC;
      else
        inC = inTile;
    }
  }
}

template <typename T>
void runTile(const Job &job, int64_t steps, const char *a, const char *b, T *c, const int64_t *rows,
             int64_t rowCount, const int64_t *columns, int64_t columnCount, bool contiguous) {
  const lpc_contraction &what = *job.what;
  if (contiguous && rowCount == what.mr) {
    int64_t ldc = what.mr > 1 ? rows[1] - rows[0] : 0;
    bool regular = true;
    for (int64_t i = 2; i < rowCount; ++i)
      regular &= rows[i] - rows[i - 1] == ldc;
    if (regular)
      return what.tile(steps, a, b, c + rows[0] + columns[0], ldc);
  }
  T tile[16 * 16] __attribute__((aligned(64)));
  memset(tile, 0, sizeof(tile));
  exchange<T, true>(tile, what.nr, c, rows, rowCount, columns, columnCount);
  what.tile(steps, a, b, tile, what.nr);
  exchange<T, false>(tile, what.nr, c, rows, rowCount, columns, columnCount);
}

void batchOffsets(const lpc_contraction &what, int64_t batch, int64_t &a, int64_t &b, int64_t &c) {
  a = b = c = 0;
  for (int64_t l = what.batch_loops - 1; l >= 0; --l) {
    const lpc_contract_loop &loop = what.loops[l];
    int64_t i = batch % loop.size;
    batch /= loop.size;
    a += i * loop.a;
    b += i * loop.b;
    c += i * loop.c;
  }
}

template <typename T> void runBlock(const Job &job, int64_t unit, char *aPanels, char *bPanels) {
  const lpc_contraction &what = *job.what;
  int64_t rowTile = unit % job.rowTiles, columnTile = unit / job.rowTiles % job.columnTiles;
  int64_t aBatch, bBatch, cBatch;
  batchOffsets(what, unit / (job.rowTiles * job.columnTiles), aBatch, bBatch, cBatch);
  int64_t row0 = rowTile * job.rowBlock, rowCount = minOf(job.rowBlock, job.rows - row0);
  int64_t column0 = job.firstColumn + columnTile * job.columnBlock;
  int64_t columnCount = minOf(job.columnBlock, job.columns - column0);
  const char *a = job.a + aBatch * what.in_bytes, *b = job.b + bBatch * what.in_bytes;
  T *c = (T *)job.c + cBatch;
  for (int64_t k = 0; k < job.depth; k += kDepthBlock) {
    int64_t depth = minOf(kDepthBlock, job.depth - k), steps = ceilDiv(depth, what.group);
    packBytes(aPanels, a, job.aDepth + k, depth, job.aRow + row0, rowCount, what.mr, what.group,
              what.in_bytes);
    packBytes(bPanels, b, job.bDepth + k, depth, job.bColumn + column0, columnCount, what.nr,
              what.group, what.in_bytes);
    int64_t aPanel = steps * what.group * what.mr * what.in_bytes,
            bPanel = steps * what.group * what.nr * what.in_bytes;
    for (int64_t j = 0; j < columnCount; j += what.nr) {
      int64_t width = minOf(what.nr, columnCount - j);
      const int64_t *columns = job.cColumn + column0 + j;
      bool contiguous = width == what.nr && isContiguous(columns, width);
      for (int64_t i = 0; i < rowCount; i += what.mr)
        runTile(job, steps, aPanels + i / what.mr * aPanel, bPanels + j / what.nr * bPanel, c,
                job.cRow + row0 + i, minOf(what.mr, rowCount - i), columns, width, contiguous);
    }
  }
}

void blockBody(void *closure, int64_t begin, int64_t end) {
  const Job &job = *(const Job *)closure;
  const lpc_contraction &what = *job.what;
  int64_t aBytes = ceilDiv(job.rowBlock, what.mr) * what.mr * kDepthBlock * what.in_bytes;
  int64_t bBytes = ceilDiv(job.columnBlock, what.nr) * what.nr * kDepthBlock * what.in_bytes;
  char *scratch = (char *)lpc_rt_alloc(job.ctx, aBytes + bBytes);
  for (int64_t unit = begin; unit < end; ++unit) {
    if (what.out_bytes == 4)
      runBlock<uint32_t>(job, unit, scratch, scratch + aBytes);
    else
      runBlock<uint64_t>(job, unit, scratch, scratch + aBytes);
  }
  lpc_rt_free(job.ctx, scratch);
}

/// Blocks of C for the columns from `firstColumn` on.
void runBlocks(Job &job, int64_t firstColumn) {
  const lpc_contraction &what = *job.what;
  int64_t columns = job.columns - firstColumn;
  if (columns <= 0)
    return;
  job.firstColumn = firstColumn;
  // Enough units for all threads, but not so narrow that packing shows.
  int64_t threads = lpc_rt_num_threads(job.ctx), wanted = threads > 1 ? 4 * threads : 1;
  int64_t rowTiles = ceilDiv(job.rows, kRowBlock), columnTiles = ceilDiv(columns, kColumnBlock);
  while (job.batches * rowTiles * columnTiles < wanted && columns / columnTiles > 64)
    ++columnTiles;
  while (job.batches * rowTiles * columnTiles < wanted && job.rows / rowTiles > 48)
    ++rowTiles;
  job.rowBlock = ceilDiv(ceilDiv(job.rows, rowTiles), what.mr) * what.mr;
  job.columnBlock = ceilDiv(ceilDiv(columns, columnTiles), what.nr) * what.nr;
  job.rowTiles = ceilDiv(job.rows, job.rowBlock);
  job.columnTiles = ceilDiv(columns, job.columnBlock);
  int64_t work = minOf(job.rowBlock, job.rows) * minOf(job.columnBlock, columns) * job.depth;
  lpc_rt_parallel_for(job.ctx, job.batches * job.rowTiles * job.columnTiles,
                      maxOf(1, kGrainWork / maxOf(work, 1)), blockBody, &job);
}

void rowBody(void *closure, int64_t begin, int64_t end) {
  const Job &job = *(const Job *)closure;
  const lpc_contraction &what = *job.what;
  int64_t chunks = job.columns / what.row_columns;
  for (int64_t unit = begin; unit < end; ++unit) {
    int64_t chunk = unit % chunks, row = unit / chunks % job.rows, a, b, c;
    batchOffsets(what, unit / (chunks * job.rows), a, b, c);
    int64_t column = chunk * what.row_columns;
    what.row(job.depth, job.a + (a + job.aRow[row]) * what.in_bytes, job.aDepth,
             job.b + (b + job.bColumn[column]) * what.in_bytes, job.bDepth,
             job.c + (c + job.cRow[row] + job.cColumn[column]) * what.out_bytes);
  }
}

} // namespace

extern "C" void lpc_rt_contract(lpc_ctx *ctx, const lpc_contraction *what, const void *a,
                                const void *b, void *c) {
  const lpc_contract_loop *rows = what->loops + what->batch_loops,
                          *columns = rows + what->row_loops, *depth = columns + what->column_loops;
  Job job = {};
  job.ctx = ctx;
  job.what = what;
  job.a = (const char *)a;
  job.b = (const char *)b;
  job.c = (char *)c;
  job.batches = product(what->loops, what->batch_loops);
  job.rows = product(rows, what->row_loops);
  job.columns = product(columns, what->column_loops);
  job.depth = product(depth, what->depth_loops);
  if (job.batches == 0 || job.rows == 0 || job.columns == 0 || job.depth == 0)
    return;
  int64_t words = 2 * (job.rows + job.columns + job.depth);
  int64_t *table = (int64_t *)lpc_rt_alloc(ctx, words * (int64_t)sizeof(int64_t));
  job.aRow = table;
  job.cRow = job.aRow + job.rows;
  job.bColumn = job.cRow + job.rows;
  job.cColumn = job.bColumn + job.columns;
  job.aDepth = job.cColumn + job.columns;
  job.bDepth = job.aDepth + job.depth;
  fill<&lpc_contract_loop::a, &lpc_contract_loop::c>(rows, what->row_loops, job.aRow, job.cRow);
  fill<&lpc_contract_loop::b, &lpc_contract_loop::c>(columns, what->column_loops, job.bColumn,
                                                     job.cColumn);
  fill<&lpc_contract_loop::a, &lpc_contract_loop::b>(depth, what->depth_loops, job.aDepth,
                                                     job.bDepth);

  int64_t streamed = 0;
  if (what->row && job.rows <= kStreamRows && job.columns >= what->row_columns &&
      isContiguous(job.bColumn, job.columns) && isContiguous(job.cColumn, job.columns)) {
    int64_t chunks = job.columns / what->row_columns, work = what->row_columns * job.depth;
    lpc_rt_parallel_for(ctx, job.batches * job.rows * chunks, maxOf(1, kGrainWork / work), rowBody,
                        &job);
    streamed = chunks * what->row_columns;
  }
  runBlocks(job, streamed);
  lpc_rt_free(ctx, table);
}
