// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// HookModel.cpp: descriptor and fixture of the test binary's own model.
#include "HookModel.h"

#include <cstring>

Hook hook;
alignas(4096) const float hookWeights[4] = {1, 2, 3, 4};

static void entry(lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) { hook(ctx, in, out); }

static const int64_t xDims[] = {-1, 3}, qDims[] = {5}, sDims[] = {-1, -1}, cDims[] = {2};
static const char *const batchNames[] = {"batch", nullptr};
static const char *const squareNames[] = {"k", "k"};
static const lpc_tensor_spec inputs[] = {{"x", LPC_DTYPE_F32, 2, xDims, batchNames},
                                         {"y", LPC_DTYPE_F32, 2, xDims, batchNames},
                                         {"n", LPC_DTYPE_I32, 0, nullptr, nullptr},
                                         {"q", LPC_DTYPE_I4, 1, qDims, nullptr},
                                         {"s", LPC_DTYPE_I64, 2, sDims, squareNames}};
static const lpc_tensor_spec outputs[] = {{"z", LPC_DTYPE_F32, 2, xDims, batchNames},
                                          {"c", LPC_DTYPE_I64, 1, cDims, nullptr}};

extern "C" {
extern const lpc_model_desc lpc_model_descriptor;
const lpc_model_desc lpc_model_descriptor = {LPC_ABI_VERSION,
                                             5,
                                             2,
                                             0,
                                             inputs,
                                             outputs,
                                             "{\"model\":1}",
                                             11,
                                             entry,
                                             hookWeights,
                                             sizeof(hookWeights),
                                             42,
                                             nullptr,
                                             1024,
                                             0,
                                             0};
}

void addEntry(lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
  int64_t batch = in[0].shape[0];
  float *z = static_cast<float *>(lpc_rt_alloc(ctx, batch * 12));
  int64_t *c = static_cast<int64_t *>(lpc_rt_alloc(ctx, 16));
  for (int64_t i = 0; i < batch * 3; ++i)
    z[i] = static_cast<const float *>(in[0].data)[i] + static_cast<const float *>(in[1].data)[i];
  c[0] = batch;
  c[1] = *static_cast<const int32_t *>(in[2].data);
  out[0].data = z;
  out[0].shape[0] = batch;
  out[0].shape[1] = 3;
  out[1].data = c;
  out[1].shape[0] = 2;
}

void HookModel::SetUp() {
  hook = addEntry;
  x = {1, 2, 3, 4, 5, 6};
  y = {10, 20, 30, 40, 50, 60};
  q = {0x21, 0x43, 0x05};
  s = {1, 2, 3, 4};
  in = {{LPC_DTYPE_F32, 2, {2, 3}, x.data(), 24},
        {LPC_DTYPE_F32, 2, {2, 3}, y.data(), 24},
        {LPC_DTYPE_I32, 0, {}, &n, 4},
        {LPC_DTYPE_I4, 1, {5}, q.data(), 3},
        {LPC_DTYPE_I64, 2, {2, 2}, s.data(), 32}};
  std::memset(out, 0, sizeof(out));
  reopen(2);
}

void HookModel::reopen(int threads) {
  lpc_model_close(model);
  std::memset(out, 0, sizeof(out)); // the outputs went with the model
  lpc_open_options options = {};
  options.struct_size = sizeof(options);
  options.threads = threads;
  ASSERT_EQ(lpc_model_open(&options, &model), LPC_OK) << lpc_last_error(nullptr);
}

void HookModel::TearDown() { lpc_model_close(model); }
