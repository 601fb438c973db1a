// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The `lpc` command line: compile, run, check, eval, bench, inspect, generate, test-onnx,
// formats.
#ifndef LPC_DRIVER_DRIVER_H
#define LPC_DRIVER_DRIVER_H

namespace lpc {

/// Exit codes of every subcommand.
enum ExitCode : int {
  kExitOk = 0,
  kExitInternal = 1,
  kExitUsage = 2,       ///< wrong flags, unreadable files, wrong data for a model
  kExitUnsupported = 3, ///< a well-formed model that lpc does not do
  kExitMalformed = 4,   ///< a broken input file
  kExitLimit = 5,       ///< a resource limit is exceeded
  kExitMismatch = 6,    ///< outputs differ from what was expected
};

int runDriver(int argc, char **argv);

} // namespace lpc

#endif // LPC_DRIVER_DRIVER_H
