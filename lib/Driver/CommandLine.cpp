// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LLVM's parser of options prints a line for each thing that it stumbles over, most of them about
// the same mistake. What it prints is caught here and its first complaint becomes one sentence.
#include "CommandLine.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <sys/mman.h>
#include <unistd.h>

using namespace lpc;
using namespace lpc::driver;
namespace cl = llvm::cl;
using llvm::StringRef;

namespace {
/// What goes to stderr while it lives; the parser has no other way for some of its complaints.
class CaughtErrors {
public:
  CaughtErrors() : before(dup(STDERR_FILENO)), file(memfd_create("errors", MFD_CLOEXEC)) {
    if (before >= 0 && file >= 0)
      dup2(file, STDERR_FILENO);
    active = this;
  }
  CaughtErrors(const CaughtErrors &) = delete;
  CaughtErrors &operator=(const CaughtErrors &) = delete;
  ~CaughtErrors() { end(); }

  std::string end() {
    active = nullptr;
    if (before < 0 || file < 0)
      return "";
    llvm::errs().flush();
    dup2(before, STDERR_FILENO);
    std::string text(std::max<off_t>(lseek(file, 0, SEEK_END), 0), '\0');
    text.resize(std::max<ssize_t>(pread(file, text.data(), text.size(), 0), 0));
    close(before);
    close(file);
    before = file = -1;
    return text;
  }

  static inline CaughtErrors *active = nullptr;

private:
  int before, file;
};
} // namespace

void driver::releaseErrors() {
  if (CaughtErrors::active)
    CaughtErrors::active->end();
}

/// `name` as it is typed.
static std::string dashed(StringRef name) {
  return (name.starts_with("-") ? "" : name.size() == 1 ? "-" : "--") + name.str();
}

/// The first complaint about an option, in our words; `help` is the command that lists them.
static std::string rephrase(StringRef printed, const std::string &help) {
  llvm::SmallVector<StringRef> lines;
  printed.split(lines, '\n', -1, /*KeepEmpty=*/false);
  if (lines.empty())
    return "the command line cannot be read; `" + help + "` describes it";
  StringRef first = lines.front().split(": ").second, hint;
  if (lines.size() > 1 && lines[1].contains("Did you mean '"))
    hint = lines[1].split("Did you mean ").second;
  std::string more = "; `" + help + "` describes the options";
  if (first.consume_front("Unknown command line argument ")) {
    std::string text = "unknown option " + first.split(".  Try").first.str();
    return text + (hint.empty() ? more : ": did you mean " + hint.str());
  }
  if (first.starts_with("Not enough positional"))
    return "a file is missing; `" + help + "` describes what to give";
  if (first.starts_with("Too many positional"))
    return "too many files are given; `" + help + "` describes what to give";
  if (first.consume_front("for the ")) {
    auto [name, what] = first.split(" option: ");
    if (what.starts_with("must be specified"))
      return dashed(name) + " is missing" + more;
    return dashed(name) + ": " + what.split('!').first.str() + more;
  }
  return first.rtrim("!.").str() + more;
}

/// Empty values would be taken for options that were not given.
static Outcome refuseEmpty(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    StringRef arg = argv[i];
    if (arg.starts_with("-") && arg.ends_with("="))
      return Outcome::usage(arg.drop_back().str() + " has no value: leave it out for its default");
    if (!arg.empty())
      continue;
    StringRef option = argv[i - 1];
    return Outcome::usage(i > 1 && option.starts_with("-") && !option.contains('=')
                              ? option.str() + " has no value: leave it out for its default"
                              : "argument " + std::to_string(i) + " is empty");
  }
  return Outcome::ok();
}

Outcome driver::parseCommandLine(int argc, char **argv, StringRef overview,
                                 llvm::ArrayRef<Command> commands) {
  StringRef first = argc > 1 ? argv[1] : "";
  auto isCommand = [&](StringRef word) {
    return llvm::any_of(commands, [&](const Command &c) { return c.sub->getName() == word; });
  };
  if (!first.empty() && !first.starts_with("-") && !isCommand(first)) {
    const Command *near = llvm::min_element(commands, [&](const Command &a, const Command &b) {
      return a.sub->getName().edit_distance(first) < b.sub->getName().edit_distance(first);
    });
    StringRef name = near->sub->getName();
    bool close = name.edit_distance(first) <= std::max<size_t>(1, first.size() / 3);
    return Outcome::usage(
        "unknown subcommand '" + first.str() + "'" +
        (close ? ": did you mean '" + name.str() + "'?" : "; `lpc --help` lists them"));
  }
  for (int i = 2; first.starts_with("-") && i < argc; ++i)
    if (isCommand(argv[i]))
      return Outcome::usage("the subcommand comes first: lpc " + std::string(argv[i]) + " " +
                            first.str() + " ...");
  if (Outcome o = refuseEmpty(argc, argv); !o)
    return o;
  CaughtErrors caught;
  bool parsed = cl::ParseCommandLineOptions(argc, argv, overview, &llvm::errs());
  std::string printed = caught.end();
  if (parsed)
    return Outcome::ok();
  return Outcome::usage(
      rephrase(printed, isCommand(first) ? "lpc " + first.str() + " --help" : "lpc --help"));
}
