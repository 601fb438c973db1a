// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ArenaTest.cpp: memory of compiled code: alignment, reuse, and a steady state without calls to the
// system.
#include "HookModel.h"

#include "runtime/lib/Model.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace {

using Arena = HookModel;

uint64_t systemAllocations(lpc_model *model) { return model->cache.systemAllocations(); }

TEST_F(Arena, aligns_blocks_and_keeps_them_apart) {
  hook = [](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(ctx->arena) % 64, 0u);
    std::memset(ctx->arena, 1, 1024);
    std::vector<std::pair<uint8_t *, int64_t>> blocks;
    for (int64_t bytes = 0; bytes < 6000; bytes += 1 + bytes / 3) {
      uint8_t *block = static_cast<uint8_t *>(lpc_rt_alloc(ctx, bytes));
      EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
      std::memset(block, int(blocks.size()), size_t(bytes));
      blocks.emplace_back(block, bytes);
    }
    for (size_t i = 0; i < blocks.size(); ++i)
      for (int64_t b = 0; b < blocks[i].second; ++b)
        ASSERT_EQ(blocks[i].first[b], uint8_t(i));
    for (auto &[block, bytes] : blocks)
      lpc_rt_free(ctx, block);
    lpc_rt_free(ctx, nullptr);
    addEntry(ctx, in, out);
  };
  ASSERT_EQ(run(), LPC_OK);
}

TEST_F(Arena, every_size_fits_its_class) {
  for (uint64_t bytes : {1ull, 64ull, 65ull, 256ull, 257ull, 320ull, 321ull, 511ull, 512ull, 513ull,
                         4097ull, 100000ull, (1ull << 20) + 1, (5ull << 20) - 1}) {
    lpc::rt::Block *block = model->cache.allocate(bytes);
    ASSERT_NE(block, nullptr);
    EXPECT_GE(block->capacity, bytes);
    EXPECT_LE(block->capacity, std::max<uint64_t>(64, bytes + bytes / 4 + 64));
    std::memset(block->data(), 0xaa, bytes);
    lpc::rt::Block *again = nullptr;
    EXPECT_TRUE(model->cache.release(block->data()));
    again = model->cache.allocate(bytes);
    EXPECT_EQ(again, block); // the last freed is the first reused
    EXPECT_TRUE(model->cache.release(again->data()));
  }
  EXPECT_EQ(model->cache.allocate(uint64_t(1) << 46), nullptr);
}

TEST_F(Arena, a_round_keeps_what_it_hands_on) {
  hook = [](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
    auto isLive = [&](void *p) {
      return static_cast<lpc_model *>(ctx)->cache.findLive(p) != nullptr;
    };
    auto alloc = [&] { return static_cast<uint8_t *>(lpc_rt_alloc(ctx, 5000)); };
    uint8_t *outer = alloc();
    int64_t mark = lpc_rt_mark(ctx);
    uint8_t *a = alloc(), *b = alloc(), *c = alloc();
    const void *kept[] = {b + 4999, in[0].data, nullptr}; // an address inside, and foreign ones
    lpc_rt_free_since(ctx, mark, kept, 3);
    EXPECT_TRUE(isLive(outer) && isLive(b));
    EXPECT_FALSE(isLive(a) || isLive(c));
    // The next round gets a freed block, and frees the one that it was handed.
    uint8_t *next = alloc();
    EXPECT_TRUE(next == a || next == c);
    kept[0] = next;
    lpc_rt_free_since(ctx, mark, kept, 1);
    EXPECT_TRUE(isLive(outer) && isLive(next));
    EXPECT_FALSE(isLive(b));
    lpc_rt_free_since(ctx, mark, nullptr, 0);
    EXPECT_FALSE(isLive(next));
    EXPECT_TRUE(isLive(outer));
    addEntry(ctx, in, out);
  };
  ASSERT_EQ(run(), LPC_OK);
}

TEST_F(Arena, steady_state_does_not_call_the_system) {
  hook = [](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
    void *a = lpc_rt_alloc(ctx, 100000);
    void *b = lpc_rt_alloc(ctx, 3000);
    lpc_rt_free(ctx, a);
    a = lpc_rt_alloc(ctx, 100001);
    lpc_rt_free(ctx, b);
    addEntry(ctx, in, out); // `a` leaks: the end of the run takes it back
  };
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(run(), LPC_OK);
  uint64_t before = systemAllocations(model);
  for (int i = 0; i < 200; ++i)
    ASSERT_EQ(run(), LPC_OK);
  EXPECT_EQ(systemAllocations(model), before);
}

TEST_F(Arena, a_failed_run_leaks_nothing) {
  hook = [](lpc_ctx *ctx, const lpc_buffer *, lpc_buffer *) {
    for (int i = 0; i < 10; ++i)
      lpc_rt_alloc(ctx, 5000);
    lpc_rt_fail(ctx, "stop");
  };
  EXPECT_EQ(run(), LPC_RUN_FAILED);
  uint64_t before = systemAllocations(model);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(run(), LPC_RUN_FAILED);
  EXPECT_EQ(systemAllocations(model), before);
}

TEST_F(Arena, gives_unused_blocks_back) {
  hook = [](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
    lpc_rt_free(ctx, lpc_rt_alloc(ctx, 50 << 20));
    addEntry(ctx, in, out);
  };
  ASSERT_EQ(run(), LPC_OK);
  hook = addEntry;
  for (int i = 0; i < 40; ++i)
    ASSERT_EQ(run(), LPC_OK);
  uint64_t before = systemAllocations(model);
  lpc::rt::Block *block = model->cache.allocate(50 << 20);
  EXPECT_EQ(systemAllocations(model), before + 1); // the large block was gone
  EXPECT_TRUE(model->cache.release(block->data()));
}

TEST_F(Arena, serves_many_threads) {
  reopen(8);
  hook = [](lpc_ctx *ctx, const lpc_buffer *in, lpc_buffer *out) {
    struct Closure {
      lpc_ctx *ctx;
    } closure{ctx};
    lpc_rt_parallel_for(
        ctx, 4000, 1,
        [](void *p, int64_t begin, int64_t end) {
          lpc_ctx *ctx = static_cast<Closure *>(p)->ctx;
          for (int64_t i = begin; i < end; ++i) {
            int64_t bytes = 1 + i * 37 % 3000;
            uint8_t *block = static_cast<uint8_t *>(lpc_rt_alloc(ctx, bytes));
            std::memset(block, int(i), size_t(bytes));
            for (int64_t b = 0; b < bytes; ++b)
              if (block[b] != uint8_t(i))
                lpc_rt_fail_dim(ctx, "block", uint8_t(i), block[b]);
            lpc_rt_free(ctx, block);
          }
        },
        &closure);
    addEntry(ctx, in, out);
  };
  for (int i = 0; i < 10; ++i)
    ASSERT_EQ(run(), LPC_OK) << error();
}

} // namespace
