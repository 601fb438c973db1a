// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lpc-eval: runs @main of an MLIR file through the evaluator, for tests and for developers.
//   lpc-eval m.mlir [--real64] [--time] [-o prefix] [--statistics s.npz] x.npy y.npy ...
// Prints each result (shape, type, elements, at most 64), or writes prefix<i>.npy. --statistics:
// what the observers see goes into a file of channel statistics (lpc-insert-observers,
// channels-last) instead of being printed.
#include "lpc/Reference/Evaluate.h"
#include "lpc/Reference/HostTensor.h"

#include "dialects/Lp/IR/Lp.h"
#include "dialects/Nn/IR/Nn.h"
#include "lpc-runtime/io/Npy.h"
#include "lpc/Quantization/ChannelStatistics.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"

#include "llvm/Support/Format.h"

#include <chrono>

using namespace mlir;
using namespace lpc;

static void print(const ref::Tensor &t) {
  llvm::outs() << ref::shapeText(t.shape()) << " " << t.dtype().name() << ":";
  for (int64_t i = 0; i < std::min<int64_t>(t.numElements(), 64); ++i) {
    if (t.dtype().isInt())
      llvm::outs() << " " << t.intAt(i);
    else
      llvm::outs() << " " << llvm::format("%.9g", t.at(i));
  }
  llvm::outs() << "\n";
}

static int fail(const std::string &text) {
  llvm::errs() << "error: " << text << "\n";
  return 1;
}

int main(int argc, char **argv) {
  std::string file, prefix, statistics;
  std::vector<std::string> inputs;
  ref::EvalOptions options;
  bool time = false;
  for (int i = 1; i < argc; ++i) {
    StringRef arg = argv[i];
    if (arg == "--real64")
      options.real64 = true;
    else if (arg == "--time")
      time = true;
    else if (arg == "-o" && i + 1 < argc)
      prefix = argv[++i];
    else if (arg == "--statistics" && i + 1 < argc)
      statistics = argv[++i];
    else if (file.empty())
      file = arg.str();
    else
      inputs.push_back(arg.str());
  }
  MLIRContext context;
  context.loadDialect<nn::NnDialect, lp::LpDialect, affine::AffineDialect, arith::ArithDialect,
                      cf::ControlFlowDialect, func::FuncDialect, scf::SCFDialect,
                      tensor::TensorDialect>();
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(file, &context);
  if (!module)
    return 1;
  ref::Tensors tensors;
  for (const std::string &path : inputs) {
    rt::Result<rt::HostTensor> host = rt::readTensorFile(path);
    if (!host)
      return fail(host.error());
    ref::Result<ref::Tensor> tensor = ref::fromHost(*host);
    if (!tensor)
      return fail(tensor.error());
    tensors.push_back(*tensor);
  }
  quant::ChannelStatisticsFile observed;
  options.observe = [&](int64_t id, const ref::Tensor &t) {
    if (!statistics.empty()) {
      std::vector<float> values(t.numElements());
      for (int64_t i = 0; i < t.numElements(); ++i)
        values[i] = static_cast<float>(t.at(i));
      return observed.tensors[id].add(values, t.shape().back());
    }
    llvm::outs() << "observed " << id << ": ";
    print(t);
  };
  auto start = std::chrono::steady_clock::now();
  FailureOr<ref::Tensors> results = ref::evaluate(*module, tensors, options);
  if (failed(results))
    return 1;
  std::string error;
  if (!statistics.empty() && !observed.write(statistics, error))
    return fail(error);
  if (time)
    llvm::errs() << std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()
                 << " s\n";
  for (auto [i, t] : llvm::enumerate(*results)) {
    if (prefix.empty()) {
      print(t);
      continue;
    }
    ref::Result<rt::HostTensor> host = ref::toHost(t);
    if (!host)
      return fail(host.error());
    if (rt::Status written = rt::writeNpy(prefix + std::to_string(i) + ".npy", *host); !written)
      return fail(written.error());
  }
  return 0;
}
