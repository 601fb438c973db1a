// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Npz.cpp: .npz files, which are zip archives of .npy files.
#include "lpc-runtime/io/Npy.h"

#include "Support.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <zip.h>

using namespace lpc::rt;

namespace {

/// Deflate cannot shrink by more than this; a larger claim is a lie.
constexpr uint64_t kMaxDeflateRatio = 1040;
constexpr zip_int64_t kMaxEntries = 1 << 16;

struct CloseArchive {
  void operator()(zip_t *archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;

Result<Archive> openArchive(const std::string &path) {
  int code = 0;
  if (zip_t *archive = zip_open(path.c_str(), ZIP_RDONLY, &code)) {
    Archive result(archive);
    if (zip_get_num_entries(archive, 0) > kMaxEntries)
      return Error{"'" + path + "': has more than " + std::to_string(kMaxEntries) + " arrays"};
    return result;
  }
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string reason = zip_error_strerror(&error);
  zip_error_fini(&error);
  return Error{"cannot read '" + path + "' as an .npz file: " + reason};
}

/// The array's name, or "" for an entry without one.
std::string entryName(zip_t *archive, zip_uint64_t index) {
  const char *name = zip_get_name(archive, index, ZIP_FL_ENC_GUESS);
  std::string text = name ? name : "";
  if (endsWith(text, ".npy"))
    text.resize(text.size() - 4);
  return text;
}

Result<HostTensor> readEntry(zip_t *archive, zip_uint64_t index, const std::string &where) {
  zip_stat_t stat;
  constexpr zip_uint64_t needed =
      ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if (zip_stat_index(archive, index, 0, &stat) != 0 || (stat.valid & needed) != needed)
    return Error{"'" + where + "': has no readable entry"};
  if (stat.encryption_method != ZIP_EM_NONE)
    return Error{"'" + where + "': is encrypted"};
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
    return Error{"'" + where + "': compression method " + std::to_string(stat.comp_method) +
                 " is not supported (stored and deflated are)"};
  bool plausible = stat.comp_method == ZIP_CM_STORE
                       ? stat.size == stat.comp_size
                       : stat.size / kMaxDeflateRatio <= stat.comp_size;
  if (!plausible || !canAllocate(stat.size))
    return Error{"'" + where + "': claims an impossible size of " + std::to_string(stat.size) +
                 " bytes"};
  zip_file_t *file = zip_fopen_index(archive, index, 0);
  if (!file)
    return Error{"'" + where + "': " + zip_strerror(archive)};
  // Not a vector: the size is a claim, and memory is touched only as far as data arrives.
  std::unique_ptr<uint8_t, decltype(&std::free)> bytes(
      static_cast<uint8_t *>(std::malloc(stat.size + 1)), &std::free);
  zip_uint64_t have = 0;
  while (bytes && have <= stat.size) {
    zip_int64_t got = zip_fread(file, bytes.get() + have,
                                stat.size + 1 - have); // one more: finds a lie, checks the CRC
    if (got < 0) {
      std::string reason = zip_file_strerror(file);
      zip_fclose(file);
      return Error{"'" + where + "': " + reason};
    }
    if (got == 0)
      break;
    have += zip_uint64_t(got);
  }
  zip_fclose(file);
  if (!bytes || have != stat.size)
    return Error{"'" + where + "': expected " + std::to_string(stat.size) + " bytes, but found " +
                 std::to_string(have)};
  return parseNpy({bytes.get(), size_t(stat.size)}, where);
}

} // namespace

Result<std::vector<std::string>> lpc::rt::listNpz(const std::string &path) {
  auto archive = openArchive(path);
  if (!archive)
    return archive.takeError();
  std::vector<std::string> names;
  for (zip_int64_t i = 0, e = zip_get_num_entries(archive->get(), 0); i < e; ++i)
    names.push_back(entryName(archive->get(), zip_uint64_t(i)));
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  if (auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    return Error{"'" + path + "': holds the array '" + *twice + "' twice"};
  return names;
}

Result<std::vector<NamedTensor>> lpc::rt::readNpz(const std::string &path) {
  auto names = listNpz(path);
  if (!names)
    return names.takeError();
  auto archive = openArchive(path);
  if (!archive)
    return archive.takeError();
  std::vector<NamedTensor> tensors;
  for (size_t i = 0; i < names->size(); ++i) {
    auto tensor = readEntry(archive->get(), i, path + ":" + (*names)[i]);
    if (!tensor)
      return tensor.takeError();
    tensors.push_back({(*names)[i], std::move(*tensor)});
  }
  return tensors;
}

Result<HostTensor> lpc::rt::readNpzEntry(const std::string &path, const std::string &name) {
  auto archive = openArchive(path);
  if (!archive)
    return archive.takeError();
  zip_int64_t count = zip_get_num_entries(archive->get(), 0);
  for (zip_int64_t i = 0; i < count; ++i)
    if (entryName(archive->get(), zip_uint64_t(i)) == name)
      return readEntry(archive->get(), zip_uint64_t(i), path + ":" + name);
  return Error{"'" + path + "': has no array '" + name + "'"};
}

Status lpc::rt::writeNpz(const std::string &path, std::span<const NamedTensor> tensors,
                         bool compress) {
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (!archive)
    return Error{"cannot write '" + path + "'"};
  std::vector<std::vector<uint8_t>> files; // libzip reads them when the archive is closed
  files.reserve(tensors.size());
  for (const NamedTensor &tensor : tensors) {
    files.push_back(formatNpy(tensor.tensor));
    zip_source_t *source =
        zip_source_buffer(archive.get(), files.back().data(), files.back().size(), 0);
    zip_int64_t index = source ? zip_file_add(archive.get(), (tensor.name + ".npy").c_str(), source,
                                              ZIP_FL_ENC_UTF_8)
                               : -1;
    if (index < 0) {
      zip_source_free(source);
      return Error{"cannot write '" + path + "': array '" + tensor.name +
                   "': " + zip_strerror(archive.get())};
    }
    // 1 January 1980: the same tensors give the same file.
    zip_file_set_dostime(archive.get(), zip_uint64_t(index), 0, 1 << 5 | 1, 0);
    zip_set_file_compression(archive.get(), zip_uint64_t(index),
                             compress ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  }
  if (zip_close(archive.get()) != 0)
    return Error{"cannot write '" + path + "': " + zip_strerror(archive.get())};
  (void)archive.release();
  return {};
}
