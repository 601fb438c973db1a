// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The subcommands, and how they fail.
#ifndef LPC_LIB_DRIVER_COMMANDS_H
#define LPC_LIB_DRIVER_COMMANDS_H

#include "lpc/Driver/Driver.h"

#include "llvm/Support/CommandLine.h"

#include <string>

namespace lpc::driver {

/// A result of a step: an exit code, and one sentence unless it is kExitOk.
struct Outcome {
  int code = kExitOk;
  std::string message;

  static Outcome ok() { return {}; }
  static Outcome usage(std::string message) { return {kExitUsage, std::move(message)}; }
  explicit operator bool() const { return code == kExitOk; }
};

/// Prints the sentence to stderr, `error: ...`, and returns the code.
int report(const Outcome &outcome);

/// Shared by all subcommands.
extern llvm::cl::OptionCategory category;
/// One line on stderr as each phase ends, with its time; silent with --quiet.
class Progress {
public:
  explicit Progress(llvm::StringRef phase);
  ~Progress();

private:
  std::string phase;
  double start;
};
double secondsNow();

/// A subcommand: its options register themselves with it.
struct Command {
  llvm::cl::SubCommand *sub;
  Outcome (*run)();
};

Command compileCommand();
Command runCommand();
Command checkCommand();
Command evalCommand();
Command benchCommand();
Command inspectCommand();
Command generateCommand();
Command testOnnxCommand();
Command quantizeCommand();

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_COMMANDS_H
