// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Support.cpp: files for the readers of runtime/io.
#include "Support.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace lpc::rt;

bool lpc::rt::canAllocate(uint64_t bytes) {
  constexpr uint64_t kAlwaysTried = uint64_t(256) << 20, kLimit = uint64_t(1) << 46;
  if (bytes <= kAlwaysTried)
    return true;
  if (bytes > kLimit)
    return false;
  void *memory = ::operator new(size_t(bytes), std::nothrow);
  ::operator delete(memory);
  return memory != nullptr;
}

Result<MappedFile> MappedFile::open(const std::string &path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return Error{"cannot open '" + path + "': " + std::strerror(errno)};
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return Error{"'" + path + "' is not a regular file"};
  }
  if (info.st_size == 0) {
    close(fd);
    return Error{"'" + path + "' is empty"};
  }
  void *base = mmap(nullptr, size_t(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  int reason = errno;
  close(fd);
  if (base == MAP_FAILED)
    return Error{"cannot map '" + path + "': " + std::strerror(reason)};
  return MappedFile(base, size_t(info.st_size));
}

MappedFile::~MappedFile() {
  if (base)
    munmap(base, size);
}

Status lpc::rt::writeFile(const std::string &path, std::span<const uint8_t> bytes) {
  FILE *file = std::fopen(path.c_str(), "wbe");
  if (!file)
    return Error{"cannot write '" + path + "': " + std::strerror(errno)};
  bool ok = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  int reason = errno;
  if (std::fclose(file) != 0 && ok) {
    ok = false;
    reason = errno;
  }
  if (!ok)
    return Error{"cannot write '" + path + "': " + std::strerror(reason)};
  return {};
}

bool lpc::rt::endsWith(const std::string &text, const char *suffix) {
  size_t n = std::strlen(suffix);
  return text.size() >= n && text.compare(text.size() - n, n, suffix) == 0;
}
