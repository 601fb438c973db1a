// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `lpc test-onnx`: ONNX backend test folders, many in one process.
#include "Model.h"

#include "Data.h"
#include "lpc-runtime/io/TensorProto.h"
#include "lpc/Support/Escape.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace lpc;
using namespace lpc::driver;
namespace cl = llvm::cl;

static cl::SubCommand testSub(
    "test-onnx",
    "Run ONNX backend test folders; prints `pass|wrong|refused|crash folder reason` for each");
static cl::list<std::string> folders(cl::Positional,
                                     cl::desc("<folder with model.onnx and test_data_set_*>..."),
                                     cl::OneOrMore, cl::cat(category), cl::sub(testSub));
#define OPTION(Type, name, flag, ...)                                                              \
  static cl::opt<Type> name(flag, cl::cat(category), cl::sub(testSub), __VA_ARGS__)
OPTION(std::string, target, "target", cl::desc("cpu or reference"), cl::init("cpu"));
OPTION(double, relTol, "rtol", cl::desc("Relative tolerance (default 1e-3)"), cl::init(1e-3));
OPTION(double, absTol, "atol", cl::desc("Absolute tolerance (default 1e-7)"), cl::init(1e-7));
#undef OPTION

/// Data sets of a folder, in order.
static std::vector<std::string> dataSets(const std::string &folder) {
  std::vector<std::string> sets;
  std::error_code ec;
  for (llvm::sys::fs::directory_iterator it(folder, ec), end; it != end && !ec; it.increment(ec))
    if (llvm::sys::path::filename(it->path()).starts_with("test_data_set_"))
      sets.push_back(it->path());
  llvm::sort(sets);
  return sets;
}

static Outcome testFolder(const std::string &folder) {
  if (!llvm::sys::fs::exists(folder + "/model.onnx"))
    return {kExitUsage, "there is no file '" + folder + "/model.onnx'"};
  Model model;
  Model::Options options;
  options.target = target;
  options.threads = 1;
  if (Outcome o = model.open(folder + "/model.onnx", options); !o)
    return o;
  std::vector<std::string> sets = dataSets(folder);
  if (sets.empty())
    return {kExitUsage, "no test_data_set_* folder"};
  rt::CompareOptions compare;
  compare.rtol = relTol;
  compare.atol = absTol;
  for (const std::string &path : sets) {
    rt::Result<rt::TestDataSet> set = rt::readTestDataSet(path);
    if (!set)
      return {kExitUnsupported, set.error()};
    std::vector<rt::NamedTensor> results;
    if (Outcome o = model.run(set->inputs, results); !o)
      return {kExitMismatch, o.message};
    if (Outcome o = compareOutputs(results, set->outputs, compare); !o)
      return {kExitMismatch, o.message};
  }
  return Outcome::ok();
}

/// Tests that do not pass are results, told by their lines; a folder that holds no test is a slip.
static Outcome runTestOnnx() {
  std::string missing;
  for (const std::string &folder : folders) {
    Outcome o = testFolder(folder);
    if (o.code == kExitUsage && missing.empty())
      missing = o.message;
    llvm::StringRef status = o.code == kExitOk         ? "pass"
                             : o.code == kExitMismatch ? "wrong"
                             : o.code == kExitInternal ? "crash"
                                                       : "refused";
    std::string reason = o.message;
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    llvm::outs() << status << ' ' << folder << ' ' << escapeControls(reason) << '\n';
    llvm::outs().flush();
  }
  return missing.empty() ? Outcome::ok() : Outcome::usage(missing);
}

Command driver::testOnnxCommand() { return {&testSub, runTestOnnx}; }
