/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * lpc.h: the public C interface of a compiled model (.so). Valid C99 and C++.
 *
 * Life of a model:  lpc_model_open -> lpc_run, as often as wanted -> lpc_model_close.
 * Threads: two threads may use two models freely; calls on one model are serialised by the model,
 * and the outputs of a run live until the next run of the same model. Open the model twice to run
 * it twice at once: the weights are shared.
 */
#ifndef LPC_RUNTIME_LPC_H
#define LPC_RUNTIME_LPC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised whenever a struct or a function of this header changes incompatibly. */
#define LPC_ABI_VERSION 1u
#define LPC_MAX_RANK 16

#ifndef LPC_API
#if defined(__GNUC__)
#define LPC_API __attribute__((visibility("default")))
#else
#define LPC_API
#endif
#endif

typedef enum lpc_status {
  LPC_OK = 0,
  LPC_INVALID_ARGUMENT =
      1,                 /* a null handle, a wrong count, a wrong dtype, rank, dimension or size */
  LPC_INVALID_MODEL = 2, /* the model's descriptor or its weights file does not fit this runtime */
  LPC_UNSUPPORTED_CPU = 3, /* the model uses instructions that this machine lacks */
  LPC_OUT_OF_MEMORY = 4,
  LPC_IO_ERROR = 5,   /* the weights file cannot be opened or mapped */
  LPC_RUN_FAILED = 6, /* the model itself stopped: for example an index out of range */
  LPC_STATUS_INT32 = 0x7fffffff
} lpc_status;

/* Element types: the codes of ONNX TensorProto.DataType. Types below 8 bits are packed, low bits
 * first, without padding between rows; the last byte is filled with zero bits. A bool is one byte,
 * 0 or 1. */
enum lpc_dtype {
  LPC_DTYPE_F32 = 1,
  LPC_DTYPE_U8 = 2,
  LPC_DTYPE_I8 = 3,
  LPC_DTYPE_U16 = 4,
  LPC_DTYPE_I16 = 5,
  LPC_DTYPE_I32 = 6,
  LPC_DTYPE_I64 = 7,
  LPC_DTYPE_BOOL = 9,
  LPC_DTYPE_F16 = 10,
  LPC_DTYPE_F64 = 11,
  LPC_DTYPE_U32 = 12,
  LPC_DTYPE_U64 = 13,
  LPC_DTYPE_BF16 = 16,
  LPC_DTYPE_F8E4M3FN = 17,
  LPC_DTYPE_F8E4M3FNUZ = 18,
  LPC_DTYPE_F8E5M2 = 19,
  LPC_DTYPE_F8E5M2FNUZ = 20,
  LPC_DTYPE_U4 = 21,
  LPC_DTYPE_I4 = 22,
  LPC_DTYPE_F4E2M1 = 23,
  LPC_DTYPE_F8E8M0 = 24,
  LPC_DTYPE_U2 = 25,
  LPC_DTYPE_I2 = 26
};

/* A tensor in memory: contiguous, row-major. */
typedef struct lpc_tensor {
  int32_t dtype;
  int32_t rank;
  int64_t shape[LPC_MAX_RANK];
  void *data;
  size_t bytes;
} lpc_tensor;

/* What the model says about one input or output. A dimension of -1 is dynamic; dynamic dimensions
 * that carry the same name must have the same size in one run. A dim_names entry may be null. The
 * strings live as long as the model. */
typedef struct lpc_tensor_info {
  const char *name;
  int32_t dtype;
  int32_t rank;
  int64_t dims[LPC_MAX_RANK];
  const char *dim_names[LPC_MAX_RANK];
} lpc_tensor_info;

typedef struct lpc_open_options {
  /* sizeof(lpc_open_options); fields beyond it take their defaults. */
  size_t struct_size;
  /* 0: LPC_NUM_THREADS of the environment, else all CPUs that the process may use. */
  int32_t threads;
  int32_t reserved; /* 0 */
  /* Null: the weights inside the model; else a weights file that replaces them. */
  const char *weights_path;
} lpc_open_options;

typedef struct lpc_model lpc_model;

/* LPC_ABI_VERSION of the runtime inside the model. */
LPC_API uint32_t lpc_abi_version(void);

/* Opens the model. `options` may be null. On failure *model is null and lpc_last_error(NULL) has
 * the sentence. */
LPC_API lpc_status lpc_model_open(const lpc_open_options *options, lpc_model **model);
/* Frees the model and every output that it owns. Null is allowed. */
LPC_API void lpc_model_close(lpc_model *model);

LPC_API size_t lpc_model_num_inputs(const lpc_model *model);
LPC_API size_t lpc_model_num_outputs(const lpc_model *model);
LPC_API lpc_status lpc_model_input(const lpc_model *model, size_t index, lpc_tensor_info *info);
LPC_API lpc_status lpc_model_output(const lpc_model *model, size_t index, lpc_tensor_info *info);

/* Runs the model once. Inputs and outputs are in the order of the model's signature.
 * On entry out[i].data is either null, and then the model owns the output's memory until its next
 * run or its close, or it points to out[i].bytes bytes of the caller, which receive the output. On
 * success dtype, rank, shape, data and bytes of every output are set; bytes to the size of the
 * tensor, so a caller with memory for larger outputs sets it again before each run. An out[i] left
 * as the last run of this model returned it counts as null (one that an older run or a closed model
 * returned must be cleared), and an output of the last run may be an input of this one. Inputs are
 * not written to. On failure nothing of `out` is changed, except perhaps the caller's memory. */
LPC_API lpc_status lpc_run(lpc_model *model, const lpc_tensor *in, size_t nin, lpc_tensor *out,
                           size_t nout);

/* The sentence of the last failed call on this model (with null: of the last failed
 * lpc_model_open); "" if none. */
LPC_API const char *lpc_last_error(const lpc_model *model);

/* The model's manifest: JSON, zero-terminated, lives as long as the model. */
LPC_API const char *lpc_manifest_json(const lpc_model *model);

/* Calibration: a model compiled with observers calls `fn` for each observed tensor of each run, on
 * the thread of lpc_run. `id` is the observer's number in the manifest, `n` the number of elements,
 * `inner` the extent of the innermost axis. A null fn turns observation off. The function must not
 * call the model. */
typedef void (*lpc_observer_fn)(void *user, int32_t id, const float *data, int64_t n,
                                int64_t inner);
LPC_API lpc_status lpc_set_observer(lpc_model *model, lpc_observer_fn fn, void *user);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* LPC_RUNTIME_LPC_H */
