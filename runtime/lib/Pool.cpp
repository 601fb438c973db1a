// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pool.cpp: parallel_for. The split is static and contiguous: one range for each thread. Every
// worker has a mailbox of its own; it spins on it for a moment after each region, then sleeps on a
// futex. The run's thread takes over ranges whose workers are late, so that a busy machine never
// makes it wait for a worker that has no CPU.
#include "Model.h"

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

using namespace lpc::rt;

namespace {

constexpr uint32_t kMainSleeps = 0x80000000u;
/// About 20 to 80 microseconds: longer than the serial code between two parallel regions usually
/// takes.
constexpr int32_t kSpins = 1500;

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

void futexWait(std::atomic<uint32_t> &word, uint32_t value) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE, value, nullptr,
          nullptr, 0);
}

void futexWake(std::atomic<uint32_t> &word) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr,
          0);
}

/// True for the one thread that gets the slot's range. The region stays open until the range is
/// done, so the pool's description of it may be read after that.
bool claim(Slot &slot) {
  uint32_t state = slot.state.load(std::memory_order_acquire);
  return state % 2 == 0 &&
         slot.state.compare_exchange_strong(state, state + 1, std::memory_order_acq_rel);
}

/// Waits until the slot has a range to claim.
void awaitWork(Slot &slot) {
  for (int32_t i = 0, e = slot.pool->spins; i < e; ++i) {
    if (slot.state.load(std::memory_order_acquire) % 2 == 0)
      return;
    relax();
  }
  slot.sleeping.store(1, std::memory_order_seq_cst);
  for (uint32_t state; (state = slot.state.load(std::memory_order_seq_cst)) % 2 != 0;)
    futexWait(slot.state, state);
  slot.sleeping.store(0, std::memory_order_relaxed);
}

/// Offers the slot's range (or lets its thread see `stop`).
void post(Slot &slot) {
  slot.state.fetch_add(1, std::memory_order_seq_cst);
  if (slot.sleeping.load(std::memory_order_seq_cst))
    futexWake(slot.state);
}

void *workerMain(void *argument) {
  Slot &slot = *static_cast<Slot *>(argument);
  Pool &pool = *slot.pool;
#if defined(__x86_64__)
  _mm_setcsr(0x1f80); // the arithmetic of a run does not depend on the thread that opened the model
#endif
  while (true) {
    awaitWork(slot);
    if (!claim(slot))
      continue;
    // Only after the claim: what awaitWork saw may have been a range that the run's thread took
    // over, and what was claimed the offer of destroy(), which is no range.
    if (pool.stop.load(std::memory_order_acquire))
      return nullptr;
    pool.runRange(slot);
    if (pool.remaining.fetch_sub(1, std::memory_order_acq_rel) == (kMainSleeps | 1))
      futexWake(pool.remaining);
  }
}

} // namespace

int32_t lpc::rt::usableCPUs() {
  cpu_set_t set;
  int32_t cpus = 0;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    cpus = CPU_COUNT(&set);
  if (cpus < 1)
    cpus = int32_t(sysconf(_SC_NPROCESSORS_ONLN));
  if (FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re")) {
    long long quota = 0, period = 0;
    if (fscanf(file, "%lld %lld", &quota, &period) == 2 && quota > 0 && period > 0) {
      long long limit = (quota + period - 1) / period;
      if (limit < cpus)
        cpus = int32_t(limit);
    }
    fclose(file);
  }
  return cpus < 1 ? 1 : cpus;
}

bool Pool::init(int32_t threads) {
  memset(static_cast<void *>(this), 0, sizeof(*this));
  void *memory = nullptr;
  if (posix_memalign(&memory, 64, sizeof(Slot) * size_t(threads)) != 0)
    return false;
  memset(memory, 0, sizeof(Slot) * size_t(threads));
  slots = static_cast<Slot *>(memory);
  for (int32_t i = 0; i < threads; ++i) {
    slots[i].pool = this;
    slots[i].index = i;
  }
  numThreads = threads;
  // Spinning only helps while every thread has a CPU of its own.
  spins = threads <= usableCPUs() ? kSpins : 0;
  return true;
}

bool Pool::start() {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); // signals belong to the host's threads
  int32_t running = 1;
  for (; running < numThreads; ++running) {
    slots[running].state.store(1);
    slots[running].sleeping.store(0);
    if (pthread_create(&slots[running].worker, nullptr, workerMain, &slots[running]) != 0)
      break;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  numThreads = running; // a system that refuses threads gets fewer
  startedInProcess = int32_t(getpid());
  return numThreads > 1;
}

void Pool::checkProcess() {
  if (startedInProcess && startedInProcess != int32_t(getpid()))
    startedInProcess = 0;
}

void Pool::destroy() {
  checkProcess();
  if (startedInProcess) {
    stop.store(true, std::memory_order_release);
    for (int32_t i = 1; i < numThreads; ++i)
      post(slots[i]);
    for (int32_t i = 1; i < numThreads; ++i)
      pthread_join(slots[i].worker, nullptr);
  }
  free(slots);
}

__attribute__((noinline)) void Pool::runRange(Slot &slot) {
  // The first n % chunks ranges get one index more.
  int64_t size = n / chunks, rest = n % chunks, index = slot.index;
  int64_t begin = size * index + (index < rest ? index : rest);
  int64_t end = begin + size + (index < rest ? 1 : 0);
  slot.failed = false;
  slot.runner.store(pthread_self(), std::memory_order_relaxed);
  if (_setjmp(slot.jump) == 0)
    body(closure, begin, end);
  slot.runner.store(0, std::memory_order_relaxed);
}

const char *Pool::run(int64_t count, int32_t numChunks, void (*fn)(void *, int64_t, int64_t),
                      void *data) {
  body = fn;
  closure = data;
  n = count;
  chunks = numChunks;
  remaining.store(uint32_t(chunks - 1), std::memory_order_relaxed);
  inRegion.store(true, std::memory_order_relaxed);
  for (int32_t i = 1; i < chunks; ++i)
    post(slots[i]);
  runRange(slots[0]);
  // The last worker was told last.
  for (int32_t i = chunks - 1; i > 0; --i)
    if (claim(slots[i])) {
      runRange(slots[i]);
      remaining.fetch_sub(1, std::memory_order_acq_rel);
    }

  uint32_t left = remaining.load(std::memory_order_acquire);
  for (int32_t i = 0; left && i < spins; ++i) {
    relax();
    left = remaining.load(std::memory_order_acquire);
  }
  if (left) {
    left = remaining.fetch_or(kMainSleeps, std::memory_order_acq_rel) | kMainSleeps;
    while (left != kMainSleeps) {
      futexWait(remaining, left);
      left = remaining.load(std::memory_order_acquire);
    }
  }
  inRegion.store(false, std::memory_order_relaxed);
  for (int32_t i = 0; i < chunks; ++i)
    if (slots[i].failed)
      return slots[i].error;
  return nullptr;
}

int64_t lpc_rt_num_threads(lpc_ctx *ctx) { return static_cast<lpc_model *>(ctx)->pool.numThreads; }

void lpc_rt_parallel_for(lpc_ctx *ctx, int64_t n, int64_t grain,
                         void (*body)(void *, int64_t, int64_t), void *closure) {
  if (n <= 0)
    return;
  Pool &pool = static_cast<lpc_model *>(ctx)->pool;
  int64_t chunks = n / (grain < 1 ? 1 : grain);
  if (chunks < 2 || pool.numThreads < 2 || pool.inRegion.load(std::memory_order_relaxed) ||
      (!pool.startedInProcess && !pool.start())) {
    body(closure, 0, n);
    return;
  }
  if (chunks > pool.numThreads)
    chunks = pool.numThreads;
  if (const char *error = pool.run(n, int32_t(chunks), body, closure))
    lpc_rt_fail(ctx, error);
}

/// Leaves the body on this thread, or the run if no body is running.
static LPC_RT_NORETURN void leave(lpc_model *model, const char *sentence) {
  Pool &pool = model->pool;
  if (pool.inRegion.load(std::memory_order_relaxed)) {
    pthread_t self = pthread_self();
    for (int32_t i = 0; i < pool.chunks; ++i) {
      Slot &slot = pool.slots[i];
      if (slot.runner.load(std::memory_order_relaxed) != self)
        continue;
      slot.failed = true;
      snprintf(slot.error, kErrorBytes, "%s", sentence);
      _longjmp(slot.jump, 1);
    }
  }
  if (sentence != model->error)
    snprintf(model->error, kErrorBytes, "%s", sentence);
  _longjmp(model->runJump, 1);
}

void lpc_rt_fail(lpc_ctx *ctx, const char *sentence) {
  leave(static_cast<lpc_model *>(ctx), sentence);
}

void lpc_rt_fail_dim(lpc_ctx *ctx, const char *what, int64_t expected, int64_t found) {
  char text[kErrorBytes];
  snprintf(text, sizeof(text), "%s: expected %lld, but found %lld", what, (long long)expected,
           (long long)found);
  lpc_rt_fail(ctx, text);
}

void lpc_rt_fail_args(lpc_ctx *ctx, const char *text, int64_t a, int64_t b, int64_t c, int64_t d) {
  const int64_t values[] = {a, b, c, d};
  char result[kErrorBytes];
  size_t used = 0, next = 0;
  for (const char *p = text; *p && used + 24 < sizeof(result);) {
    if (p[0] == '{' && p[1] == '}' && next < 4) {
      used += size_t(snprintf(result + used, 24, "%lld", (long long)values[next++]));
      p += 2;
      continue;
    }
    result[used++] = *p++;
  }
  result[used] = 0;
  lpc_rt_fail(ctx, result);
}

void lpc_rt_observe_f32(lpc_ctx *ctx, int32_t id, const float *data, int64_t n, int64_t inner) {
  lpc_model *model = static_cast<lpc_model *>(ctx);
  if (model->observer)
    model->observer(model->observerUser, id, data, n, inner);
}
