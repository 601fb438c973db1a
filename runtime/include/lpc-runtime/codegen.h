/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * codegen.h: the interface between compiled code and the runtime that is linked into the same .so.
 * Valid C99 and C++.
 *
 * Compiled code defines `lpc_model_descriptor` and calls lpc_rt_*. Nothing here is visible outside
 * the .so.
 */
#ifndef LPC_RUNTIME_CODEGEN_H
#define LPC_RUNTIME_CODEGEN_H

#include "lpc-runtime/lpc.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LPC_RT_API __attribute__((visibility("hidden")))
#define LPC_RT_NORETURN __attribute__((noreturn))
#else
#define LPC_RT_API
#define LPC_RT_NORETURN
#endif

/* ---- the run's context ----
 * Compiled code gets a pointer to it and reads this head by offset; the rest belongs to the
 * runtime. */
typedef struct lpc_ctx {
  /* Offset 0: base of the weight segment or of its replacement, page-aligned. */
  const uint8_t *weights;
  /* Offset 8: arena_bytes of memory for the static plan, 64-byte aligned; null if 0. */
  uint8_t *arena;
  /* Offset 16: LPC_CPU_* of this machine. */
  uint64_t cpu_features;
  /* Offset 24. */
  uint64_t reserved;
} lpc_ctx;

/* What the machine can do (CPU and operating system together). Each bit includes what is written
 * behind it. */
enum lpc_cpu_feature {
  LPC_CPU_AVX2 = 1 << 0,    /* AVX2, FMA, F16C, BMI2 */
  LPC_CPU_AVXVNNI = 1 << 1, /* VEX-coded VNNI */
  LPC_CPU_AVX512 = 1 << 2,  /* F, BW, DQ, VL, CD */
  LPC_CPU_AVX512VNNI = 1 << 3,
  LPC_CPU_AVX512BF16 = 1 << 4,
  LPC_CPU_AVX512FP16 = 1 << 5,
  LPC_CPU_AVX512VBMI = 1 << 6,
  LPC_CPU_GFNI = 1 << 7,
  LPC_CPU_AMX = 1 << 8, /* TILE and INT8; opening asks the kernel for the tiles if named */
  LPC_CPU_AMXBF16 = 1 << 9,
  LPC_CPU_NEON = 1 << 16,
  LPC_CPU_DOTPROD = 1 << 17,
  LPC_CPU_I8MM = 1 << 18
};

/* ---- entry ----
 * A buffer is contiguous and row-major, with the bytes of the public ABI (lpc.h); only the first
 * `rank` entries of shape mean something. The runtime has checked the inputs against the specs,
 * dimension names included. in[i].data is aligned to its element only. On entry out[i].data is
 * null; the entry function sets data and shape. The data may be a block of lpc_rt_alloc (or lie
 * inside one), which the runtime then owns, or lie in the arena, in the weights, in an input, or in
 * a constant of the object. Shapes of fixed dimensions must be set too. */
typedef struct lpc_buffer {
  void *data;
  int64_t shape[LPC_MAX_RANK];
} lpc_buffer;

typedef void (*lpc_entry_fn)(lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out);

/* ---- the descriptor ---- */
typedef struct lpc_tensor_spec {
  const char *name;
  int32_t dtype; /* ONNX code */
  int32_t rank;
  const int64_t *dims;          /* rank entries, -1 is dynamic; may be null if rank is 0 */
  const char *const *dim_names; /* null, or rank entries that may be null */
} lpc_tensor_spec;

typedef struct lpc_model_desc {
  uint32_t abi_version;           /* 0: LPC_ABI_VERSION */
  uint32_t num_inputs;            /* 4 */
  uint32_t num_outputs;           /* 8 */
  uint32_t flags;                 /* 12: 0 */
  const lpc_tensor_spec *inputs;  /* 16 */
  const lpc_tensor_spec *outputs; /* 24 */
  const char *manifest;           /* 32: JSON, zero-terminated */
  uint64_t manifest_bytes;        /* 40: without the zero */
  lpc_entry_fn entry;             /* 48 */
  /* 56: page-aligned; null if there are none or if they are in weights_file. */
  const void *weights;
  uint64_t weights_bytes; /* 64 */
  /* 72: identifies the program around the segment: a hash of the code with all constants that are
   * in it, and of the segment's names, types and offsets. A weights file must carry the same
   * number: then it was compiled to the same program, and its bytes give what they gave there. */
  uint64_t weights_program;
  /* 80: null, or the name of the weights file beside the .so (external weights). */
  const char *weights_file;
  uint64_t arena_bytes; /* 88: 0 if there is no static plan */
  /* 96: LPC_CPU_*; opening fails with a sentence on a machine without them. */
  uint64_t required_features;
  /* 104: LPC_CPU_* that the code tests in ctx->cpu_features. */
  uint64_t optional_features;
} lpc_model_desc; /* 112 bytes */

/* Defined by the compiled object. */
extern LPC_RT_API const lpc_model_desc lpc_model_descriptor;

/* ---- weights file ----
 * One page of header, then weights_bytes bytes: the weight segment as it is in memory. */
#define LPC_WEIGHTS_MAGIC "LPCWTS02"
#define LPC_WEIGHTS_HEADER_BYTES 4096
typedef struct lpc_weights_header {
  char magic[8]; /* LPC_WEIGHTS_MAGIC without its zero */
  uint64_t bytes;
  uint64_t program;   /* weights_program of the descriptor */
  uint64_t content;   /* checksum.h over the segment */
} lpc_weights_header; /* zero bytes follow up to LPC_WEIGHTS_HEADER_BYTES */

/* ---- services ----
 * All may be called from inside a lpc_rt_parallel_for body too, unless stated otherwise. */

/* 64-byte aligned, never null (fails the run instead); the contents are undefined. Zero bytes are
 * allowed. */
LPC_RT_API void *lpc_rt_alloc(lpc_ctx *ctx, int64_t bytes);
/* Null is allowed. Blocks that are not freed and not returned as outputs are taken back when the
 * run ends. */
LPC_RT_API void lpc_rt_free(lpc_ctx *ctx, void *block);

/* Calls body(closure, begin, end) for disjoint contiguous ranges that cover [0, n), on the run's
 * threads; returns when all are done. Ranges are at least `grain` long (a single call if n < 2 *
 * grain). A body must compute each index independently of the split, then results do not depend on
 * the number of threads. Nested calls run inline. */
LPC_RT_API void lpc_rt_parallel_for(lpc_ctx *ctx, int64_t n, int64_t grain,
                                    void (*body)(void *closure, int64_t begin, int64_t end),
                                    void *closure);
LPC_RT_API int64_t lpc_rt_num_threads(lpc_ctx *ctx);

/* Record the sentence and leave the run: lpc_run returns LPC_RUN_FAILED. On a worker the body is
 * left at once and the run ends after the join; the first failure wins, in the order of the ranges.
 */
LPC_RT_API LPC_RT_NORETURN void lpc_rt_fail(lpc_ctx *ctx, const char *sentence);
/* "<what>: expected <expected>, but found <found>". */
LPC_RT_API LPC_RT_NORETURN void lpc_rt_fail_dim(lpc_ctx *ctx, const char *what, int64_t expected,
                                                int64_t found);
/* Each "{}" of the text is replaced by the next of a, b, c, d. */
LPC_RT_API LPC_RT_NORETURN void lpc_rt_fail_args(lpc_ctx *ctx, const char *text, int64_t a,
                                                 int64_t b, int64_t c, int64_t d);

/* Hands a tensor to the host's observer (lpc_set_observer); nothing happens without one. Not from a
 * parallel body. */
LPC_RT_API void lpc_rt_observe_f32(lpc_ctx *ctx, int32_t id, const float *data, int64_t n,
                                   int64_t inner);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* LPC_RUNTIME_CODEGEN_H */
