// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `lpc formats`: every number format and scale structure, bit by bit.
#include "Commands.h"
#include "FormatCompare.h"
#include "FormatJson.h"
#include "FormatLine.h"
#include "FormatPage.h"
#include "FormatStructure.h"

#include "lpc-runtime/io/Npy.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace lpc;
using namespace lpc::driver;
namespace cl = llvm::cl;

static cl::SubCommand formatsSub("formats", "Show number formats and scale structures");
#define OPTION(Type, name, flag, ...)                                                              \
  static cl::opt<Type> name(flag, cl::cat(category), cl::sub(formatsSub), __VA_ARGS__)
static cl::list<std::string> spellings(cl::Positional,
                                       cl::desc("[format ...]: e3m2, int4/g128, nvfp4, ..."),
                                       cl::cat(category), cl::sub(formatsSub));
OPTION(std::string, svg, "svg",
       cl::desc("Write the number line of the element format as SVG; `-`: to the standard output, "
                "in place of the page"));
OPTION(bool, values, "values", cl::desc("Only a line `code value` for each code"));
OPTION(bool, json, "json", cl::desc("Print JSON"));
OPTION(bool, markdown, "markdown", cl::desc("Print the tables of the list in Markdown"));
OPTION(std::string, only, "only",
       cl::desc("Of the list, only this table: a family such as minifloat, or presets"));
OPTION(bool, compare, "compare", cl::desc("Measure the formats on the same values"));
OPTION(std::string, dist, "dist",
       cl::desc("Values to compare on: gaussian, laplace, student, or file.npy (default gaussian)"),
       cl::init("gaussian"));
OPTION(int64_t, blocks, "blocks",
       cl::desc("Blocks of 256 values to draw, 16 to a row (default 1024)"), cl::init(1024));
OPTION(uint64_t, seed, "seed", cl::desc("Seed of the drawn values (default 0)"), cl::init(0));
#undef OPTION

//===- the list
//-----------------------------------------------------------------------------------===//

static Outcome printList() {
  std::vector<std::pair<std::string, TextTable>> tables;
  std::vector<std::string> words;
  for (num::Family family : namedFamilies()) {
    words.push_back(familyWord(family));
    if (only.empty() || only == words.back())
      tables.emplace_back(words.back() + " formats", formatTable(family));
  }
  words.push_back("presets");
  if (only.empty() || only == words.back())
    tables.emplace_back("presets of scale structure", presetTable());
  if (tables.empty())
    return Outcome::usage("--only " + only + ": expected " + llvm::join(words, ", "));
  for (auto &[title, table] : tables) {
    if (only.empty())
      llvm::outs() << (markdown ? "## " : "") << title << '\n' << (markdown ? "\n" : "");
    llvm::outs() << (markdown ? table.markdown() : table.text(only.empty() ? "  " : ""));
    if (only.empty())
      llvm::outs() << '\n';
  }
  return Outcome::ok();
}

//===- one format
//---------------------------------------------------------------------------------===//

static Outcome writeSvg(const num::Format &format) {
  if (svg == "-") {
    llvm::outs() << numberLineSvg(FormatFacts(format));
    return Outcome::ok();
  }
  std::error_code error;
  llvm::raw_fd_ostream out(svg, error);
  if (!error) {
    out << numberLineSvg(FormatFacts(format));
    out.close();
    error = out.error();
    out.clear_error();
  }
  return error ? Outcome::usage("--svg " + svg + ": " + error.message()) : Outcome::ok();
}

static bool isPreset(const std::string &spelling) {
  return llvm::any_of(num::presets(), [&](const num::Preset &p) { return p.name == spelling; });
}

static Outcome showFormat(const std::string &spelling) {
  if (const num::Format *format = num::Format::parse(spelling)) {
    if (!svg.empty())
      if (Outcome o = writeSvg(*format); !o || svg == "-")
        return o;
    llvm::outs() << (values ? formatValues(*format)
                     : json ? formatJson(*format)
                            : formatPage(*format));
    // nf4 is an element and, where a scale structure is asked for, a preset.
    if (isPreset(spelling) && !values && !json)
      llvm::outs() << "\nas a format of tensors: "
                   << structurePage(*num::FormatSpec::parse(spelling));
    return Outcome::ok();
  }
  std::string error;
  std::optional<num::FormatSpec> spec = num::FormatSpec::parse(spelling, &error);
  if (!spec)
    return Outcome::usage(error);
  if (values || !svg.empty())
    return Outcome::usage((values ? "--values" : "--svg") +
                          std::string(" shows an element format; ") + spelling +
                          " is a scale structure of '" + spec->element->name() + "'");
  llvm::outs() << (json ? structureJson(*spec) : structurePage(*spec));
  return Outcome::ok();
}

//===- compare
//------------------------------------------------------------------------------------===//

static Outcome readMatrix(SampleMatrix &matrix) {
  rt::Result<rt::HostTensor> file = rt::readNpy(dist);
  if (!file)
    return Outcome::usage(file.error());
  rt::Result<rt::HostTensor> tensor = rt::convert(*file, LPC_DTYPE_F32);
  if (!tensor)
    return Outcome::usage(dist + ": " + tensor.error());
  int64_t count = tensor->numElements();
  if (count == 0)
    return Outcome::usage(dist + ": the array is empty");
  matrix.columns = tensor->shape.empty() ? 1 : tensor->shape.back();
  matrix.rows = count / matrix.columns;
  matrix.values.resize(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i)
    matrix.values[static_cast<size_t>(i)] = static_cast<float>(tensor->at(i));
  if (llvm::all_of(matrix.values, [](float x) { return x == 0; }))
    return Outcome::usage(dist + ": all values are zero, which have no signal-to-noise ratio");
  if (llvm::any_of(matrix.values, [](float x) { return !std::isfinite(x); }))
    return Outcome::usage(dist + ": holds NaN or infinity, which have no signal-to-noise ratio");
  return Outcome::ok();
}

static Outcome makeMatrix(SampleMatrix &matrix) {
  if (llvm::StringRef(dist).ends_with(".npy"))
    return readMatrix(matrix);
  constexpr int64_t blockSize = 256, perRow = 16, most = int64_t(1) << 18;
  if (blocks < 1 || blocks > most || (blocks > perRow && blocks % perRow != 0))
    return Outcome::usage("--blocks " + std::to_string(blocks) +
                          ": expected 1 to 16, or a multiple of 16 up to " + std::to_string(most));
  matrix.rows = blocks <= perRow ? 1 : blocks / perRow;
  matrix.columns = blockSize * blocks / matrix.rows;
  matrix.values = drawSamples(dist, static_cast<size_t>(blockSize * blocks), seed);
  if (matrix.values.empty())
    return Outcome::usage("--dist " + dist +
                          ": expected gaussian, laplace, student or a file that ends in .npy");
  return Outcome::ok();
}

static std::string fixed(double x, int digits) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.*f", digits, x);
  return text;
}

static Outcome runCompare() {
  if (spellings.empty())
    return Outcome::usage("--compare needs formats: lpc formats --compare nvfp4 mxfp4 int4/g16");
  std::vector<num::FormatSpec> specs;
  for (const std::string &spelling : spellings) {
    std::string error;
    std::optional<num::FormatSpec> spec = num::FormatSpec::parse(spelling, &error);
    if (!spec)
      return Outcome::usage(error);
    specs.push_back(std::move(*spec));
  }
  SampleMatrix matrix;
  if (Outcome o = makeMatrix(matrix); !o)
    return o;
  TextTable table;
  table.header = {"format", "SQNR dB", "clipped %", "to zero %", "bits per value"};
  std::vector<FormatErrors> results;
  for (const num::FormatSpec &spec : specs) {
    FormatErrors e;
    std::string error;
    if (!measureFormat(spec, matrix, e, error))
      return Outcome::usage(spec.str() + ": " + error);
    results.push_back(e);
    table.rows.push_back({spec.str(), fixed(e.sqnr, 2), fixed(100 * e.clipped, 3),
                          fixed(100 * e.underflowed, 3), fixed(e.bits, 3)});
  }
  llvm::outs() << (json ? compareJson(specs, results) : markdown ? table.markdown() : table.text());
  return Outcome::ok();
}

static Outcome runFormats() {
  bool drawn = !llvm::StringRef(dist).ends_with(".npy");
  llvm::StringRef ownTable = "--compare shows only its own table";
  if (Outcome o = refuseIdle({
          {svg, compare, ownTable},
          {values, compare, ownTable},
          {only, compare, ownTable},
          {blocks, compare && !drawn, "--dist reads the values from a file"},
          {seed, compare && !drawn, "--dist reads the values from a file"},
          {values, json, "--json prints every value; use one of them"},
          {markdown, json, "--json prints no table; use one of them"},
          {only, json, "--json prints the whole list; use one of them"},
          {values, svg == "-", "--svg - writes only the number line"},
          {json, svg == "-", "--svg - writes only the number line"},
      });
      !o)
    return o;
  if (!compare &&
      (dist.getNumOccurrences() || blocks.getNumOccurrences() || seed.getNumOccurrences()))
    return Outcome::usage("--dist, --blocks and --seed serve --compare: give it too");
  if (compare)
    return runCompare();
  if (spellings.empty()) {
    if (values || !svg.empty())
      return Outcome::usage("--values and --svg need a format");
    if (!json)
      return printList();
    llvm::outs() << listJson();
    return Outcome::ok();
  }
  if (!only.empty() || markdown)
    return Outcome::usage("--only and --markdown serve the list: give no format");
  if (!svg.empty() && spellings.size() > 1)
    return Outcome::usage("--svg takes one format");
  for (const std::string &spelling : spellings) {
    if (&spelling != &spellings[0] && !values && !json)
      llvm::outs() << '\n';
    if (Outcome o = showFormat(spelling); !o)
      return o;
  }
  return Outcome::ok();
}

Command driver::formatsCommand() { return {&formatsSub, runFormats}; }
