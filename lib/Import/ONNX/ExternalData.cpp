// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Containment of external data: relative names without `..`, and a real path inside the model's
// folder.
#include "ExternalData.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mlir;
using namespace lpc;
using namespace lpc::import;
namespace path = llvm::sys::path;

MappedFile::~MappedFile() {
  if (!bytes.empty())
    munmap(const_cast<char *>(bytes.data()), bytes.size());
}

/// True if the real path `file` lies below the real path `folder`.
static bool isInside(StringRef file, StringRef folder) {
  if (!file.consume_front(folder))
    return false;
  return folder.ends_with("/") || file.starts_with("/");
}

FailureOr<std::string> ExternalData::resolve(StringRef location, const Twine &what) {
  if (state.directory.empty())
    return state.fail(ImportError::Kind::Io,
                      what + " is stored in the file " + quoted(location) +
                          ", but a model from memory has no folder to look in");
  if (location.empty() || location.contains('\0') || path::is_absolute(location))
    return state.malformed(
        what + " has the location " + quoted(location) +
        " for its data; only a relative path inside the model's folder is allowed");
  for (auto part = path::begin(location), end = path::end(location); part != end; ++part)
    if (*part == "..")
      return state.malformed(what + " has the location " + quoted(location) +
                             " for its data, which leaves the model's folder");

  llvm::SmallString<256> joined(state.directory), real, folder;
  path::append(joined, location);
  if (std::error_code ec = llvm::sys::fs::real_path(joined, real))
    return state.fail(ImportError::Kind::Io, "cannot open the external data " + quoted(location) +
                                                 " of " + what + ": " + ec.message());
  SmallVector<StringRef> roots{state.directory};
  roots.append(state.options.trustedDataDirs.begin(), state.options.trustedDataDirs.end());
  for (StringRef root : roots)
    if (!llvm::sys::fs::real_path(root, folder) && isInside(real, folder))
      return std::string(real);
  return state.malformed(what + " has the location " + quoted(location) +
                         " for its data, a link that leaves the model's folder");
}

FailureOr<std::shared_ptr<MappedFile>> ExternalData::map(StringRef location, const Twine &what) {
  auto &known = files[location];
  if (known)
    return known;
  auto real = resolve(location, what);
  if (failed(real))
    return failure();
  auto cannot = [&](const Twine &why) {
    return state.fail(ImportError::Kind::Io, "cannot open the external data " + quoted(location) +
                                                 " of " + what + ": " + why);
  };
  // Not through a link that somebody puts there after the path was checked, and never waiting on a
  // pipe.
  int fd = open(real->c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return cannot(std::error_code(errno, std::generic_category()).message());
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return cannot("it is not a regular file");
  }
  size_t size = static_cast<size_t>(info.st_size);
  void *data = size ? mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0) : nullptr;
  int error = errno;
  close(fd);
  if (data == MAP_FAILED)
    return cannot(std::error_code(error, std::generic_category()).message());
  known = std::make_shared<MappedFile>(static_cast<const char *>(data), size);
  // What has to be decoded from it may be a multiple of it, too.
  const ImportLimits &limits = state.options.limits;
  uint64_t more =
      static_cast<unsigned __int128>(size) * limits.maxDecodedRatio > limits.maxDecodedBytes
          ? limits.maxDecodedBytes
          : size * limits.maxDecodedRatio;
  state.decodeBudget = std::min(limits.maxDecodedBytes, state.decodeBudget + more);
  return known;
}

FailureOr<StringRef> ExternalData::read(const onnx_pb::TensorProto &tensor, uint64_t size,
                                        std::shared_ptr<MappedFile> &file, const Twine &what) {
  StringRef location;
  uint64_t offset = 0, length = size;
  for (const auto &entry : tensor.external_data()) {
    StringRef key = entry.key(), value = entry.value();
    uint64_t *number = key == "offset" ? &offset : key == "length" ? &length : nullptr;
    if (key == "location")
      location = value;
    else if (number && value.getAsInteger(10, *number))
      return state.malformed(what + " has the " + key + " " + quoted(value) +
                             " of its external data, which is not a number of bytes");
  }
  auto mapped = map(location, what);
  if (failed(mapped))
    return failure();
  file = *mapped;
  uint64_t available = file->bytes.size();
  if (offset > available || length > available - offset)
    return state.malformed(what + " reads " + Twine(length) + " bytes at " + Twine(offset) +
                           " of " + quoted(location) + ", which has " + Twine(available) +
                           " bytes");
  if (length != size)
    return state.malformed(what + " has " + Twine(length) +
                           " bytes of external data, but its shape and type need " + Twine(size));
  return file->bytes.substr(offset, length);
}
