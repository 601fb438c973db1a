// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `lpc bench` and `lpc inspect`.
#include "Commands.h"
#include "Data.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

using namespace lpc;
using namespace lpc::driver;
namespace cl = llvm::cl;

//===- bench
//------------------------------------------------------------------------------------------===//

static cl::SubCommand benchSub("bench", "Time a model on random inputs");
#define OPTION(Type, name, flag, ...)                                                              \
  static cl::opt<Type> name(flag, cl::cat(category), cl::sub(benchSub), __VA_ARGS__)
OPTION(std::string, benchModel, cl::Positional, cl::desc("<model.so>"), cl::Required);
OPTION(int, benchThreads, "threads", cl::desc("Threads (default: all)"), cl::init(0));
OPTION(int, runs, "runs", cl::desc("Timed runs (default 30)"), cl::init(30));
OPTION(int, warmup, "warmup", cl::desc("Runs before (default 3)"), cl::init(3));
OPTION(int64_t, maxInteger, "max-integer",
       cl::desc("Integer inputs are random in [0, this) (default 100)"), cl::init(100));
OPTION(bool, benchJson, "json", cl::desc("Print JSON"));
#undef OPTION
static cl::list<std::string>
    benchDims("dim", cl::desc("Size of a named dynamic dimension: batch=1 (default 1)"),
              cl::cat(category), cl::sub(benchSub));

static rt::Result<std::vector<rt::HostTensor>>
randomInputs(const std::vector<rt::TensorInfo> &infos,
             const std::map<std::string, int64_t> &sizes) {
  std::mt19937_64 rng(0);
  std::normal_distribution<double> normal;
  std::vector<rt::HostTensor> inputs;
  for (const rt::TensorInfo &info : infos) {
    std::vector<int64_t> shape = info.dims;
    for (size_t i = 0; i < shape.size(); ++i)
      if (shape[i] < 0) {
        auto it = i < info.dimNames.size() ? sizes.find(info.dimNames[i]) : sizes.end();
        shape[i] = it == sizes.end() ? 1 : it->second;
      }
    rt::Result<rt::HostTensor> t = rt::HostTensor::zeros(info.dtype, shape);
    if (!t)
      return t.takeError();
    bool isFloat = rt::isFloatDType(info.dtype);
    for (int64_t i = 0, n = t->numElements(); i < n; ++i) {
      double v = isFloat ? normal(rng) : static_cast<double>(rng() % maxInteger);
      t->setBits(i, rt::encodeElement(info.dtype, v));
    }
    inputs.push_back(std::move(*t));
  }
  return inputs;
}

static Outcome runBench() {
  if (runs < 1 || warmup < 0 || maxInteger < 1)
    return Outcome::usage("--runs and --max-integer must be at least 1, --warmup at least 0");
  if (Outcome o = checkThreads(benchThreads); !o)
    return o;
  rt::OpenOptions options;
  options.threads = benchThreads;
  rt::Result<rt::ModelHandle> model = rt::ModelHandle::open(benchModel, options);
  if (!model)
    return Outcome::usage(model.error());
  std::map<std::string, int64_t> sizes;
  if (Outcome o = parseDims(benchDims, sizes); !o)
    return o;
  for (auto &[name, size] : sizes)
    if (llvm::none_of(model->inputs(), [&](const rt::TensorInfo &info) {
          return llvm::is_contained(info.dimNames, name);
        }))
      return Outcome::usage("--dim " + name + ": no input has a dynamic dimension of that name");
  rt::Result<std::vector<rt::HostTensor>> inputs = randomInputs(model->inputs(), sizes);
  if (!inputs)
    return Outcome::usage(inputs.error());
  std::vector<lpc_tensor> in, out(model->outputs().size());
  for (rt::HostTensor &t : *inputs)
    in.push_back(t.view());
  std::vector<double> times;
  for (int i = 0; i < warmup + runs; ++i) {
    for (lpc_tensor &t : out)
      t = {};
    double start = secondsNow();
    rt::Status s = model->runRaw(in, out);
    double elapsed = secondsNow() - start;
    if (!s)
      return Outcome::usage(s.error());
    if (i >= warmup)
      times.push_back(elapsed * 1e3);
  }
  std::sort(times.begin(), times.end());
  auto at = [&](double q) { return times[std::lround(q * (times.size() - 1))]; };
  if (benchJson) {
    llvm::outs() << llvm::json::Value(
                        llvm::json::Object{{"runs", static_cast<int64_t>(times.size())},
                                           {"min_ms", times.front()},
                                           {"median_ms", at(0.5)},
                                           {"p90_ms", at(0.9)},
                                           {"max_ms", times.back()}})
                 << '\n';
    return Outcome::ok();
  }
  llvm::outs() << llvm::format(
      "median %.3f ms, min %.3f ms, 90 %% %.3f ms, max %.3f ms over %zu runs\n", at(0.5),
      times.front(), at(0.9), times.back(), times.size());
  return Outcome::ok();
}

Command driver::benchCommand() { return {&benchSub, runBench}; }

//===- inspect
//----------------------------------------------------------------------------------------===//

static cl::SubCommand inspectSub("inspect", "Show what is inside a compiled model");
static cl::opt<std::string> inspectModel(cl::Positional, cl::desc("<model.so>"), cl::Required,
                                         cl::cat(category), cl::sub(inspectSub));
static cl::opt<bool> inspectJson("json", cl::desc("Print the manifest as it is"), cl::cat(category),
                                 cl::sub(inspectSub));

static Outcome runInspect() {
  rt::Result<rt::ModelHandle> model = rt::ModelHandle::open(inspectModel);
  if (!model)
    return Outcome::usage(model.error());
  std::string manifest = model->manifest();
  if (inspectJson) {
    llvm::outs() << manifest << '\n';
    return Outcome::ok();
  }
  for (const rt::TensorInfo &i : model->inputs())
    llvm::outs() << "input   " << i.text() << '\n';
  for (const rt::TensorInfo &o : model->outputs())
    llvm::outs() << "output  " << o.text() << '\n';
  uint64_t bytes = 0;
  if (!llvm::sys::fs::file_size(inspectModel, bytes))
    llvm::outs() << "size    " << bytes << " bytes\n";
  llvm::Expected<llvm::json::Value> json = llvm::json::parse(manifest);
  if (!json) {
    llvm::consumeError(json.takeError());
    return {kExitMalformed, "the manifest inside '" + inspectModel + "' is not JSON"};
  }
  llvm::json::Object *root = json->getAsObject();
  for (auto &[key, value] : *root) {
    if (llvm::json::Array *list = value.getAsArray()) {
      if (key == "inputs" || key == "outputs")
        continue;
      llvm::outs() << key << " (" << list->size() << ")\n";
      for (const llvm::json::Value &item : *list)
        llvm::outs() << "  " << item << '\n';
    } else {
      llvm::outs() << key << "  " << value << '\n';
    }
  }
  return Outcome::ok();
}

Command driver::inspectCommand() { return {&inspectSub, runInspect}; }
