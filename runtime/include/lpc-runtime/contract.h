/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * contract.h: the driver of the micro-kernels, for products and convolutions of any shape. Called
 * by compiled code.
 */
#ifndef LPC_RUNTIME_CONTRACT_H
#define LPC_RUNTIME_CONTRACT_H

#include "lpc-runtime/codegen.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One loop of a contraction: its size and the distance, in elements, that one step moves in A, B
 * and C. */
typedef struct lpc_contract_loop {
  int64_t size, a, b, c;
} lpc_contract_loop;

/* c[mr][nr] (row distance ldc elements) += a * b over `steps` groups of `group` values along K.
 * Panels: a is [steps][mr][group], b is [steps][nr][group]. Each element of c takes its terms in
 * ascending order. */
typedef void (*lpc_contract_tile)(int64_t steps, const void *a, const void *b, void *c,
                                  int64_t ldc);

/* One row: c[0 .. row_columns) += sum over k of a[ak[k]] * b[bk[k] + column], ascending. */
typedef void (*lpc_contract_row)(int64_t k, const void *a, const int64_t *ak, const void *b,
                                 const int64_t *bk, void *c);

/* C[batch, m, n] += sum_k A[batch, m, k] * B[batch, k, n], where batch, m, n and k each stand for
 * any number of loops: a convolution is one of them, as its subscripts are linear in its loops. */
typedef struct lpc_contraction {
  int64_t batch_loops, row_loops, column_loops,
      depth_loops;             /* counts; `loops` holds them in this order */
  int64_t mr, nr, group;       /* the tile */
  int64_t in_bytes, out_bytes; /* of an element of A and B, and of C: 1, 2, 4, 8 and 4, 8 */
  lpc_contract_tile tile;
  lpc_contract_row row; /* null: none */
  int64_t row_columns;
  lpc_contract_loop loops[1]; /* as many as the counts say */
} lpc_contraction;

LPC_RT_API void lpc_rt_contract(lpc_ctx *ctx, const lpc_contraction *what, const void *a,
                                const void *b, void *c);

#ifdef __cplusplus
}
#endif

#endif /* LPC_RUNTIME_CONTRACT_H */
