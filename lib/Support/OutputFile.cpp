// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files that appear complete or not at all.
#include "lpc/Support/OutputFile.h"

#include "BlockedSignals.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Signals.h"

using namespace lpc;
namespace fs = llvm::sys::fs;

OutputFile::OutputFile(OutputFile &&other)
    : path(std::move(other.path)), temporary(std::move(other.temporary)),
      stream(std::move(other.stream)), file(std::exchange(other.file, nullptr)) {
  other.temporary.clear();
}

OutputFile::~OutputFile() {
  if (file)
    file->clear_error(); // who cares has called finish()
  stream.reset();
  if (temporary.empty())
    return;
  fs::remove(temporary).clear(); // nobody can be told
  llvm::sys::DontRemoveFileOnSignal(temporary);
}

llvm::Error OutputFile::failure(const std::string &reason) const {
  return llvm::createStringError("cannot write '" + path + "': " + reason);
}

llvm::Expected<OutputFile> OutputFile::create(llvm::StringRef path) {
  OutputFile result;
  result.path = path.str();
  if (path == "-") {
    result.stream = std::make_unique<llvm::buffer_ostream>(llvm::outs());
    return std::move(result);
  }
  // Renaming would put a plain file in the place of a device or a folder.
  fs::file_status status;
  if (!fs::status(path, status) && status.type() != fs::file_type::regular_file)
    return result.failure("it is not a plain file");
  BlockedSignals blocked;
  llvm::SmallString<128> name;
  int fd;
  if (std::error_code error =
          fs::createUniqueFile(path + ".%%%%%%.tmp", fd, name, fs::OF_None, 0666))
    return result.failure(error.message());
  llvm::sys::RemoveFileOnSignal(name);
  result.temporary = name.str().str();
  auto file = std::make_unique<llvm::raw_fd_ostream>(fd, /*shouldClose=*/true);
  result.file = file.get();
  result.stream = std::move(file);
  return std::move(result);
}

llvm::Error OutputFile::finish() {
  if (!file) {
    stream.reset();
    if (path != "-")
      return llvm::Error::success();
    llvm::outs().flush();
    std::error_code error = llvm::outs().error();
    llvm::outs().clear_error();
    return error ? llvm::createStringError("cannot write the standard output: " + error.message())
                 : llvm::Error::success();
  }
  file->close();
  std::error_code error = file->error();
  file->clear_error();
  file = nullptr;
  stream.reset();
  return error ? failure(error.message()) : llvm::Error::success();
}

llvm::Expected<std::string> OutputFile::keepOld() const {
  if (temporary.empty() || !fs::exists(path))
    return "";
  BlockedSignals blocked;
  std::string name = temporary + ".old";
  if (std::error_code error = fs::create_hard_link(path, name))
    return failure("its old version cannot be kept meanwhile: " + error.message());
  llvm::sys::RemoveFileOnSignal(name);
  return name;
}

llvm::Error OutputFile::commitAll(llvm::ArrayRef<OutputFile *> files) {
  for (OutputFile *file : files)
    if (llvm::Error error = file->finish())
      return error;
  struct Done {
    std::string path, old;
  };
  llvm::SmallVector<Done> done;
  llvm::Error error = llvm::Error::success();
  for (OutputFile *file : files) {
    // The last one needs no way back.
    llvm::Expected<std::string> old = file == files.back() ? "" : file->keepOld();
    if (!old) {
      error = old.takeError();
      break;
    }
    bool written = !file->temporary.empty();
    if ((error = file->commit())) {
      done.push_back({"", *old});
      break;
    }
    if (written)
      done.push_back({file->path, *old});
  }
  bool failed = static_cast<bool>(error);
  for (const Done &d : llvm::reverse(done)) {
    std::error_code undone;
    if (failed && !d.path.empty())
      undone = d.old.empty() ? fs::remove(d.path) : fs::rename(d.old, d.path);
    else if (!d.old.empty())
      undone = fs::remove(d.old);
    if (!d.old.empty())
      llvm::sys::DontRemoveFileOnSignal(d.old);
    if (undone)
      error =
          llvm::joinErrors(std::move(error), llvm::createStringError("cannot restore '" + d.path +
                                                                     "': " + undone.message()));
  }
  return error;
}

llvm::Error OutputFile::commit() {
  if (llvm::Error error = finish())
    return error;
  if (temporary.empty())
    return llvm::Error::success();
  if (std::error_code error = fs::rename(temporary, path))
    return failure(error.message());
  llvm::sys::DontRemoveFileOnSignal(temporary);
  temporary.clear();
  return llvm::Error::success();
}
