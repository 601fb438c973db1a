// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Model.h: the state of an open model, shared by the files of the runtime. No C++ library is
// linked: no new, no throw.
#ifndef LPC_RUNTIME_LIB_MODEL_H
#define LPC_RUNTIME_LIB_MODEL_H

#include "lpc-runtime/codegen.h"

#include <atomic>
#include <pthread.h>
#include <setjmp.h>

namespace lpc::rt {

inline constexpr size_t kErrorBytes = 1024;

/// A block of memory handed to compiled code; the 64 bytes before its data. Live blocks form one
/// list, cached blocks one list for each size class.
struct alignas(64) Block {
  Block *prev, *next;
  uint64_t capacity;
  uint64_t lastRun; ///< number of the last run that used it
  uint32_t sizeClass;
  uint32_t magic;
  bool pinned;     ///< an output of the last run that is an input of this one
  uint64_t serial; ///< counts allocations

  uint8_t *data() { return reinterpret_cast<uint8_t *>(this + 1); }
  bool contains(const void *p) {
    return uintptr_t(p) >= uintptr_t(data()) &&
           uintptr_t(p) - uintptr_t(data()) < (capacity ? capacity : 1);
  }
};
static_assert(sizeof(Block) == 64);

/// Blocks are kept between runs, so that a steady state does not call malloc.
class BlockCache {
public:
  void init();
  void destroy();
  /// Null if the system has no memory. Any thread.
  Block *allocate(uint64_t bytes);
  /// False if `data` is not a live block.
  bool release(void *data);
  /// How many allocations there were.
  uint64_t mark();
  /// Moves the blocks of later allocations for which keep() is false to the cache.
  template <typename Fn> void releaseSince(uint64_t mark, Fn keep) {
    pthread_mutex_lock(&mutex);
    // The latest block comes first.
    for (Block *block = live, *next; block && block->serial > mark; block = next) {
      next = block->next;
      if (!keep(*block))
        toCache(block);
    }
    pthread_mutex_unlock(&mutex);
  }
  /// Starts a run; from time to time frees blocks that no recent run has used.
  void beginRun();
  /// The live block that holds the address, or null. Only while no body is running.
  Block *findLive(const void *p);
  /// True if a live or cached block holds the address.
  bool owns(const void *p);
  /// Moves the live blocks for which keep() is false to the cache.
  template <typename Fn> void releaseUnless(Fn keep) {
    for (Block *block = live, *next; block; block = next) {
      next = block->next;
      if (!keep(*block))
        toCache(block);
    }
  }
  uint64_t systemAllocations() const { return numSystem; }

private:
  static constexpr int kClasses = 160;
  void toCache(Block *block);
  pthread_mutex_t mutex;
  Block *live;
  Block *cached[kClasses];
  uint64_t run;
  uint64_t numSystem;
  uint64_t numAllocated;
};

/// One range of a parallel region, and the worker that it is meant for. Slot 0 is the thread of
/// lpc_run, which also takes ranges that no worker has begun.
struct alignas(64) Slot {
  /// Even: the range waits to be claimed. Odd: it is claimed or done. Only counts up.
  std::atomic<uint32_t> state;
  std::atomic<uint32_t> sleeping;
  struct Pool *pool;
  int32_t index;
  bool failed;
  pthread_t worker;
  std::atomic<pthread_t> runner; ///< who is inside the body; 0: nobody
  jmp_buf jump;                  ///< out of the body
  char error[kErrorBytes];
};

/// The worker threads of a model, started at the first parallel region that needs them.
struct Pool {
  Slot *slots;
  int32_t numThreads; ///< with the run's own thread
  int32_t spins;
  int32_t startedInProcess; ///< process id of the workers, 0: not started
  std::atomic<bool> inRegion;
  std::atomic<bool> stop;
  /// Ranges that are not done; the top bit: the run's thread sleeps.
  alignas(64) std::atomic<uint32_t> remaining;
  void (*body)(void *, int64_t, int64_t);
  void *closure;
  int64_t n;
  int32_t chunks;

  bool init(int32_t threads);
  void destroy();
  /// After a fork the workers are gone: forgets them.
  void checkProcess();
  bool start();
  void runRange(Slot &slot);
  /// Runs the region; null, or the error of the first range that failed.
  const char *run(int64_t n, int32_t chunks, void (*body)(void *, int64_t, int64_t), void *closure);
};

/// CPUs that the process may use: its affinity mask and its control group's quota.
int32_t usableCPUs();
/// LPC_CPU_* of this machine.
uint64_t detectCPU();
/// Asks the kernel for the AMX tile registers.
bool requestAMX();
/// The words for a mask of LPC_CPU_*, for messages.
void describeCPU(uint64_t features, char *text, size_t bytes);

/// A mapped weights file.
struct WeightsFile {
  void *map;
  uint64_t bytes;
};
/// Maps and checks the file; on failure returns the status and writes the sentence.
lpc_status mapWeights(const char *path, const lpc_model_desc &desc, WeightsFile &file, char *error);
void unmapWeights(WeightsFile &file);

int bitsOf(int32_t dtype);
const char *nameOf(int32_t dtype);
/// Packed size of a tensor; false on negative dimensions or overflow.
bool bytesOf(int32_t dtype, int32_t rank, const int64_t *shape, uint64_t &bytes);

} // namespace lpc::rt

/// Compiled code sees the head only.
struct lpc_model : lpc_ctx {
  const lpc_model_desc *desc;
  lpc::rt::BlockCache cache;
  lpc::rt::Pool pool;
  lpc::rt::WeightsFile weightsFile;
  pthread_mutex_t mutex; ///< one run at a time
  jmp_buf runJump;
  /// For dimension d of input i, entry i * LPC_MAX_RANK + d: the first such entry whose dimension
  /// has the same name.
  int32_t *firstOfName;
  lpc_buffer *inBuffers, *outBuffers;
  /// For each output: memory of the caller, null if the model owns it.
  void **callerMemory;
  lpc_observer_fn observer;
  void *observerUser;
  char error[lpc::rt::kErrorBytes];
};

#endif // LPC_RUNTIME_LIB_MODEL_H
