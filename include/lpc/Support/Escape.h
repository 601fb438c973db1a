// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names from files, made fit for a terminal.
#ifndef LPC_SUPPORT_ESCAPE_H
#define LPC_SUPPORT_ESCAPE_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace lpc {

/// The text with every control character as \xHH: a name must not move the cursor, change colours
/// or begin a line that looks like one of lpc. UTF-8 passes.
std::string escapeControls(llvm::StringRef text);

/// The same for a message of several lines, each but the first of which begins with two spaces.
std::string escapeMessage(llvm::StringRef text);

} // namespace lpc

#endif // LPC_SUPPORT_ESCAPE_H
