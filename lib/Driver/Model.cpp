// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Running models, compiled or evaluated.
#include "Model.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::driver;

std::string driver::listOf(llvm::ArrayRef<rt::TensorInfo> infos) {
  constexpr size_t kShown = 10;
  std::string text;
  for (const rt::TensorInfo &info : infos.take_front(kShown))
    text += (text.empty() ? "it has " : ", ") + info.text();
  if (infos.size() > kShown)
    text += " and " + std::to_string(infos.size() - kShown) + " more";
  return text.empty() ? "it has none" : text;
}

Model::Model() = default;
Model::~Model() = default;

Outcome Model::open(const std::string &path, const Options &options) {
  if (options.target != "cpu" && options.target != "reference")
    return Outcome::usage("--target " + options.target + ": expected cpu or reference");
  bool compiled = StringRef(path).ends_with(".so");
  if (options.target == "reference") {
    if (compiled)
      return Outcome::usage(
          "the reference evaluator runs .onnx and .mlir files, not the shared object '" + path +
          "': give the file that --save-lp wrote");
    return openReference(path, options);
  }
  std::string so = path;
  if (!compiled) {
    if (std::error_code e = folder.make())
      return {kExitInternal, "cannot make a temporary folder: " + e.message()};
    CompileRequest request;
    request.input = path;
    request.output = so = folder.file("model.so");
    request.dims = options.dims;
    if (Outcome o = compiler.compile(request); !o)
      return o;
  }
  rt::OpenOptions open;
  open.threads = options.threads;
  open.weightsPath = options.weights;
  rt::Result<rt::ModelHandle> opened = rt::ModelHandle::open(so, open);
  if (!opened)
    return Outcome::usage(opened.error());
  handle = std::move(*opened);
  inputInfos = handle->inputs();
  outputInfos = handle->outputs();
  return Outcome::ok();
}

Outcome Model::run(const std::vector<rt::NamedTensor> &given,
                   std::vector<rt::NamedTensor> &results) {
  std::vector<rt::HostTensor> ordered;
  for (size_t i = 0; i < inputInfos.size(); ++i) {
    const rt::NamedTensor *match = nullptr;
    for (const rt::NamedTensor &t : given)
      if (t.name == inputInfos[i].name)
        match = &t;
    // Test data folders may leave out names; then the order counts.
    if (!match && i < given.size() && given[i].name.empty())
      match = &given[i];
    if (!match) {
      auto unknown = llvm::find_if(given, [&](const rt::NamedTensor &t) {
        return !t.name.empty() && llvm::none_of(inputInfos, [&](const rt::TensorInfo &info) {
          return info.name == t.name;
        });
      });
      if (unknown != given.end())
        return Outcome::usage("the model has no input '" + unknown->name +
                              "': " + listOf(inputInfos));
      return Outcome::usage("no value is given for input " + inputInfos[i].text());
    }
    rt::Result<rt::HostTensor> t = rt::adapt(match->tensor, inputInfos[i].dtype);
    if (!t)
      return Outcome::usage("input '" + inputInfos[i].name + "': " + t.error());
    ordered.push_back(std::move(*t));
  }
  for (const rt::NamedTensor &t : given)
    if (!t.name.empty() &&
        llvm::none_of(inputInfos, [&](const rt::TensorInfo &i) { return i.name == t.name; }))
      return Outcome::usage("the model has no input '" + t.name + "': " + listOf(inputInfos));
  if (!handle)
    return runReference(ordered, results);
  rt::Result<std::vector<rt::HostTensor>> out = handle->run(ordered);
  if (!out)
    return Outcome::usage(out.error());
  results.clear();
  for (size_t i = 0; i < out->size(); ++i)
    results.push_back({outputInfos[i].name, std::move((*out)[i])});
  return Outcome::ok();
}

Outcome driver::compareOutputs(const std::vector<rt::NamedTensor> &found,
                               const std::vector<rt::NamedTensor> &expected,
                               const rt::CompareOptions &options) {
  for (size_t i = 0; i < expected.size(); ++i) {
    const rt::NamedTensor *match = nullptr;
    for (const rt::NamedTensor &t : found)
      if (t.name == expected[i].name)
        match = &t;
    if (!match && expected[i].name.empty() && i < found.size())
      match = &found[i];
    if (!match) {
      std::string names;
      for (const rt::NamedTensor &t : found)
        names += (names.empty() ? "it has '" : ", '") + t.name + "'";
      return Outcome::usage("the model has no output '" + expected[i].name + "': " + names);
    }
    rt::CompareReport report = rt::compare(match->tensor, expected[i].tensor, options);
    if (!report.equal)
      return {kExitMismatch, "output '" + match->name + "': " + report.message};
  }
  return Outcome::ok();
}
