// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// BlockCache.cpp: memory of compiled code. Size classes have four steps to the octave (at most 25 %
// unused, and unused pages are never touched); a freed block waits in its class for the next
// request.
#include "Model.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

using namespace lpc::rt;

namespace {

constexpr uint32_t kMagic = 0x4c50424bu;
constexpr uint64_t kMaxBytes = uint64_t(1) << 45;
constexpr uint64_t kHugeBytes = uint64_t(4) << 20;
constexpr uint64_t kPage = 4096;
/// Blocks that so many runs did not use go back to the system.
constexpr uint64_t kKeepRuns = 16;

struct SizeClass {
  uint32_t index;
  uint64_t capacity;
};

SizeClass sizeClassOf(uint64_t bytes) {
  if (bytes <= 256) {
    uint64_t steps = bytes ? (bytes + 63) / 64 : 1;
    return {uint32_t(steps - 1), steps * 64};
  }
  int e = 63 - __builtin_clzll(bytes - 1); // 2^e < bytes <= 2^(e+1)
  uint64_t step = uint64_t(1) << (e - 2);
  uint64_t capacity = (bytes + step - 1) / step * step;
  return {uint32_t(4 + (e - 8) * 4 + (capacity - (uint64_t(1) << e)) / step - 1), capacity};
}

void unlink(Block *&head, Block *block) {
  if (block->prev)
    block->prev->next = block->next;
  else
    head = block->next;
  if (block->next)
    block->next->prev = block->prev;
}

void push(Block *&head, Block *block) {
  block->prev = nullptr;
  block->next = head;
  if (head)
    head->prev = block;
  head = block;
}

} // namespace

void BlockCache::init() {
  memset(static_cast<void *>(this), 0, sizeof(*this));
  pthread_mutex_init(&mutex, nullptr);
}

void BlockCache::destroy() {
  releaseUnless([](Block &) { return false; });
  for (Block *&head : cached)
    while (Block *block = head) {
      unlink(head, block);
      free(block);
    }
  pthread_mutex_destroy(&mutex);
}

Block *BlockCache::allocate(uint64_t bytes) {
  if (bytes > kMaxBytes)
    return nullptr;
  SizeClass size = sizeClassOf(bytes);
  pthread_mutex_lock(&mutex);
  Block *block = cached[size.index];
  if (block)
    unlink(cached[size.index], block);
  if (!block) {
    void *memory = nullptr;
    if (posix_memalign(&memory, 64, sizeof(Block) + size.capacity) != 0) {
      pthread_mutex_unlock(&mutex);
      return nullptr;
    }
    if (size.capacity >= kHugeBytes) {
      uintptr_t begin = (uintptr_t(memory) + kPage - 1) & ~(kPage - 1);
      uintptr_t end = (uintptr_t(memory) + sizeof(Block) + size.capacity) & ~(kPage - 1);
      madvise(reinterpret_cast<void *>(begin), end - begin, MADV_HUGEPAGE);
    }
    block = static_cast<Block *>(memory);
    block->capacity = size.capacity;
    block->sizeClass = size.index;
    block->magic = kMagic;
    ++numSystem;
  }
  block->pinned = false;
  block->lastRun = run;
  block->serial = ++numAllocated;
  push(live, block);
  pthread_mutex_unlock(&mutex);
  return block;
}

uint64_t BlockCache::mark() {
  pthread_mutex_lock(&mutex);
  uint64_t result = numAllocated;
  pthread_mutex_unlock(&mutex);
  return result;
}

bool BlockCache::release(void *data) {
  Block *block = static_cast<Block *>(data) - 1;
  pthread_mutex_lock(&mutex);
  bool valid = block->magic == kMagic && !block->pinned;
  if (valid)
    toCache(block);
  pthread_mutex_unlock(&mutex);
  return valid;
}

void BlockCache::toCache(Block *block) {
  unlink(live, block);
  block->lastRun = run;
  push(cached[block->sizeClass], block);
}

void BlockCache::beginRun() {
  if (++run % kKeepRuns)
    return;
  for (Block *&head : cached)
    for (Block *block = head, *next; block; block = next) {
      next = block->next;
      if (block->lastRun + kKeepRuns >= run)
        continue;
      unlink(head, block);
      free(block);
    }
}

Block *BlockCache::findLive(const void *p) {
  for (Block *block = live; block; block = block->next)
    if (block->contains(p))
      return block;
  return nullptr;
}

bool BlockCache::owns(const void *p) {
  if (findLive(p))
    return true;
  for (Block *head : cached)
    for (Block *block = head; block; block = block->next)
      if (block->contains(p))
        return true;
  return false;
}

void *lpc_rt_alloc(lpc_ctx *ctx, int64_t bytes) {
  if (bytes < 0)
    lpc_rt_fail_args(ctx,
                     "the model asked for {} bytes of memory: a dimension is negative or overflows",
                     bytes, 0, 0, 0);
  Block *block = static_cast<lpc_model *>(ctx)->cache.allocate(uint64_t(bytes));
  if (!block)
    lpc_rt_fail_args(ctx, "out of memory: the model asked for {} bytes", bytes, 0, 0, 0);
  return block->data();
}

void lpc_rt_free(lpc_ctx *ctx, void *block) {
  if (block && !static_cast<lpc_model *>(ctx)->cache.release(block))
    lpc_rt_fail(ctx, "internal error: the model freed memory that it does not own");
}

int64_t lpc_rt_mark(lpc_ctx *ctx) { return int64_t(static_cast<lpc_model *>(ctx)->cache.mark()); }

void lpc_rt_free_since(lpc_ctx *ctx, int64_t mark, const void *const *kept, int64_t n) {
  static_cast<lpc_model *>(ctx)->cache.releaseSince(uint64_t(mark), [&](Block &block) {
    for (int64_t i = 0; i < n; ++i)
      if (block.contains(kept[i]))
        return true;
    return block.pinned;
  });
}
