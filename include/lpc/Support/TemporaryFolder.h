// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A folder for intermediate files that does not outlive the program.
#ifndef LPC_SUPPORT_TEMPORARYFOLDER_H
#define LPC_SUPPORT_TEMPORARYFOLDER_H

#include "llvm/ADT/StringRef.h"

#include <string>
#include <system_error>

namespace lpc {

/// A fresh folder below the system's temporary one. It goes with this object, and also when a
/// signal ends the program (an interrupt or a crash; not SIGKILL). It holds plain files only.
class TemporaryFolder {
public:
  TemporaryFolder() = default;
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;
  ~TemporaryFolder();

  std::error_code make();
  /// The path of a file in it.
  std::string file(llvm::StringRef name) const;

  /// Before an end without destructors. Async-signal-safe.
  static void removeAll();

private:
  std::string path;
  int slot = -1; ///< where removeAll() finds the path; -1: nowhere
};

} // namespace lpc

#endif // LPC_SUPPORT_TEMPORARYFOLDER_H
