// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dispatches the subcommands of `lpc`.
#include "Commands.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>

using namespace lpc;
using namespace lpc::driver;
namespace cl = llvm::cl;

cl::OptionCategory driver::category("lpc options");

static cl::opt<bool> quiet("quiet", cl::desc("No progress lines on stderr"), cl::cat(category),
                           cl::sub(cl::SubCommand::getAll()));

int driver::report(const Outcome &outcome) {
  if (!outcome)
    llvm::errs() << "error: " << outcome.message << '\n';
  return outcome.code;
}

double driver::secondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Progress::Progress(llvm::StringRef phase) : phase(phase), start(secondsNow()) {}

Progress::~Progress() {
  if (!quiet)
    llvm::errs() << llvm::format("%-28s %7.2f s\n", phase.c_str(), secondsNow() - start);
}

int lpc::runDriver(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  const Command commands[] = {compileCommand(),  runCommand(),      checkCommand(),
                              evalCommand(),     benchCommand(),    inspectCommand(),
                              generateCommand(), testOnnxCommand(), quantizeCommand()};
  for (const Command &c : commands)
    cl::HideUnrelatedOptions(category, *c.sub);
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &os) { os << "lpc " LPC_VERSION " (LLVM " LLVM_VERSION_STRING ")\n"; });
  if (!cl::ParseCommandLineOptions(
          argc, argv,
          "lpc: the low-precision compiler\n\n"
          "  lpc compile m.onnx -o m.so --weights int4/g128 --activations int8/token\n"
          "  lpc run m.so --input x=@x.npy\n",
          &llvm::errs()))
    return kExitUsage;
  for (const Command &c : commands)
    if (*c.sub)
      return report(c.run());
  llvm::errs() << "error: no subcommand given; `lpc --help` lists them\n";
  return kExitUsage;
}
