/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * FakeModel.c: what the compiler would emit for z = w * x + y, in C: a descriptor, weights in a
 * segment, an entry. */
#include "lpc-runtime/codegen.h"

#include <string.h>

static const float embedded[1024] __attribute__((aligned(4096))) = {2.0f};

typedef struct {
  const float *w, *x, *y;
  float *z;
} closure;

static void body(void *p, int64_t begin, int64_t end) {
  const closure *c = (const closure *)p;
  for (int64_t i = begin; i < end; ++i)
    c->z[i] = c->w[0] * c->x[i] + c->y[i % 3];
}

static void entry(lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
  int64_t n = in[0].shape[0] * 3;
  closure c = {(const float *)ctx->weights, (const float *)in[0].data, (const float *)in[1].data,
               0};
  if (n && c.x[0] == 666.0f)
    lpc_rt_fail_args(ctx, "node 'Bad_0': {} rows are bad", in[0].shape[0], 0, 0, 0);
  c.z = (float *)lpc_rt_alloc(ctx, n * 4);
  lpc_rt_parallel_for(ctx, n, 64, body, &c);
  lpc_rt_observe_f32(ctx, 3, c.z, n, 3);
  out[0].data = c.z;
  out[0].shape[0] = in[0].shape[0];
  out[0].shape[1] = 3;
}

static const int64_t dynamic_dims[] = {-1, 3}, fixed_dims[] = {3};
static const char *const names[] = {"batch", 0};
static const lpc_tensor_spec inputs[] = {{"x", LPC_DTYPE_F32, 2, dynamic_dims, names},
                                         {"y", LPC_DTYPE_F32, 1, fixed_dims, 0}};
static const lpc_tensor_spec outputs[] = {{"z", LPC_DTYPE_F32, 2, dynamic_dims, names}};
static const char manifest[] = "{\"lpc\":\"test\"}";

const lpc_model_desc lpc_model_descriptor = {LPC_ABI_VERSION,
                                             2,
                                             1,
                                             0,
                                             inputs,
                                             outputs,
                                             manifest,
                                             sizeof(manifest) - 1,
                                             entry,
#ifdef EXTERNAL_WEIGHTS
                                             0,
#else
                                             embedded,
#endif
                                             sizeof(embedded),
                                             0x1234,
#ifdef EXTERNAL_WEIGHTS
                                             "fake_model.weights",
#else
                                             0,
#endif
                                             0,
#ifdef IMPOSSIBLE_CPU
                                             LPC_CPU_AVX2 | LPC_CPU_NEON,
#else
                                             0,
#endif
                                             0};
