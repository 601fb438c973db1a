// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Temporary folders, and their removal when a signal ends the program.
//
// LLVM removes registered files on a signal, but no folders. So one handler of ours stands before
// whatever handled the signal until then: it empties and removes the folders by system calls alone,
// puts the earlier handler back and raises the signal again.
#include "lpc/Support/TemporaryFolder.h"

#include "BlockedSignals.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <mutex>
#include <sys/syscall.h>
#include <unistd.h>

using namespace lpc;

namespace {

constexpr int kSignals[] = {SIGHUP, SIGINT,  SIGQUIT, SIGTERM, SIGPIPE, SIGXCPU, SIGXFSZ,
                            SIGILL, SIGTRAP, SIGABRT, SIGBUS,  SIGFPE,  SIGSEGV, SIGSYS};
struct sigaction earlier[std::size(kSignals)];

/// Paths that the handler removes. A slot owns its text. Only its folder and removeAll() look at
/// it, and who takes the text out by an exchange has it alone: the folder frees it, removeAll()
/// reads it and never frees, for it may run inside of an allocation.
constexpr size_t kMaxFolders = 64;
std::atomic<char *> folders[kMaxFolders];

/// What the kernel writes for an entry of a folder.
struct Entry {
  uint64_t inode;
  int64_t offset;
  unsigned short bytes;
  unsigned char type;
  char name[1];
};

/// Only calls that a signal handler may make.
void removeFolder(const char *path) {
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder >= 0) {
    alignas(Entry) char buffer[4096];
    // Removing entries while reading may skip some: read again until a pass finds none.
    for (bool found = true; found;) {
      found = false;
      lseek(folder, 0, SEEK_SET);
      for (long n; (n = syscall(SYS_getdents64, folder, buffer, sizeof(buffer))) > 0;)
        for (long at = 0; at < n; at += reinterpret_cast<Entry *>(buffer + at)->bytes)
          found |= unlinkat(folder, reinterpret_cast<Entry *>(buffer + at)->name, 0) == 0;
    }
    close(folder);
  }
  rmdir(path);
}

void handle(int signal) {
  int saved = errno;
  TemporaryFolder::removeAll();
  for (size_t i = 0; i < std::size(kSignals); ++i)
    if (kSignals[i] == signal)
      sigaction(signal, &earlier[i], nullptr);
  // It is blocked while this handler runs, so it arrives when this returns.
  raise(signal);
  errno = saved;
}

void installHandlers() {
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], nullptr, &earlier[i]);
    // Who ignores a signal (nohup, a shell's background job) goes on ignoring it.
    if (!(earlier[i].sa_flags & SA_SIGINFO) && earlier[i].sa_handler == SIG_IGN)
      continue;
    struct sigaction action = {};
    action.sa_handler = handle;
    action.sa_flags = SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(kSignals[i], &action, nullptr);
  }
}

} // namespace

void TemporaryFolder::removeAll() {
  for (std::atomic<char *> &slot : folders)
    if (char *path = slot.exchange(nullptr))
      removeFolder(path);
}

std::error_code TemporaryFolder::make() {
  static std::once_flag once;
  std::call_once(once, installHandlers);
  BlockedSignals blocked;
  llvm::SmallString<128> made;
  if (std::error_code error = llvm::sys::fs::createUniqueDirectory("lpc", made))
    return error;
  path = made.str().str();
  char *text = strdup(path.c_str());
  for (size_t i = 0; text && i < kMaxFolders; ++i) {
    char *none = nullptr;
    if (!folders[i].compare_exchange_strong(none, text))
      continue;
    slot = static_cast<int>(i);
    return {};
  }
  free(text); // more folders at once than slots: this one is removed by its destructor only
  return {};
}

TemporaryFolder::~TemporaryFolder() {
  if (path.empty())
    return;
  // The folder goes before its slot is given up: a signal in between finds it and ends the work.
  removeFolder(path.c_str());
  if (slot >= 0)
    free(folders[slot].exchange(nullptr));
}

std::string TemporaryFolder::file(llvm::StringRef name) const {
  llvm::SmallString<128> result(path);
  llvm::sys::path::append(result, name);
  return result.str().str();
}
