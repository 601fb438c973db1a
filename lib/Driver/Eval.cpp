// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `lpc eval`: accuracy of a classifier, perplexity of a byte-level language model.
#include "Commands.h"
#include "Data.h"

#include "lpc-runtime/io/Npy.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace lpc;
using namespace lpc::driver;
namespace cl = llvm::cl;

static cl::SubCommand
    evalSub("eval", "Measure a model's accuracy on labelled data or its perplexity on text");
#define OPTION(Type, name, flag, ...)                                                              \
  static cl::opt<Type> name(flag, cl::cat(category), cl::sub(evalSub), __VA_ARGS__)
OPTION(std::string, modelPath, cl::Positional, cl::desc("<model.so>"), cl::Required);
OPTION(std::string, data, "data", cl::desc("Labelled data: an .npz file"));
OPTION(std::string, inputSpec, "input", cl::desc("Input and its array in --data: x=test_x"));
OPTION(std::string, labels, "labels", cl::desc("Array of class numbers in --data"));
OPTION(std::string, text, "text",
       cl::desc("Text whose bytes are tokens: perplexity of the next byte"));
OPTION(int64_t, window, "window", cl::desc("Bytes per window of --text (default 256)"),
       cl::init(256));
OPTION(int64_t, windows, "windows", cl::desc("Use the first windows only (default: all)"),
       cl::init(0));
OPTION(int64_t, batch, "batch", cl::desc("Samples per run (default 32 images, 4 windows)"),
       cl::init(0));
OPTION(int, threads, "threads", cl::desc("Threads (default: all)"), cl::init(0));
OPTION(std::string, weightsPath, "weights", cl::desc("Weights file that replaces the model's own"));
#undef OPTION

static Outcome accuracy(rt::ModelHandle &model) {
  if (inputSpec.empty() || labels.empty())
    return Outcome::usage("--data needs --input x=array and --labels array");
  rt::Result<DataSource> source = DataSource::open(data + ":" + inputSpec, model.inputs(), window);
  if (!source)
    return Outcome::usage(source.error());
  rt::Result<rt::HostTensor> truth = rt::readNpzEntry(data, labels);
  if (!truth)
    return Outcome::usage(truth.error());
  if (truth->numElements() != source->numSamples())
    return Outcome::usage("there are " + std::to_string(source->numSamples()) + " samples but " +
                          std::to_string(truth->numElements()) + " labels");
  if (batch.getNumOccurrences() && source->batchSize(batch) != batch)
    return Outcome::usage("--batch " + std::to_string(batch) + ": the model takes " +
                          std::to_string(source->batchSize(batch)) + " samples at once");
  int64_t correct = 0, spoiled = 0, total = source->numSamples();
  for (int64_t begin = 0; begin < total;) {
    int64_t n = std::min(source->batchSize(batch > 0 ? batch : 32), total - begin);
    rt::Result<std::vector<rt::NamedTensor>> in = source->batch(begin, n);
    if (!in)
      return Outcome::usage(in.error());
    rt::Result<std::vector<rt::NamedTensor>> out = model.run(*in);
    if (!out)
      return {kExitUsage, out.error()};
    const rt::HostTensor &scores = (*out)[0].tensor;
    if (scores.shape.empty() || scores.shape[0] != n)
      return Outcome::usage("output '" + (*out)[0].name + "' has shape " +
                            rt::shapeText(scores.shape) +
                            ", not one row of class scores per sample");
    int64_t classes = scores.numElements() / n;
    for (int64_t i = 0; i < n; ++i) {
      int64_t best = 0;
      bool hasNaN = false;
      for (int64_t c = 0; c < classes; ++c) {
        hasNaN |= std::isnan(scores.at(i * classes + c));
        if (scores.at(i * classes + c) > scores.at(i * classes + best))
          best = c;
      }
      spoiled += hasNaN;
      correct += !hasNaN && static_cast<double>(best) == truth->at(begin + i);
    }
    begin += n;
  }
  llvm::outs() << llvm::format("accuracy %.2f %%\n", 100.0 * correct / std::max<int64_t>(total, 1))
               << correct << " of " << total << " correct\n";
  if (spoiled)
    llvm::outs() << spoiled << " of " << total << " outputs hold NaN and count as wrong\n";
  return Outcome::ok();
}

/// Sum over positions of -log softmax(logits)[next byte].
static double crossEntropy(const float *logits, const uint8_t *next, int64_t positions,
                           int64_t classes) {
  double sum = 0;
  for (int64_t t = 0; t < positions; ++t) {
    const float *row = logits + t * classes;
    double top = *std::max_element(row, row + classes), total = 0;
    for (int64_t c = 0; c < classes; ++c)
      total += std::exp(row[c] - top);
    sum += std::log(total) + top - row[next[t]];
  }
  return sum;
}

static Outcome perplexity(rt::ModelHandle &model) {
  rt::Result<std::vector<uint8_t>> bytes = readBytes(text);
  if (!bytes)
    return Outcome::usage(bytes.error());
  const rt::TensorInfo *ids = tokenInput(model.inputs());
  if (!ids || ids->dims.size() != 2)
    return Outcome::usage(
        "the model has no integer input of shape [batch, length] to take the bytes of --text");
  if (ids->dims[1] > 0 && ids->dims[1] != window)
    return Outcome::usage("the model takes windows of " + std::to_string(ids->dims[1]) +
                          " bytes: give --window " + std::to_string(ids->dims[1]));
  // Each window predicts the byte after each of its bytes; the remainder of the text is dropped.
  int64_t total = window < 1 ? 0 : (static_cast<int64_t>(bytes->size()) - 1) / window;
  if (windows > 0)
    total = std::min<int64_t>(total, windows);
  if (total < 1)
    return Outcome::usage("'" + text + "' is shorter than one window of " + std::to_string(window) +
                          " bytes and the next");
  int64_t step = ids->dims[0] > 0 ? ids->dims[0] : batch > 0 ? int64_t(batch) : 4;
  if (batch.getNumOccurrences() && batch != step)
    return Outcome::usage("--batch " + std::to_string(batch) + ": the model takes " +
                          std::to_string(step) + " windows at once");
  double sum = 0;
  for (int64_t begin = 0; begin < total;) {
    int64_t n = std::min(step, total - begin);
    if (ids->dims[0] > 0 && n < step)
      return Outcome::usage("the model takes " + std::to_string(step) +
                            " windows at once, which does not divide " + std::to_string(total));
    rt::Result<rt::HostTensor> in =
        rt::adapt(tokens(*bytes, begin * window, n, window), ids->dtype);
    if (!in)
      return Outcome::usage(in.error());
    std::vector<rt::NamedTensor> inputs{{ids->name, std::move(*in)}};
    if (rt::Status s = addEmptyInputs(inputs, model.inputs()); !s)
      return Outcome::usage(s.error());
    rt::Result<std::vector<rt::NamedTensor>> out = model.run(inputs);
    if (!out)
      return Outcome::usage(out.error());
    const rt::HostTensor &logits = (*out)[0].tensor;
    if (logits.dtype != LPC_DTYPE_F32 || logits.shape.size() != 3 || logits.shape[0] != n ||
        logits.shape[1] != window || logits.shape[2] < 256)
      return Outcome::usage("output '" + (*out)[0].name + "' has shape " +
                            rt::shapeText(logits.shape) + " and type " +
                            rt::dtypeName(logits.dtype) +
                            ", not float32 [batch, length, 256 or more]");
    auto *values = reinterpret_cast<const float *>(logits.bytes.data());
    double loss =
        crossEntropy(values, bytes->data() + begin * window + 1, n * window, logits.shape[2]);
    if (std::isnan(loss))
      return {kExitMismatch, "the outputs for windows " + std::to_string(begin) + " to " +
                                 std::to_string(begin + n - 1) +
                                 " hold NaN: there is no perplexity"};
    sum += loss;
    begin += n;
  }
  llvm::outs() << llvm::format("perplexity %.4f\n", std::exp(sum / (total * window))) << total
               << " windows of " << window << " bytes\n";
  return Outcome::ok();
}

static Outcome runEval() {
  if (data.empty() == text.empty())
    return Outcome::usage("give either --data (accuracy) or --text (perplexity)");
  bool labelled = text.empty();
  llvm::StringRef noText = "it divides --text", noData = "it reads --data";
  if (Outcome o = refuseIdle({{window, labelled, noText},
                              {windows, labelled, noText},
                              {inputSpec, !labelled, noData},
                              {labels, !labelled, noData}});
      !o)
    return o;
  if (batch.getNumOccurrences() && batch < 1)
    return Outcome::usage("--batch must be at least 1");
  if (window < 1)
    return Outcome::usage("--window must be at least 1");
  if (windows.getNumOccurrences() && windows < 1)
    return Outcome::usage("--windows must be at least 1");
  if (Outcome o = checkThreads(threads); !o)
    return o;
  rt::OpenOptions options;
  options.threads = threads;
  options.weightsPath = weightsPath;
  rt::Result<rt::ModelHandle> model = rt::ModelHandle::open(modelPath, options);
  if (!model)
    return Outcome::usage(model.error());
  return text.empty() ? accuracy(*model) : perplexity(*model);
}

Command driver::evalCommand() { return {&evalSub, runEval}; }
