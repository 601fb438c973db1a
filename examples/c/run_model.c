/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * run_model.c: runs a compiled model from C, with nothing but lpc.h and the C library.
 *
 * Load any model at run time:
 *   cc -std=c99 -I runtime/include examples/c/run_model.c -o run_model -ldl
 *   ./run_model model.so
 * Or link one model into the program, as a library or as an object (lpc compile --emit obj):
 *   cc -std=c99 -DLINKED -I runtime/include examples/c/run_model.c ./model.so -Wl,-rpath,'$ORIGIN'
 * -o run_model
 *   cc -std=c99 -DLINKED -I runtime/include examples/c/run_model.c model.o -lm -o run_model
 *   ./run_model
 *
 * Every input is filled with a simple pattern (dynamic dimensions are 1, or the number after the
 * model's path); the first elements of every output are printed.
 */
#include "lpc-runtime/lpc.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The functions that this program needs, found by name or by the linker. */
static struct {
  lpc_status (*open)(const lpc_open_options *, lpc_model **);
  void (*close)(lpc_model *);
  size_t (*num_inputs)(const lpc_model *);
  size_t (*num_outputs)(const lpc_model *);
  lpc_status (*input)(const lpc_model *, size_t, lpc_tensor_info *);
  lpc_status (*output)(const lpc_model *, size_t, lpc_tensor_info *);
  lpc_status (*run)(lpc_model *, const lpc_tensor *, size_t, lpc_tensor *, size_t);
  const char *(*last_error)(const lpc_model *);
} api;

#ifdef LINKED
static int load(const char *path) {
  (void)path;
  api.open = lpc_model_open;
  api.close = lpc_model_close;
  api.num_inputs = lpc_model_num_inputs;
  api.num_outputs = lpc_model_num_outputs;
  api.input = lpc_model_input;
  api.output = lpc_model_output;
  api.run = lpc_run;
  api.last_error = lpc_last_error;
  return 1;
}
#else
/* C has no cast from an object pointer to a function pointer; POSIX says how to do it. */
static int find(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  memcpy(function, &symbol, sizeof(symbol));
  return symbol != NULL;
}

static int load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  unsigned (*version)(void);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return 0;
  }
  if (!find(library, "lpc_abi_version", &version) || version() != LPC_ABI_VERSION) {
    fprintf(stderr, "%s is not a model with version %u of the C ABI\n", path, LPC_ABI_VERSION);
    return 0;
  }
  return find(library, "lpc_model_open", &api.open) &&
         find(library, "lpc_model_close", &api.close) &&
         find(library, "lpc_model_num_inputs", &api.num_inputs) &&
         find(library, "lpc_model_num_outputs", &api.num_outputs) &&
         find(library, "lpc_model_input", &api.input) &&
         find(library, "lpc_model_output", &api.output) && find(library, "lpc_run", &api.run) &&
         find(library, "lpc_last_error", &api.last_error);
}
#endif

static unsigned bits_of(int32_t dtype) {
  switch (dtype) {
  case LPC_DTYPE_F64:
  case LPC_DTYPE_I64:
  case LPC_DTYPE_U64:
    return 64;
  case LPC_DTYPE_F32:
  case LPC_DTYPE_I32:
  case LPC_DTYPE_U32:
    return 32;
  case LPC_DTYPE_F16:
  case LPC_DTYPE_BF16:
  case LPC_DTYPE_I16:
  case LPC_DTYPE_U16:
    return 16;
  case LPC_DTYPE_U4:
  case LPC_DTYPE_I4:
  case LPC_DTYPE_F4E2M1:
    return 4;
  case LPC_DTYPE_U2:
  case LPC_DTYPE_I2:
    return 2;
  default:
    return 8;
  }
}

static size_t elements(const lpc_tensor *tensor) {
  size_t n = 1;
  for (int32_t d = 0; d < tensor->rank; ++d)
    n *= (size_t)tensor->shape[d];
  return n;
}

/* Floats become 0.00, 0.01, ... 0.99, 0.00; 32- and 64-bit integers alternate 0 and 1; the rest is
 * 0. */
static void fill(lpc_tensor *tensor) {
  size_t n = elements(tensor);
  for (size_t i = 0; i < n; ++i) {
    if (tensor->dtype == LPC_DTYPE_F32)
      ((float *)tensor->data)[i] = (float)(i % 100) / 100.0f;
    else if (tensor->dtype == LPC_DTYPE_F64)
      ((double *)tensor->data)[i] = (double)(i % 100) / 100.0;
    else if (tensor->dtype == LPC_DTYPE_I64)
      ((int64_t *)tensor->data)[i] = (int64_t)(i % 2);
    else if (tensor->dtype == LPC_DTYPE_I32)
      ((int32_t *)tensor->data)[i] = (int32_t)(i % 2);
  }
}

static void print(const char *name, const lpc_tensor *tensor) {
  size_t n = elements(tensor), shown = n < 8 ? n : 8;
  printf("%s: type %d, shape [", name, (int)tensor->dtype);
  for (int32_t d = 0; d < tensor->rank; ++d)
    printf(d ? ", %lld" : "%lld", (long long)tensor->shape[d]);
  printf("]:");
  for (size_t i = 0; i < shown; ++i) {
    if (tensor->dtype == LPC_DTYPE_F32)
      printf(" %g", (double)((const float *)tensor->data)[i]);
    else if (tensor->dtype == LPC_DTYPE_F64)
      printf(" %g", ((const double *)tensor->data)[i]);
    else if (tensor->dtype == LPC_DTYPE_I64)
      printf(" %lld", (long long)((const int64_t *)tensor->data)[i]);
    else if (tensor->dtype == LPC_DTYPE_I32)
      printf(" %d", (int)((const int32_t *)tensor->data)[i]);
    else if (i * bits_of(tensor->dtype) / 8 < tensor->bytes)
      printf(" 0x%02x", ((const unsigned char *)tensor->data)[i * bits_of(tensor->dtype) / 8]);
  }
  printf(n > shown ? " ...\n" : "\n");
}

int main(int argc, char **argv) {
  int first = 2;
#ifdef LINKED
  first = 1;
#endif
  int64_t dynamic = argc > first ? atoll(argv[first]) : 1;
  if (argc < first || dynamic < 0) {
    fprintf(stderr, "usage: %s model.so [size of dynamic dimensions]\n", argv[0]);
    return 2;
  }
  if (!load(argv[1]))
    return 1;

  lpc_open_options options;
  memset(&options, 0, sizeof(options));
  options.struct_size = sizeof(options);
  lpc_model *model;
  if (api.open(&options, &model) != LPC_OK) {
    fprintf(stderr, "%s\n", api.last_error(NULL));
    return 1;
  }

  size_t nin = api.num_inputs(model), nout = api.num_outputs(model);
  lpc_tensor *in = calloc(nin + 1, sizeof(*in)), *out = calloc(nout + 1, sizeof(*out));
  if (!in || !out)
    return 1;
  for (size_t i = 0; i < nin; ++i) {
    lpc_tensor_info info;
    api.input(model, i, &info);
    in[i].dtype = info.dtype;
    in[i].rank = info.rank;
    for (int32_t d = 0; d < info.rank; ++d)
      in[i].shape[d] = info.dims[d] < 0 ? dynamic : info.dims[d];
    in[i].bytes = (elements(&in[i]) * bits_of(info.dtype) + 7) / 8;
    in[i].data = calloc(in[i].bytes + 1, 1);
    if (!in[i].data)
      return 1;
    fill(&in[i]);
    print(info.name, &in[i]);
  }

  int result = 0;
  if (api.run(model, in, nin, out, nout) != LPC_OK) {
    fprintf(stderr, "%s\n", api.last_error(model));
    result = 1;
  }
  for (size_t i = 0; i < nout && !result; ++i) {
    lpc_tensor_info info;
    api.output(model, i, &info);
    print(info.name, &out[i]); /* the memory belongs to the model: nothing to free */
  }
  for (size_t i = 0; i < nin; ++i)
    free(in[i].data);
  free(in);
  free(out);
  api.close(model);
  return result;
}
