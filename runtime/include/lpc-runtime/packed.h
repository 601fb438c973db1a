/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * packed.h: the driver of products with packed weights. Called by compiled code.
 */
#ifndef LPC_RUNTIME_PACKED_H
#define LPC_RUNTIME_PACKED_H

#include "lpc-runtime/codegen.h"

#ifdef __cplusplus
extern "C" {
#endif

/* c[rows][columns] (row distance ldc elements, i32, or f32 if a is) += a * b over `steps` steps. a
 * is [steps][rows][step] i16 or f32, b a panel of the weight. */
typedef void (*lpc_packed_tile)(int64_t steps, const void *a, const void *b, void *c, int64_t ldc);

/* The values of `steps` steps of a panel as the multiplications take them: [steps][columns][step]
 * i16 or f32. */
typedef void (*lpc_packed_unpack)(int64_t steps, const void *b, void *values);

/* y[i][j] = fma(fl32(sums[i][j] * 2^-fraction), fl32(sa[i] * sb[j]), y[i][j]) for one tile; `sums`
 * is [rows][columns], the row distance of y is ldc. */
typedef void (*lpc_packed_rescale)(const void *sums, const float *sa, const float *sb, void *y,
                                   int64_t ldc);

/* C[m, n] += sum_k A[m, k] * B[k, n] with A in i16 or f32 and B packed in panels of `columns`
 * columns. */
typedef struct lpc_packed_product {
  int64_t m, n, k;
  int64_t step, columns,
      step_bytes; /* the layout of B: values along k and bytes of one step of a panel */
  int64_t tile_rows;
  int64_t a_bytes;           /* of an element of A: 2 (i16) or 4 (f32) */
  lpc_packed_tile tile, row; /* for tile_rows rows, and for one */
  lpc_packed_unpack unpack;
  lpc_packed_tile plain_tile; /* as `tile`, with b unpacked */
  int64_t group; /* 0: sums in i32; else values along k that share a scale, and y in f32 */
  lpc_packed_rescale rescale; /* for tile_rows rows */
  int64_t a_row, a_depth;     /* distances in elements */
  int64_t c_row, c_column;
  int64_t sa_row; /* 0: one scale for all rows; `sa` may be null, then it is 1 */
  int64_t sb_group, sb_column;
} lpc_packed_product;

LPC_RT_API void lpc_rt_packed_product(lpc_ctx *ctx, const lpc_packed_product *what, const void *a,
                                      const void *b, const float *sa, const float *sb, void *c);

#ifdef __cplusplus
}
#endif

#endif /* LPC_RUNTIME_PACKED_H */
