// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RunTest.cpp: lpc_run's checks, the ownership of outputs, failures of the model, observers, the
// signature.
#include "HookModel.h"

#include <cmath>
#include <cstring>
#include <thread>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace {

using RunTest = HookModel;

TEST_F(RunTest, describes_the_signature) {
  EXPECT_EQ(lpc_abi_version(), LPC_ABI_VERSION);
  EXPECT_EQ(lpc_model_num_inputs(model), 5u);
  EXPECT_EQ(lpc_model_num_outputs(model), 2u);
  lpc_tensor_info info;
  ASSERT_EQ(lpc_model_input(model, 0, &info), LPC_OK);
  EXPECT_STREQ(info.name, "x");
  EXPECT_EQ(info.dtype, LPC_DTYPE_F32);
  EXPECT_EQ(info.rank, 2);
  EXPECT_EQ(info.dims[0], -1);
  EXPECT_EQ(info.dims[1], 3);
  EXPECT_STREQ(info.dim_names[0], "batch");
  EXPECT_EQ(info.dim_names[1], nullptr);
  EXPECT_EQ(lpc_model_output(model, 2, &info), LPC_INVALID_ARGUMENT);
  EXPECT_EQ(error(), "output 2 does not exist: the model has 2 outputs");
  EXPECT_STREQ(lpc_manifest_json(model), "{\"model\":1}");
}

TEST_F(RunTest, adds) {
  ASSERT_EQ(run(), LPC_OK) << error();
  EXPECT_EQ(out[0].dtype, LPC_DTYPE_F32);
  EXPECT_EQ(out[0].rank, 2);
  EXPECT_EQ(out[0].shape[0], 2);
  EXPECT_EQ(out[0].bytes, 24u);
  EXPECT_EQ(z(5), 66);
  EXPECT_EQ(c(0), 2);
  EXPECT_EQ(c(1), 7);
  EXPECT_EQ(error(), "");
}

TEST_F(RunTest, names_what_is_wrong_with_an_input) {
  struct Case {
    std::function<void()> spoil;
    const char *sentence;
  };
  const Case cases[] = {
      {[&] { in[1].dtype = LPC_DTYPE_F64; }, "input 'y': expected float32, but found float64"},
      {[&] { in[1].dtype = 99; },
       "input 'y': expected float32, but found the unknown element type 99"},
      {[&] { in[0].rank = 3; }, "input 'x': expected rank 2, but found rank 3"},
      {[&] { in[0].shape[1] = 4; }, "input 'x': expected dimension 1 to be 3, but found 4"},
      {[&] { in[0].shape[0] = -2; }, "input 'x': dimension 0 is negative (-2)"},
      {[&] { in[1].shape[0] = 1; },
       "inputs 'x' and 'y' disagree on 'batch': expected dimension 0 of 'y' to be 2 as "
       "dimension 0 of 'x' is, but found 1"},
      {[&] { in[4].shape[1] = 3; }, "input 's' disagrees with itself on 'k': expected dimension 1 "
                                    "to be 2 as dimension 0 is, but found 3"},
      {[&] { in[0].bytes = 20; },
       "input 'x': expected 24 bytes of data for float32 of shape 2x3, but found 20"},
      {[&] { in[3].bytes = 5; },
       "input 'q': expected 3 bytes of data for int4 of shape 5, but found 5"},
      {[&] { in[2].data = nullptr; },
       "input 'n' has no data: expected 4 bytes, but found a null pointer"},
      {[&] { in[4].shape[0] = in[4].shape[1] = int64_t(1) << 40; },
       "input 's': the shape 1099511627776x1099511627776 is too large"},
      {[&] { in.resize(2); }, "input 'n' is missing: expected 5 inputs, but found 2"},
      {[&] { in.push_back(in[0]); }, "too many inputs: expected 5, but found 6"},
  };
  std::vector<lpc_tensor> good = in;
  for (const Case &test : cases) {
    in = good;
    test.spoil();
    EXPECT_EQ(run(), LPC_INVALID_ARGUMENT);
    EXPECT_EQ(error(), test.sentence);
  }
  EXPECT_EQ(lpc_run(model, good.data(), 5, out, 1), LPC_INVALID_ARGUMENT);
  EXPECT_EQ(error(), "wrong number of outputs: expected 2, but found 1");
  EXPECT_EQ(lpc_run(nullptr, good.data(), 5, out, 2), LPC_INVALID_ARGUMENT);
  EXPECT_EQ(lpc_run(model, nullptr, 5, out, 2), LPC_INVALID_ARGUMENT);
  EXPECT_EQ(lpc_run(model, good.data(), 5, nullptr, 2), LPC_INVALID_ARGUMENT);
  in = good;
  EXPECT_EQ(run(), LPC_OK); // a mistake leaves nothing behind
}

TEST_F(RunTest, accepts_empty_tensors) {
  for (lpc_tensor *tensor : {&in[0], &in[1]}) {
    tensor->shape[0] = 0;
    tensor->bytes = 0;
    tensor->data = nullptr;
  }
  ASSERT_EQ(run(), LPC_OK) << error();
  EXPECT_EQ(out[0].shape[0], 0);
  EXPECT_EQ(out[0].bytes, 0u);
  EXPECT_EQ(c(0), 0);
}

TEST_F(RunTest, writes_to_memory_of_the_caller) {
  float z[8] = {};
  int64_t c[2] = {};
  out[0].data = z;
  out[0].bytes = sizeof(z);
  out[1].data = c;
  out[1].bytes = sizeof(c);
  ASSERT_EQ(run(), LPC_OK) << error();
  EXPECT_EQ(out[0].data, z);
  EXPECT_EQ(out[0].bytes, 24u);
  EXPECT_EQ(z[5], 66);
  EXPECT_EQ(z[6], 0);
  out[0].bytes = 20; // dynamic: known after the run
  EXPECT_EQ(run(), LPC_INVALID_ARGUMENT);
  EXPECT_EQ(error(), "output 'z': expected a buffer of at least 24 bytes, but found 20");
  out[0].bytes = sizeof(z);
  out[1].bytes = 8; // static: known before
  hook = [](lpc_ctx *, const lpc_buffer *, lpc_buffer *) { ADD_FAILURE() << "must not run"; };
  EXPECT_EQ(run(), LPC_INVALID_ARGUMENT);
  EXPECT_EQ(error(), "output 'c': expected a buffer of at least 16 bytes, but found 8");
}

TEST_F(RunTest, takes_outputs_of_the_last_run_as_unset) {
  ASSERT_EQ(run(), LPC_OK);
  x.insert(x.end(), x.begin(), x.end());
  y = x;
  for (lpc_tensor *tensor : {&in[0], &in[1]}) {
    tensor->shape[0] = 4;
    tensor->bytes = 48;
  }
  in[0].data = x.data();
  in[1].data = y.data();
  ASSERT_EQ(run(), LPC_OK) << error(); // larger than the buffer of the first run
  EXPECT_EQ(out[0].bytes, 48u);
  EXPECT_EQ(z(11), 12);
}

TEST_F(RunTest, feeds_an_output_back_as_input) {
  for (int step = 1; step <= 20; ++step) {
    ASSERT_EQ(run(), LPC_OK) << error();
    EXPECT_EQ(z(0), 1 + 10 * step);
    EXPECT_EQ(z(5), 6 + 60 * step);
    in[0] = out[0];
  }
  // The input survives a run that fails, so the caller can try again.
  hook = [](lpc_ctx *ctx, const lpc_buffer *, lpc_buffer *) {
    std::memset(lpc_rt_alloc(ctx, 24), 0xff, 24);
    lpc_rt_fail(ctx, "not now");
  };
  EXPECT_EQ(run(), LPC_RUN_FAILED);
  hook = addEntry;
  ASSERT_EQ(run(), LPC_OK);
  EXPECT_EQ(z(0), 211);
}

TEST_F(RunTest, copies_an_input_that_lies_in_the_arena) {
  hook = [](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
    std::vector<float> before(static_cast<const float *>(in[0].data),
                              static_cast<const float *>(in[0].data) + 6);
    std::memset(ctx->arena, 0xff, 1024); // compiled code uses its arena before it reads the input
    addEntry(ctx, in, out);
    for (int i = 0; i < 6; ++i)
      EXPECT_EQ(static_cast<const float *>(in[0].data)[i], before[size_t(i)]);
    std::memcpy(ctx->arena + 64, out[0].data, 24);
    out[0].data = ctx->arena + 64;
  };
  ASSERT_EQ(run(), LPC_OK);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(out[0].data) % 64, 0u);
  in[0] = out[0];
  ASSERT_EQ(run(), LPC_OK);
  EXPECT_EQ(z(0), 21);
}

TEST_F(RunTest, returns_inputs_weights_and_interior_pointers_as_outputs) {
  hook = [](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
    addEntry(ctx, in, out);
    out[0].data = in[1].data;
    out[1].data = const_cast<uint8_t *>(ctx->weights);
  };
  ASSERT_EQ(run(), LPC_OK);
  EXPECT_NE(out[0].data, y.data());
  EXPECT_EQ(z(5), 60);
  EXPECT_NE(out[1].data, hookWeights);
  EXPECT_EQ(std::memcmp(out[1].data, hookWeights, 16), 0);

  hook = [](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
    addEntry(ctx, in, out);
    uint8_t *block = static_cast<uint8_t *>(lpc_rt_alloc(ctx, 1000));
    std::memcpy(block + 500, out[0].data, 24);
    out[0].data = block + 500;
  };
  ASSERT_EQ(run(), LPC_OK);
  EXPECT_EQ(z(5), 66);
}

TEST_F(RunTest, aligns_inputs_to_their_element) {
  std::vector<uint8_t> bytes(25);
  std::memcpy(bytes.data() + 1, x.data(), 24);
  in[0].data = bytes.data() + 1;
  hook = [](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(in[0].data) % 4, 0u);
    addEntry(ctx, in, out);
  };
  ASSERT_EQ(run(), LPC_OK);
  EXPECT_EQ(z(0), 11);
}

TEST_F(RunTest, reports_failures_of_the_model) {
  hook = [](lpc_ctx *ctx, const lpc_buffer *, lpc_buffer *) {
    lpc_rt_fail(ctx, "index 9 is out of range");
  };
  EXPECT_EQ(run(), LPC_RUN_FAILED);
  EXPECT_EQ(error(), "index 9 is out of range");
  hook = [](lpc_ctx *ctx, const lpc_buffer *, lpc_buffer *) {
    lpc_rt_fail_dim(ctx, "node 'MatMul_3', K", 4, -5);
  };
  EXPECT_EQ(run(), LPC_RUN_FAILED);
  EXPECT_EQ(error(), "node 'MatMul_3', K: expected 4, but found -5");
  hook = [](lpc_ctx *ctx, const lpc_buffer *, lpc_buffer *) {
    lpc_rt_fail_args(ctx, "cannot reshape {}x{} to {}x{} {}", 1, INT64_MIN, 3, 4);
  };
  EXPECT_EQ(run(), LPC_RUN_FAILED);
  EXPECT_EQ(error(), "cannot reshape 1x-9223372036854775808 to 3x4 {}");
  std::string large(5000, 'a');
  hook = [&](lpc_ctx *ctx, const lpc_buffer *, lpc_buffer *) {
    lpc_rt_fail_args(ctx, large.c_str(), 0, 0, 0, 0);
  };
  EXPECT_EQ(run(), LPC_RUN_FAILED);
  EXPECT_EQ(error().find_first_not_of('a'), std::string::npos);
  hook = [](lpc_ctx *ctx, const lpc_buffer *, lpc_buffer *) { lpc_rt_alloc(ctx, -4); };
  EXPECT_EQ(run(), LPC_RUN_FAILED);
  EXPECT_NE(error().find("-4 bytes"), std::string::npos);
  hook = [](lpc_ctx *ctx, const lpc_buffer *, lpc_buffer *) { lpc_rt_alloc(ctx, INT64_MAX); };
  EXPECT_EQ(run(), LPC_RUN_FAILED);
  EXPECT_NE(error().find("out of memory"), std::string::npos);
  hook = addEntry;
  EXPECT_EQ(run(), LPC_OK);
}

TEST_F(RunTest, checks_what_compiled_code_returns) {
  hook = [](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
    addEntry(ctx, in, out);
    out[1].shape[0] = 3;
  };
  EXPECT_EQ(run(), LPC_RUN_FAILED);
  EXPECT_EQ(error(), "internal error: output 'c': expected dimension 0 to be 2, but found 3");
  hook = [](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
    addEntry(ctx, in, out);
    out[0].data = nullptr;
  };
  EXPECT_EQ(run(), LPC_RUN_FAILED);
  EXPECT_EQ(error(), "internal error: output 'z' of shape 2x3 has no data");
}

TEST_F(RunTest, observes) {
  struct Seen {
    int32_t id = 0;
    int64_t n = 0, inner = 0;
    float first = 0;
    int calls = 0;
  } seen;
  hook = [](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
    addEntry(ctx, in, out);
    lpc_rt_observe_f32(ctx, 17, static_cast<float *>(out[0].data), 6, 3);
  };
  ASSERT_EQ(run(), LPC_OK); // without an observer
  auto fn = [](void *user, int32_t id, const float *data, int64_t n, int64_t inner) {
    auto *seen = static_cast<Seen *>(user);
    *seen = {id, n, inner, data[0], seen->calls + 1};
  };
  ASSERT_EQ(lpc_set_observer(model, fn, &seen), LPC_OK);
  ASSERT_EQ(run(), LPC_OK);
  EXPECT_EQ(seen.id, 17);
  EXPECT_EQ(seen.n, 6);
  EXPECT_EQ(seen.inner, 3);
  EXPECT_EQ(seen.first, 11);
  ASSERT_EQ(lpc_set_observer(model, nullptr, nullptr), LPC_OK);
  ASSERT_EQ(run(), LPC_OK);
  EXPECT_EQ(seen.calls, 1);
}

TEST_F(RunTest, refuses_a_run_inside_a_run) {
  hook = [this](lpc_ctx *ctx, const lpc_buffer *inner, lpc_buffer *outer) {
    EXPECT_EQ(lpc_run(model, in.data(), 5, out, 2), LPC_INVALID_ARGUMENT);
    EXPECT_EQ(error(), "lpc_run was called from inside a run of the same model");
    EXPECT_EQ(lpc_set_observer(model, nullptr, nullptr), LPC_INVALID_ARGUMENT);
    addEntry(ctx, inner, outer);
  };
  EXPECT_EQ(run(), LPC_OK);
}

TEST_F(RunTest, serialises_threads_of_the_host) {
  auto work = [this] {
    float z[6];
    int64_t c[2];
    for (int i = 0; i < 300; ++i) {
      lpc_tensor mine[2] = {{0, 0, {}, z, sizeof(z)}, {0, 0, {}, c, sizeof(c)}};
      ASSERT_EQ(lpc_run(model, in.data(), 5, mine, 2), LPC_OK);
      ASSERT_EQ(z[5], 66);
    }
  };
  std::thread first(work), second(work);
  first.join();
  second.join();
}

#if defined(__x86_64__)
TEST_F(RunTest, has_its_own_floating_point_environment) {
  hook = [](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
    EXPECT_EQ(_mm_getcsr() & 0xffc0u, 0x1f80u);
    addEntry(ctx, in, out);
  };
  unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040); // flush to zero, denormals are zero
  EXPECT_EQ(run(), LPC_OK);
  EXPECT_EQ(_mm_getcsr() & 0x8040u, 0x8040u);
  _mm_setcsr(before);
}
#endif

TEST(Open, checks_its_arguments) {
  EXPECT_EQ(lpc_model_open(nullptr, nullptr), LPC_INVALID_ARGUMENT);
  lpc_model *model = nullptr;
  lpc_open_options options = {};
  EXPECT_EQ(lpc_model_open(&options, &model), LPC_INVALID_ARGUMENT);
  EXPECT_STREQ(lpc_last_error(nullptr), "the struct_size of lpc_open_options is not set");
  options.struct_size = sizeof(options);
  options.weights_path = "/nonexistent/weights";
  EXPECT_EQ(lpc_model_open(&options, &model), LPC_IO_ERROR);
  EXPECT_EQ(model, nullptr);
  EXPECT_STREQ(lpc_last_error(nullptr),
               "cannot open weights file '/nonexistent/weights': No such file or directory");
  ASSERT_EQ(lpc_model_open(nullptr, &model), LPC_OK);
  lpc_model_close(model);
  lpc_model_close(nullptr);
}

} // namespace
