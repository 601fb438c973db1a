// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// HookModel.h: the model that this test binary is. Each test sets the entry function that "compiled
// code" runs.
//
//   inputs   x: float32[batch, 3]   y: float32[batch, 3]   n: int32[]   q: int4[5]   s: int64[k, k]
//   outputs  z: float32[batch, 3]   c: int64[2]
#ifndef LPC_TEST_UNIT_RUNTIME_HOOKMODEL_H
#define LPC_TEST_UNIT_RUNTIME_HOOKMODEL_H

#include "lpc-runtime/codegen.h"

#include "gtest/gtest.h"

#include <functional>
#include <vector>

using Hook = std::function<void(lpc_ctx *, const lpc_buffer *, lpc_buffer *)>;
extern Hook hook;
extern const float hookWeights[4];

/// z = x + y, c = {batch, n}: what most tests run.
void addEntry(lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out);

/// An open model with well-formed inputs that a test may spoil.
class HookModel : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;
  /// Closes the model and opens it again.
  void reopen(int threads);
  lpc_status run() { return lpc_run(model, in.data(), in.size(), out, 2); }
  std::string error() { return lpc_last_error(model); }
  float z(int64_t i) { return static_cast<float *>(out[0].data)[i]; }
  int64_t c(int64_t i) { return static_cast<int64_t *>(out[1].data)[i]; }

  lpc_model *model = nullptr;
  std::vector<float> x, y;
  int32_t n = 7;
  std::vector<uint8_t> q;
  std::vector<int64_t> s;
  std::vector<lpc_tensor> in;
  lpc_tensor out[2];
};

#endif // LPC_TEST_UNIT_RUNTIME_HOOKMODEL_H
