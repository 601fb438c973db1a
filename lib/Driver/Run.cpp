// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `lpc run`: tensors in, tensors out, compared if something is expected.
#include "Model.h"

#include "Compiler.h"
#include "Data.h"
#include "lpc-runtime/io/Npy.h"
#include "lpc-runtime/io/TensorProto.h"
#include "lpc/Support/Escape.h"
#include "lpc/Support/OutputFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <set>

using namespace lpc;
using namespace lpc::driver;
namespace cl = llvm::cl;

static cl::SubCommand runSub("run", "Run a model on given tensors");
#define OPTION(Type, name, flag, ...)                                                              \
  static cl::opt<Type> name(flag, cl::cat(category), cl::sub(runSub), __VA_ARGS__)
OPTION(std::string, modelPath, cl::Positional, cl::desc("<model.so | model.onnx | module.mlir>"),
       cl::Required);
OPTION(std::string, target, "target",
       cl::desc("cpu, or reference: the evaluator (needs .onnx or .mlir)"), cl::init("cpu"));
OPTION(std::string, data, "data",
       cl::desc("All inputs: an .npz file or an ONNX test_data_set folder"));
OPTION(std::string, expect, "expect",
       cl::desc("Expected outputs: an .npz file or a test_data_set folder; with --data of a "
                "folder, `data`"));
OPTION(std::string, save, "save", cl::desc("Write all outputs to this .npz file"));
OPTION(double, relTol, "rtol", cl::desc("Relative tolerance of --expect (default 1e-5)"),
       cl::init(1e-5));
OPTION(double, absTol, "atol", cl::desc("Absolute tolerance of --expect (default 1e-8)"),
       cl::init(1e-8));
OPTION(bool, bitExact, "bit-exact", cl::desc("--expect compares bits"));
OPTION(int, maxUlp, "ulp", cl::desc("--expect allows this many units in the last place"),
       cl::init(-1));
OPTION(int, threads, "threads", cl::desc("Threads (default: all)"), cl::init(0));
OPTION(std::string, weightsPath, "weights", cl::desc("Weights file that replaces the model's own"));
OPTION(bool, float64, "f64", cl::desc("Reference: compute floats in f64"));
#undef OPTION
static cl::list<std::string>
    inputs("input", cl::desc("Input from a file: x=@x.npy (or .pb, or file.npz:array)"),
           cl::cat(category), cl::sub(runSub));
static cl::list<std::string> outputs("output", cl::desc("Output to a file: y=@y.npy"),
                                     cl::cat(category), cl::sub(runSub));
static cl::list<std::string> expectations("expect-output", cl::desc("Expected output: y=@y.npy"),
                                          cl::cat(category), cl::sub(runSub));

/// `name=@path`.
static Outcome splitBinding(const std::string &text, llvm::StringRef flag, std::string &name,
                            std::string &path) {
  auto [left, right] = llvm::StringRef(text).split('=');
  if (left.empty() || !right.consume_front("@") || right.empty())
    return Outcome::usage((flag + " " + text + ": expected name=@file").str());
  name = left.str();
  path = right.str();
  return Outcome::ok();
}

static rt::Result<rt::HostTensor> readOne(const std::string &path) {
  size_t at = llvm::StringRef(path).rfind(".npz:");
  if (at != llvm::StringRef::npos)
    return rt::readNpzEntry(path.substr(0, at + 4), path.substr(at + 5));
  return rt::readTensorFile(path);
}

static Outcome readSet(const std::string &path, bool wantOutputs,
                       std::vector<rt::NamedTensor> &tensors) {
  if (llvm::sys::fs::is_directory(path)) {
    rt::Result<rt::TestDataSet> set = rt::readTestDataSet(path);
    if (!set)
      return Outcome::usage(set.error());
    llvm::append_range(tensors, wantOutputs ? set->outputs : set->inputs);
    return Outcome::ok();
  }
  rt::Result<std::vector<rt::NamedTensor>> npz = rt::readNpz(path);
  if (!npz)
    return Outcome::usage(npz.error());
  llvm::append_range(tensors, *npz);
  return Outcome::ok();
}

static Outcome readBindings(const cl::list<std::string> &list, llvm::StringRef flag,
                            std::vector<rt::NamedTensor> &tensors) {
  for (const std::string &text : list) {
    std::string name, path;
    if (Outcome o = splitBinding(text, flag, name, path); !o)
      return o;
    rt::Result<rt::HostTensor> t = readOne(path);
    if (!t)
      return Outcome::usage(flag.str() + " " + name + ": " + t.error());
    tensors.push_back({name, std::move(*t)});
  }
  return Outcome::ok();
}

static void print(const rt::NamedTensor &t) {
  constexpr int64_t kShown = 8;
  llvm::outs() << escapeControls(t.name) << ": " << rt::dtypeName(t.tensor.dtype) << ' '
               << rt::shapeText(t.tensor.shape) << " =";
  int64_t n = t.tensor.numElements();
  for (int64_t i = 0; i < std::min(n, kShown); ++i)
    llvm::outs() << llvm::format(" %g", t.tensor.at(i));
  llvm::outs() << (n > kShown ? " ...\n" : "\n");
}

static Outcome checkOptions() {
  bool compares = !expect.empty() || !expectations.empty(), evaluates = target == "reference";
  bool tolerates = relTol.getNumOccurrences() || absTol.getNumOccurrences();
  llvm::StringRef nothing = "nothing is compared; give --expect or --expect-output";
  llvm::StringRef evaluator = "the reference evaluator has one thread and the model's own weights";
  if (Outcome o = refuseIdle({{relTol, !compares, nothing},
                              {absTol, !compares, nothing},
                              {bitExact, !compares, nothing},
                              {maxUlp, !compares, nothing},
                              {maxUlp, tolerates, "--rtol and --atol are given; use one rule"},
                              {bitExact, tolerates || maxUlp.getNumOccurrences() != 0,
                               "--rtol, --atol or --ulp is given; use one rule"},
                              {threads, evaluates, evaluator},
                              {weightsPath, evaluates, evaluator},
                              {float64, !evaluates, "give --target reference"}});
      !o)
    return o;
  if (maxUlp.getNumOccurrences() && maxUlp < 0)
    return Outcome::usage("--ulp " + std::to_string(maxUlp) + ": expected 0 or more");
  if (!(relTol >= 0) || !(absTol >= 0))
    return Outcome::usage("--rtol and --atol must be 0 or more");
  return checkThreads(threads);
}

/// An input that two options give would be that of the last one.
static Outcome checkTwice(const std::vector<rt::NamedTensor> &given) {
  std::set<std::string> names;
  for (const rt::NamedTensor &t : given)
    if (!t.name.empty() && !names.insert(t.name).second)
      return Outcome::usage("input '" + t.name + "' is given twice");
  return Outcome::ok();
}

/// The file of a path that may name an array in it.
static llvm::StringRef fileOf(llvm::StringRef path) {
  size_t at = path.rfind(".npz:");
  return at == llvm::StringRef::npos ? path : path.substr(0, at + 4);
}

/// No written file may be another one of this run.
static Outcome checkWrittenFiles() {
  std::vector<std::pair<std::string, std::string>> read = {{"the model", modelPath},
                                                           {"--weights", weightsPath},
                                                           {"--data", data},
                                                           {"--expect", expect}},
                                                   written = {{"--save", save}};
  auto add = [](auto &files, const cl::list<std::string> &list, llvm::StringRef flag) -> Outcome {
    for (const std::string &text : list) {
      std::string name, path;
      if (Outcome o = splitBinding(text, flag, name, path); !o)
        return o;
      files.emplace_back((flag + " " + name).str(), fileOf(path).str());
    }
    return Outcome::ok();
  };
  if (Outcome o = add(read, inputs, "--input"); !o)
    return o;
  if (Outcome o = add(read, expectations, "--expect-output"); !o)
    return o;
  if (Outcome o = add(written, outputs, "--output"); !o)
    return o;
  for (auto &[flag, path] : written) {
    if (path.empty())
      continue;
    llvm::StringRef folder = llvm::sys::path::parent_path(path);
    if (!folder.empty() && !llvm::sys::fs::is_directory(folder))
      return Outcome::usage(flag + " " + path + ": there is no folder '" + folder.str() + "'");
    for (auto &[other, otherPath] : read)
      if (Outcome o = checkFiles({{other, otherPath}, {flag, path}}); !o)
        return o;
  }
  std::vector<std::pair<llvm::StringRef, llvm::StringRef>> results(written.begin(), written.end());
  return checkFiles(results);
}

/// Every `--output` names an output of the model.
static Outcome checkOutputNames(const Model &model) {
  for (const std::string &text : outputs) {
    std::string name, path;
    if (Outcome o = splitBinding(text, "--output", name, path); !o)
      return o;
    if (llvm::none_of(model.outputs(), [&](const rt::TensorInfo &t) { return t.name == name; }))
      return Outcome::usage("the model has no output '" + name + "': " + listOf(model.outputs()));
  }
  return Outcome::ok();
}

/// --save and --output: all of the files or none.
static Outcome writeResults(const std::vector<rt::NamedTensor> &results) {
  std::vector<OutputFile> files;
  auto add = [&](const std::string &path, auto write) -> Outcome {
    llvm::Expected<OutputFile> file = OutputFile::create(path);
    if (!file)
      return Outcome::usage(llvm::toString(file.takeError()));
    if (llvm::Error e = file->finish())
      return Outcome::usage(llvm::toString(std::move(e)));
    if (rt::Status s = write(file->temporaryPath()); !s)
      return Outcome::usage(s.error());
    files.push_back(std::move(*file));
    return Outcome::ok();
  };
  if (!save.empty())
    if (Outcome o = add(save, [&](const std::string &to) { return rt::writeNpz(to, results); }); !o)
      return o;
  for (const std::string &text : outputs) {
    std::string name, path;
    if (Outcome o = splitBinding(text, "--output", name, path); !o)
      return o;
    auto it = llvm::find_if(results, [&](const rt::NamedTensor &t) { return t.name == name; });
    if (Outcome o = add(path, [&](const std::string &to) { return rt::writeNpy(to, it->tensor); });
        !o)
      return o;
  }
  llvm::SmallVector<OutputFile *> all(llvm::make_pointer_range(files));
  if (llvm::Error e = OutputFile::commitAll(all))
    return Outcome::usage(llvm::toString(std::move(e)));
  return Outcome::ok();
}

static Outcome runRun() {
  if (Outcome o = checkOptions(); !o)
    return o;
  if (Outcome o = checkWrittenFiles(); !o)
    return o;
  Model model;
  Model::Options options;
  options.target = target;
  options.threads = threads;
  options.weights = weightsPath;
  options.float64 = float64;
  if (Outcome o = model.open(modelPath, options); !o)
    return o;
  if (Outcome o = checkOutputNames(model); !o)
    return o;
  std::vector<rt::NamedTensor> given, results, expected;
  if (Outcome o = readBindings(inputs, "--input", given); !o)
    return o;
  if (!data.empty())
    if (Outcome o = readSet(data, false, given); !o)
      return o;
  if (Outcome o = checkTwice(given); !o)
    return o;
  if (!expect.empty())
    if (Outcome o = readSet(expect, true, expected); !o)
      return o;
  if (Outcome o = readBindings(expectations, "--expect-output", expected); !o)
    return o;
  if (Outcome o = model.run(given, results); !o)
    return o;
  for (const rt::NamedTensor &t : results)
    print(t);
  if (Outcome o = writeResults(results); !o)
    return o;
  if (expected.empty())
    return Outcome::ok();
  rt::CompareOptions compare;
  compare.rtol = relTol;
  compare.atol = absTol;
  if (bitExact)
    compare.rule = rt::CompareOptions::Rule::BitExact;
  if (maxUlp >= 0) {
    compare.rule = rt::CompareOptions::Rule::Ulp;
    compare.maxUlp = maxUlp;
  }
  if (Outcome o = compareOutputs(results, expected, compare); !o)
    return o;
  llvm::outs() << expected.size() << " outputs as expected\n";
  return Outcome::ok();
}

Command driver::runCommand() { return {&runSub, runRun}; }
