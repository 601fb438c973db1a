// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A file that appears complete or not at all.
#ifndef LPC_SUPPORT_OUTPUTFILE_H
#define LPC_SUPPORT_OUTPUTFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>
#include <string>

namespace lpc {

/// Written under a temporary name beside its place and renamed by commit(). Without commit(), or
/// when a signal ends the program, nothing stays. "-" is the standard output.
class OutputFile {
public:
  OutputFile(OutputFile &&other);
  ~OutputFile();

  /// Errors are sentences: "cannot write '<path>': <reason>".
  static llvm::Expected<OutputFile> create(llvm::StringRef path);

  llvm::raw_pwrite_stream &os() { return *stream; }
  /// Where the bytes are until commit(); another writer may replace that file.
  const std::string &temporaryPath() const { return temporary; }
  /// Ends writing; the bytes can be read at temporaryPath().
  llvm::Error finish();
  llvm::Error commit();
  /// Commits all or, if one of them fails, none: files that were there before stay. (A kill between
  /// two renames can still leave some new and some old.)
  static llvm::Error commitAll(llvm::ArrayRef<OutputFile *> files);

private:
  OutputFile() = default;
  llvm::Error failure(const std::string &reason) const;
  /// A second name for the file that commit() will replace; empty if there is none.
  llvm::Expected<std::string> keepOld() const;

  std::string path, temporary; ///< no temporary: the standard output, or committed
  std::unique_ptr<llvm::raw_pwrite_stream> stream;
  llvm::raw_fd_ostream *file = nullptr;
};

} // namespace lpc

#endif // LPC_SUPPORT_OUTPUTFILE_H
