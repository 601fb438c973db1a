// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Support.h: files for the readers of runtime/io; not installed.
#ifndef LPC_RUNTIME_IO_SUPPORT_H
#define LPC_RUNTIME_IO_SUPPORT_H

#include "lpc-runtime/io/Result.h"

#include <cstdint>
#include <span>
#include <string>

namespace lpc::rt {

/// False if a block of this size cannot be had: a hostile size must end in a sentence, not in an
/// abort.
bool canAllocate(uint64_t bytes);

/// A whole file, mapped for reading: nothing is allocated before its contents have been checked.
class MappedFile {
public:
  static Result<MappedFile> open(const std::string &path);
  MappedFile(MappedFile &&other) noexcept
      : base(std::exchange(other.base, nullptr)), size(other.size) {}
  MappedFile &operator=(MappedFile &&) = delete;
  ~MappedFile();
  std::span<const uint8_t> bytes() const { return {static_cast<const uint8_t *>(base), size}; }

private:
  MappedFile(void *base, size_t size) : base(base), size(size) {}
  void *base;
  size_t size;
};

/// Writes the whole file; on failure the sentence names the path.
Status writeFile(const std::string &path, std::span<const uint8_t> bytes);

bool endsWith(const std::string &text, const char *suffix);

} // namespace lpc::rt

#endif // LPC_RUNTIME_IO_SUPPORT_H
