// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The driver of products with packed weights.
//
// The left side is packed once into tiles of rows; then each panel of the weight is one unit of
// work: it stays in the cache while all tiles of a block of rows pass over it. Each element of the
// result takes its groups and steps in one order, so that the bits depend neither on the blocks nor
// on the threads.
#include "lpc-runtime/packed.h"

#include <string.h>

namespace {

constexpr int64_t kRowBlock = 192;
// Multiply-adds that pay for waking a thread.
constexpr int64_t kGrainWork = 1 << 17;
constexpr int64_t kMaxTile = 16 * 16;

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t minOf(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t maxOf(int64_t a, int64_t b) { return a > b ? a : b; }

struct Job {
  lpc_ctx *ctx;
  const lpc_packed_product *what;
  const char *a;
  char *packed; // [tiles][steps][tile_rows][step]; a single row: [steps][step]
  const char *b;
  const float *sa, *sb;
  uint32_t *c; // i32 or f32
  int64_t steps, tileRows, tiles, panels, rowBlocks;
};

template <typename T> void packTile(const Job &job, int64_t tile) {
  const lpc_packed_product &what = *job.what;
  int64_t rows = job.tileRows, step = what.step;
  T *to = (T *)job.packed + tile * job.steps * rows * step;
  int64_t valid = minOf(rows, what.m - tile * rows);
  for (int64_t i = 0; i < rows; ++i) {
    T *row = to + i * step;
    const T *from = (const T *)job.a + (tile * rows + i) * what.a_row;
    if (i >= valid) {
      for (int64_t s = 0; s < job.steps; ++s)
        memset(row + s * rows * step, 0, step * sizeof(T));
    } else if (step == 2 && what.a_depth == 1) {
      int64_t whole = what.k / 2;
      for (int64_t s = 0; s < whole; ++s)
        memcpy(row + s * rows * 2, from + 2 * s, 2 * sizeof(T));
      if (what.k % 2 != 0) {
        row[whole * rows * 2] = from[2 * whole];
        row[whole * rows * 2 + 1] = 0;
      }
    } else if (step == 1) {
      for (int64_t k = 0; k < what.k; ++k)
        row[k * rows] = from[k * what.a_depth];
    } else {
      for (int64_t k = 0; k < job.steps * step; ++k)
        row[k / step * rows * step + k % step] = k < what.k ? from[k * what.a_depth] : T(0);
    }
  }
}

void packBody(void *closure, int64_t begin, int64_t end) {
  const Job &job = *(const Job *)closure;
  for (int64_t tile = begin; tile < end; ++tile)
    job.what->a_bytes == 2 ? packTile<uint16_t>(job, tile) : packTile<uint32_t>(job, tile);
}

/// A whole tile of results beside C, for edges and strided columns.
void exchange(const Job &job, uint32_t *tile, int64_t row, int64_t rows, int64_t column,
              int64_t columns, bool gather) {
  const lpc_packed_product &what = *job.what;
  for (int64_t i = 0; i < rows; ++i) {
    uint32_t *c = job.c + (row + i) * what.c_row + column * what.c_column;
    for (int64_t j = 0; j < columns; ++j) {
      uint32_t &inTile = tile[i * what.columns + j], &inC = c[j * what.c_column];
      if (gather)
        inTile = inC;
      else
        inC = inTile;
    }
  }
}

/// One panel of the weight, packed or unpacked.
struct Panel {
  const char *b;
  int64_t stepBytes;
  lpc_packed_tile tile;
};

void runGroups(const Job &job, const char *a, const Panel &panel, int64_t row, int64_t column,
               uint32_t *y, int64_t ldc) {
  const lpc_packed_product &what = *job.what;
  uint32_t sums[kMaxTile] __attribute__((aligned(64)));
  float sa[16] = {}, sb[16] = {};
  int64_t rows = minOf(job.tileRows, what.m - row), columns = minOf(what.columns, what.n - column);
  for (int64_t i = 0; i < rows; ++i)
    sa[i] = job.sa ? job.sa[(row + i) * what.sa_row] : 1.0f;
  int64_t groupSteps = what.group / what.step;
  for (int64_t first = 0, g = 0; first < job.steps; first += groupSteps, ++g) {
    memset(sums, 0, sizeof(sums));
    panel.tile(minOf(groupSteps, job.steps - first),
               a + first * job.tileRows * what.step * what.a_bytes,
               panel.b + first * panel.stepBytes, sums, what.columns);
    for (int64_t j = 0; j < columns; ++j)
      sb[j] = job.sb[g * what.sb_group + (column + j) * what.sb_column];
    what.rescale(sums, sa, sb, y, ldc);
  }
}

void runTile(const Job &job, int64_t tile, int64_t number, const Panel &panel) {
  const lpc_packed_product &what = *job.what;
  int64_t row = tile * job.tileRows, column = number * what.columns;
  int64_t rows = minOf(job.tileRows, what.m - row), columns = minOf(what.columns, what.n - column);
  const char *a = job.packed + tile * job.steps * job.tileRows * what.step * what.a_bytes;
  // The rescale works on whole tiles.
  int64_t needed = what.group != 0 ? what.tile_rows : job.tileRows;
  bool direct = rows == needed && columns == what.columns && what.c_column == 1;
  uint32_t beside[kMaxTile] __attribute__((aligned(64)));
  uint32_t *c = job.c + row * what.c_row + column;
  int64_t ldc = what.c_row;
  if (!direct) {
    memset(beside, 0, sizeof(beside));
    exchange(job, beside, row, rows, column, columns, /*gather=*/true);
    c = beside;
    ldc = what.columns;
  }
  if (what.group != 0)
    runGroups(job, a, panel, row, column, c, ldc);
  else
    panel.tile(job.steps, a, panel.b, c, ldc);
  if (!direct)
    exchange(job, beside, row, rows, column, columns, /*gather=*/false);
}

void body(void *closure, int64_t begin, int64_t end) {
  const Job &job = *(const Job *)closure;
  const lpc_packed_product &what = *job.what;
  int64_t perBlock = maxOf(1, kRowBlock / job.tileRows);
  // A panel that several tiles read is unpacked once.
  int64_t plainBytes = what.columns * what.step * what.a_bytes;
  char *values = job.tiles > 1 ? (char *)lpc_rt_alloc(job.ctx, job.steps * plainBytes) : nullptr;
  for (int64_t unit = begin; unit < end; ++unit) {
    int64_t number = unit % job.panels, first = unit / job.panels * perBlock;
    const char *b = job.b + number * job.steps * what.step_bytes;
    Panel panel = {b, what.step_bytes, job.tileRows == 1 ? what.row : what.tile};
    if (values) {
      what.unpack(job.steps, b, values);
      panel = {values, plainBytes, what.plain_tile};
    }
    for (int64_t tile = first; tile < minOf(first + perBlock, job.tiles); ++tile)
      runTile(job, tile, number, panel);
  }
  lpc_rt_free(job.ctx, values);
}

} // namespace

extern "C" void lpc_rt_packed_product(lpc_ctx *ctx, const lpc_packed_product *what, const void *a,
                                      const void *b, const float *sa, const float *sb, void *c) {
  if (what->m == 0 || what->n == 0 || what->k == 0)
    return;
  Job job = {};
  job.ctx = ctx;
  job.what = what;
  job.a = (const char *)a;
  job.b = (const char *)b;
  job.sa = sa;
  job.sb = sb;
  job.c = (uint32_t *)c;
  job.steps = ceilDiv(what->k, what->step);
  job.tileRows = what->m == 1 ? 1 : what->tile_rows;
  job.tiles = ceilDiv(what->m, job.tileRows);
  job.panels = ceilDiv(what->n, what->columns);
  job.rowBlocks = ceilDiv(job.tiles, maxOf(1, kRowBlock / job.tileRows));
  int64_t tileBytes = job.steps * job.tileRows * what->step * what->a_bytes;
  job.packed = (char *)lpc_rt_alloc(ctx, job.tiles * tileBytes);
  lpc_rt_parallel_for(ctx, job.tiles, maxOf(1, kGrainWork / tileBytes), packBody, &job);
  int64_t work = minOf(what->m, kRowBlock) * what->columns * what->k;
  lpc_rt_parallel_for(ctx, job.rowBlocks * job.panels, maxOf(1, kGrainWork / work), body, &job);
  lpc_rt_free(ctx, job.packed);
}
