// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `lpc formats`: every number format and scale structure, bit by bit.
#include "Commands.h"
#include "FormatJson.h"
#include "FormatLine.h"
#include "FormatPage.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace lpc;
using namespace lpc::driver;
namespace cl = llvm::cl;

static cl::SubCommand formatsSub("formats", "Show number formats and scale structures");
#define OPTION(Type, name, flag, ...)                                                              \
  static cl::opt<Type> name(flag, cl::cat(category), cl::sub(formatsSub), __VA_ARGS__)
static cl::list<std::string> spellings(cl::Positional,
                                       cl::desc("[format ...]: e3m2, int4/g128, nvfp4, ..."),
                                       cl::cat(category), cl::sub(formatsSub));
OPTION(std::string, svg, "svg", cl::desc("Write the number line of the format as SVG"));
OPTION(bool, values, "values", cl::desc("Only the lines `code value` of all codes"));
OPTION(bool, json, "json", cl::desc("Print JSON"));
#undef OPTION

static void printList() {
  for (num::Family family : namedFamilies())
    llvm::outs() << familyWord(family) << " formats\n" << formatTable(family).text("  ") << '\n';
}

static Outcome writeSvg(const num::Format &format) {
  std::error_code error;
  llvm::raw_fd_ostream out(svg, error);
  if (error)
    return Outcome::usage("--svg " + svg + ": " + error.message());
  out << numberLineSvg(FormatFacts(format));
  return Outcome::ok();
}

static Outcome showFormat(const num::Format &format) {
  if (!svg.empty())
    if (Outcome o = writeSvg(format); !o)
      return o;
  if (values)
    llvm::outs() << formatValues(format);
  else if (json)
    llvm::outs() << formatJson(format);
  else
    llvm::outs() << formatPage(format);
  return Outcome::ok();
}

static Outcome runFormats() {
  if (spellings.empty()) {
    printList();
    return Outcome::ok();
  }
  std::string error;
  const num::Format *format = num::Format::parse(spellings[0], &error);
  if (!format)
    return Outcome::usage(error);
  return showFormat(*format);
}

Command driver::formatsCommand() { return {&formatsSub, runFormats}; }
