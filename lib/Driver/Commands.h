// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The subcommands, and how they fail.
#ifndef LPC_LIB_DRIVER_COMMANDS_H
#define LPC_LIB_DRIVER_COMMANDS_H

#include "lpc/Driver/Driver.h"

#include "llvm/Support/CommandLine.h"

#include <map>
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

/// An option that was given although nothing would read it. `condition` says what it needs, as in
/// "--ulp serves comparisons only: give --expect".
struct Idle {
  const llvm::cl::Option &option;
  bool isIdle;
  llvm::StringRef condition;
};
/// Refuses the first option that was given in vain.
Outcome refuseIdle(llvm::ArrayRef<Idle> options);
/// `--dim name=size`, each name once.
Outcome parseDims(const llvm::cl::list<std::string> &list, std::map<std::string, int64_t> &sizes);
Outcome checkThreads(int threads);

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
Command formatsCommand();
Command quantizeCommand();

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_COMMANDS_H
