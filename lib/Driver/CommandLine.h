// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The command line, with mistakes told in one sentence.
#ifndef LPC_LIB_DRIVER_COMMANDLINE_H
#define LPC_LIB_DRIVER_COMMANDLINE_H

#include "Commands.h"

#include "llvm/ADT/ArrayRef.h"

namespace lpc::driver {

/// Parses by LLVM's rules; `commands` are the subcommands that exist.
Outcome parseCommandLine(int argc, char **argv, llvm::StringRef overview,
                         llvm::ArrayRef<Command> commands);
/// Gives stderr back where the parser leaves by exit(), as it does for `--help`.
void releaseErrors();

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_COMMANDLINE_H
