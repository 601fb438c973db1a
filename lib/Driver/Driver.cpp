// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dispatches the subcommands of `lpc`.
#include "CommandLine.h"

#include "lpc/Support/Escape.h"
#include "lpc/Support/TemporaryFolder.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <cstdlib>
#include <new>
#include <unistd.h>

using namespace lpc;
using namespace lpc::driver;
namespace cl = llvm::cl;

cl::OptionCategory driver::category("lpc options");

static cl::opt<bool> quiet("quiet", cl::desc("No progress lines on stderr"), cl::cat(category),
                           cl::sub(cl::SubCommand::getAll()));

int driver::report(const Outcome &outcome) {
  if (!outcome)
    llvm::errs() << "error: " << escapeMessage(outcome.message) << '\n';
  return outcome.code;
}

Outcome driver::refuseIdle(llvm::ArrayRef<Idle> options) {
  for (const Idle &o : options)
    if (o.option.getNumOccurrences() && o.isIdle)
      return Outcome::usage(((o.option.ArgStr.size() == 1 ? "-" : "--") + o.option.ArgStr +
                             " has no effect here: " + o.condition)
                                .str());
  return Outcome::ok();
}

Outcome driver::parseDims(const cl::list<std::string> &list,
                          std::map<std::string, int64_t> &sizes) {
  for (const std::string &text : list) {
    auto [name, size] = llvm::StringRef(text).rsplit('=');
    int64_t value;
    if (name.empty() || size.getAsInteger(10, value) || value < 0)
      return Outcome::usage("--dim " + text + ": expected name=size");
    if (!sizes.emplace(name.str(), value).second)
      return Outcome::usage("--dim " + name.str() + " is given twice");
  }
  return Outcome::ok();
}

Outcome driver::checkThreads(int threads) {
  return threads >= 0 ? Outcome::ok()
                      : Outcome::usage("--threads " + std::to_string(threads) +
                                       ": expected a number of threads, or 0 for all");
}

double driver::secondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Progress::Progress(llvm::StringRef phase) : phase(phase), start(secondsNow()) {}

Progress::~Progress() {
  if (!quiet)
    llvm::errs() << llvm::format("%-28s %7.2f s\n", phase.c_str(), secondsNow() - start);
}

/// LLVM takes the last of several values.
static Outcome refuseRepeated(cl::SubCommand &sub) {
  std::vector<std::string> repeated;
  for (auto &entry : cl::getRegisteredOptions(sub)) {
    const cl::Option &option = *entry.second;
    auto flag = option.getNumOccurrencesFlag();
    if (option.getNumOccurrences() > 1 && (flag == cl::Optional || flag == cl::Required))
      repeated.push_back((option.ArgStr.size() == 1 ? "-" : "--") + option.ArgStr.str());
  }
  if (repeated.empty())
    return Outcome::ok();
  return Outcome::usage(*llvm::min_element(repeated) + " is given more than once");
}

/// LLVM reads options from FILE where an argument is @FILE, and leaves it alone where there is no
/// such file. What it cannot read gets a sentence of ours.
static Outcome checkOptionFiles(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    const llvm::StringRef path(argv[i]);
    if (!path.starts_with("@"))
      continue;
    if (path == "@")
      return Outcome::usage("'@' names no file: write @FILE to read options from a file");
    auto buffer = llvm::MemoryBuffer::getFile(path.drop_front());
    if (!buffer && buffer.getError() != std::errc::no_such_file_or_directory)
      return Outcome::usage("cannot read options from '" + path.drop_front().str() +
                            "': " + buffer.getError().message());
  }
  return Outcome::ok();
}

/// Nothing can be thrown, so memory that the system refuses ends the program.
static void endWithoutMemory() {
  constexpr llvm::StringLiteral sentence =
      "error: out of memory: the model or its data needs more than this machine has\n";
  (void)!write(2, sentence.data(), sentence.size());
  TemporaryFolder::removeAll();
  llvm::sys::RunInterruptHandlers();
  _exit(kExitLimit);
}

/// LLVM's streams end the program with a dump if they die with an error that nobody asked for.
static int finishOutput(int code) {
  llvm::outs().flush();
  std::error_code error = llvm::outs().error();
  llvm::outs().clear_error();
  if (error && code == kExitOk)
    code = report(Outcome::usage("cannot write the standard output: " + error.message()));
  llvm::errs().clear_error();
  return code;
}

/// `--help` and `--version` leave by exit().
static void finishExit() {
  releaseErrors();
  if (int code = finishOutput(kExitOk))
    _exit(code);
}

int lpc::runDriver(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::outs(); // made before what runs at exit, so destroyed after it
  llvm::errs();
  std::atexit(finishExit);
  std::set_new_handler(endWithoutMemory);
  llvm::remove_bad_alloc_error_handler();
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { endWithoutMemory(); });
  const Command commands[] = {
      compileCommand(), runCommand(),      checkCommand(),    evalCommand(),    benchCommand(),
      inspectCommand(), generateCommand(), testOnnxCommand(), formatsCommand(), quantizeCommand()};
  for (const Command &c : commands)
    cl::HideUnrelatedOptions(category, *c.sub);
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &os) { os << "lpc " LPC_VERSION " (LLVM " LLVM_VERSION_STRING ")\n"; });
  if (Outcome files = checkOptionFiles(argc, argv); !files)
    return finishOutput(report(files));
  if (Outcome o = parseCommandLine(
          argc, argv,
          "lpc: the low-precision compiler\n\n"
          "  lpc compile m.onnx -o m.so --weights int4/g128 --activations int8/token\n"
          "  lpc run m.so --input x=@x.npy\n",
          commands);
      !o)
    return report(o);
  for (const Command &c : commands)
    if (*c.sub) {
      Outcome once = refuseRepeated(*c.sub);
      return finishOutput(report(once ? c.run() : once));
    }
  llvm::errs() << "error: no subcommand given; `lpc --help` lists them\n";
  return kExitUsage;
}
