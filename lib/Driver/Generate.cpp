// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `lpc generate`: greedy text from a byte-level language model, with or without a cache.
#include "Commands.h"
#include "Data.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace lpc;
using namespace lpc::driver;
namespace cl = llvm::cl;

static cl::SubCommand generateSub("generate",
                                  "Continue a text greedily with a byte-level language model");
#define OPTION(Type, name, flag, ...)                                                              \
  static cl::opt<Type> name(flag, cl::cat(category), cl::sub(generateSub), __VA_ARGS__)
OPTION(std::string, modelPath, cl::Positional, cl::desc("<model.so>"), cl::Required);
OPTION(std::string, prompt, "prompt", cl::desc("The text to continue"), cl::Required);
OPTION(int, count, "bytes", cl::desc("Bytes to generate (default 200)"), cl::init(200));
OPTION(std::string, cache, "cache",
       cl::desc(
           "Cache input and the output that continues it (default: past=present where they exist)"),
       cl::init("past=present"));
OPTION(int, threads, "threads", cl::desc("Threads (default: all)"), cl::init(0));
#undef OPTION

static Outcome runGenerate() {
  if (prompt.empty() || count < 1)
    return Outcome::usage("--prompt must not be empty and --bytes must be at least 1");
  if (Outcome o = checkThreads(threads); !o)
    return o;
  rt::OpenOptions options;
  options.threads = threads;
  rt::Result<rt::ModelHandle> model = rt::ModelHandle::open(modelPath, options);
  if (!model)
    return Outcome::usage(model.error());
  const rt::TensorInfo *ids = tokenInput(model->inputs());
  if (!ids || ids->dims.size() != 2)
    return Outcome::usage(
        "the model has no integer input of shape [batch, length] that takes tokens");
  auto [past, present] = llvm::StringRef(cache).split('=');
  bool hasCache =
      llvm::any_of(model->inputs(), [&](const rt::TensorInfo &i) { return i.name == past; });
  if (!hasCache && cache.getNumOccurrences())
    return Outcome::usage("the model has no input '" + past.str() + "'");

  std::vector<uint8_t> text(prompt.begin(), prompt.end()), feed = text;
  rt::HostTensor state;
  bool haveState = false;
  double start = secondsNow(), first = 0;
  for (int i = 0; i < count; ++i) {
    rt::Result<rt::HostTensor> in = rt::adapt(tokens(feed, 0, 1, feed.size()), ids->dtype);
    if (!in)
      return Outcome::usage(in.error());
    std::vector<rt::NamedTensor> inputs{{ids->name, std::move(*in)}};
    if (hasCache && haveState)
      inputs.push_back({past.str(), std::exchange(state, rt::HostTensor())});
    if (rt::Status s = addEmptyInputs(inputs, model->inputs()); !s)
      return Outcome::usage(s.error());
    rt::Result<std::vector<rt::NamedTensor>> out = model->run(inputs);
    if (!out)
      return Outcome::usage(out.error());
    const rt::HostTensor &logits = (*out)[0].tensor;
    if (logits.shape.size() != 3 || logits.shape[2] < 256)
      return Outcome::usage("output '" + (*out)[0].name + "' is not [batch, length, 256 or more]");
    int64_t classes = logits.shape[2], row = (logits.shape[1] - 1) * classes, best = 0;
    for (int64_t c = 1; c < 256; ++c)
      if (logits.at(row + c) > logits.at(row + best))
        best = c;
    text.push_back(static_cast<uint8_t>(best));
    feed = hasCache ? std::vector<uint8_t>{static_cast<uint8_t>(best)} : text;
    if (hasCache) {
      auto it = llvm::find_if(
          *out, [&, name = present](const rt::NamedTensor &t) { return t.name == name; });
      if (it == out->end())
        return Outcome::usage("the model has no output '" + present.str() + "'");
      state = std::move(it->tensor);
      haveState = true;
    }
    if (i == 0)
      first = secondsNow() - start;
  }
  llvm::outs().write(reinterpret_cast<const char *>(text.data()), text.size());
  llvm::outs() << '\n';
  double rest = secondsNow() - start - first;
  llvm::errs() << llvm::format("first byte %.1f ms, then %.1f bytes/s\n", first * 1e3,
                               rest > 0 ? (count - 1) / rest : 0.0);
  return Outcome::ok();
}

Command driver::generateCommand() { return {&generateSub, runGenerate}; }
