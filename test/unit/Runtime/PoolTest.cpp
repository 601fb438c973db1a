// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PoolTest.cpp: parallel_for: coverage, grain, nesting, failures, stress, fork.
#include "HookModel.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

class Pool : public HookModel {
protected:
  /// Runs fn on the context of a run.
  lpc_status inRun(std::function<void(lpc_ctx *)> fn) {
    hook = [fn](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
      fn(ctx);
      addEntry(ctx, in, out);
    };
    return run();
  }
};

using Body = std::function<void(int64_t, int64_t)>;
void parallelFor(lpc_ctx *ctx, int64_t n, int64_t grain, Body body) {
  lpc_rt_parallel_for(
      ctx, n, grain,
      [](void *p, int64_t begin, int64_t end) { (*static_cast<Body *>(p))(begin, end); }, &body);
}

TEST_F(Pool, covers_every_index_once) {
  for (int threads : {1, 2, 3, 7, 32}) {
    reopen(threads);
    for (int64_t n : {0, 1, 2, 3, 31, 32, 33, 1000}) {
      for (int64_t grain : {0, 1, 10, 5000}) {
        std::vector<std::atomic<int>> seen(size_t(n) + 1);
        std::atomic<int> calls = 0;
        std::atomic<int64_t> shortest = INT64_MAX;
        ASSERT_EQ(inRun([&](lpc_ctx *ctx) {
                    parallelFor(ctx, n, grain, [&](int64_t begin, int64_t end) {
                      ++calls;
                      shortest = std::min<int64_t>(shortest, end - begin);
                      for (int64_t i = begin; i < end; ++i)
                        ++seen[size_t(i)];
                    });
                  }),
                  LPC_OK);
        for (int64_t i = 0; i < n; ++i)
          ASSERT_EQ(seen[size_t(i)], 1);
        EXPECT_EQ(seen[size_t(n)], 0);
        EXPECT_LE(calls, threads);
        if (n < 2 * std::max<int64_t>(grain, 1))
          EXPECT_EQ(calls, n ? 1 : 0);
        if (calls > 1)
          EXPECT_GE(shortest, grain);
      }
    }
  }
}

TEST_F(Pool, results_do_not_depend_on_the_number_of_threads) {
  std::vector<double> expected;
  for (int threads : {1, 2, 5, 16}) {
    reopen(threads);
    std::vector<double> found(3001);
    ASSERT_EQ(inRun([&](lpc_ctx *ctx) {
                EXPECT_EQ(lpc_rt_num_threads(ctx), threads);
                parallelFor(ctx, 3001, 8, [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i)
                    for (int64_t k = 0; k < 50; ++k)
                      found[size_t(i)] += std::sin(double(i * k)) / double(k + 1);
                });
              }),
              LPC_OK);
    if (expected.empty())
      expected = found;
    EXPECT_EQ(found, expected);
  }
}

TEST_F(Pool, runs_bodies_at_the_same_time) {
  reopen(2);
  std::atomic<int> arrived = 0;
  ASSERT_EQ(inRun([&](lpc_ctx *ctx) {
              parallelFor(ctx, 2, 1, [&](int64_t, int64_t) {
                ++arrived;
                auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
                while (arrived < 2 && std::chrono::steady_clock::now() < end)
                  std::this_thread::yield();
                EXPECT_EQ(arrived, 2);
              });
            }),
            LPC_OK);
}

TEST_F(Pool, runs_nested_regions_inline) {
  reopen(4);
  std::vector<std::atomic<int>> seen(64 * 64);
  ASSERT_EQ(inRun([&](lpc_ctx *ctx) {
              parallelFor(ctx, 64, 1, [&](int64_t begin, int64_t end) {
                auto self = std::this_thread::get_id();
                for (int64_t i = begin; i < end; ++i)
                  parallelFor(ctx, 64, 1, [&](int64_t b, int64_t e) {
                    EXPECT_EQ(std::this_thread::get_id(), self);
                    for (int64_t j = b; j < e; ++j)
                      ++seen[size_t(i * 64 + j)];
                  });
              });
            }),
            LPC_OK);
  for (auto &count : seen)
    ASSERT_EQ(count, 1);
}

struct FailAt {
  lpc_ctx *ctx;
  int64_t first;
};

TEST_F(Pool, raises_the_first_failure_after_the_join) {
  for (int threads : {1, 2, 4, 9}) {
    reopen(threads);
    for (int64_t first : {0, 3, 500, 999}) {
      for (int repeat = 0; repeat < 20; ++repeat) {
        ASSERT_EQ(inRun([&](lpc_ctx *ctx) {
                    FailAt closure{ctx, first};
                    lpc_rt_parallel_for(
                        ctx, 1000, 1,
                        [](void *p, int64_t begin, int64_t end) {
                          auto *closure = static_cast<FailAt *>(p);
                          for (int64_t i = begin; i < end; ++i)
                            if (i >= closure->first)
                              lpc_rt_fail_dim(closure->ctx, "index", 0, i);
                        },
                        &closure);
                    ADD_FAILURE() << "must not return";
                  }),
                  LPC_RUN_FAILED);
        EXPECT_EQ(error(), "index: expected 0, but found " + std::to_string(first));
      }
    }
    EXPECT_EQ(inRun([](lpc_ctx *) {}), LPC_OK);
  }
}

TEST_F(Pool, survives_many_small_regions) {
  for (int threads : {2, 3, 16}) {
    reopen(threads);
    int64_t expected = 0;
    std::vector<int64_t> slots(256);
    ASSERT_EQ(inRun([&](lpc_ctx *ctx) {
                for (int64_t round = 0; round < 3000; ++round) {
                  int64_t n = 2 + round % 255;
                  parallelFor(ctx, n, 1 + round % 5, [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i)
                      slots[size_t(i)] += i;
                  });
                  expected += n * (n - 1) / 2;
                  if (round % 500 == 0) // longer than the spinning: the workers sleep
                    std::this_thread::sleep_for(std::chrono::milliseconds(2));
                }
              }),
              LPC_OK);
    int64_t sum = 0;
    for (int64_t slot : slots)
      sum += slot;
    EXPECT_EQ(sum, expected);
  }
}

TEST_F(Pool, opens_and_closes_often) {
  // More threads than CPUs, and a region just before the end: workers wake up late, when the
  // region is over and the pool is being closed.
  for (int i = 0; i < 1500; ++i) {
    reopen(i % 2 ? 4 : 16);
    ASSERT_EQ(inRun([](lpc_ctx *ctx) { parallelFor(ctx, 100, 1, [](int64_t, int64_t) {}); }),
              LPC_OK);
  }
}

TEST_F(Pool, works_after_a_fork) {
  reopen(3);
  std::atomic<int64_t> sum = 0;
  auto work = [&] {
    sum = 0;
    return inRun([&](lpc_ctx *ctx) {
      parallelFor(ctx, 100, 1, [&](int64_t b, int64_t e) { sum += e - b; });
    });
  };
  ASSERT_EQ(work(), LPC_OK);
  pid_t child = fork();
  if (child == 0)
    _exit(work() == LPC_OK && sum == 100 ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(work(), LPC_OK);
}

} // namespace
