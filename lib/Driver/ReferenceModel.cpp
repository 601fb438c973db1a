// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Modules in the reference evaluator.
#include "Model.h"

#include "lpc/Reference/Evaluate.h"
#include "lpc/Reference/HostTensor.h"
#include "lpc/Support/ElementCode.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::driver;

/// Name, type and sizes of an argument or result of @main.
static rt::TensorInfo infoOf(Type type, StringAttr name, StringRef otherwise, ArrayAttr dims) {
  rt::TensorInfo info;
  info.name = name ? name.str() : otherwise.str();
  if (auto tensor = dyn_cast<RankedTensorType>(type)) {
    info.dtype = elementCode(tensor.getElementType());
    for (auto [axis, d] : llvm::enumerate(tensor.getShape())) {
      info.dims.push_back(ShapedType::isDynamic(d) ? -1 : d);
      auto dim = dims && axis < dims.size() ? dyn_cast<StringAttr>(dims[axis]) : StringAttr();
      info.dimNames.push_back(dim ? dim.str() : "");
    }
  }
  return info;
}

Outcome Model::openReference(const std::string &path, const Options &options) {
  CompileRequest request;
  request.input = path;
  request.dims = options.dims;
  float64 = options.float64;
  if (Outcome o = compiler.loadNn(request, module); !o)
    return o;
  // Pairs of quantize and dequantize that the file has become operations of the bit contract, as in
  // compiled code. A module is executed as it stands.
  if (!StringRef(path).ends_with(".mlir") && !float64)
    if (Outcome o = compiler.quantize(request, *module); !o)
      return o;
  auto main = module->lookupSymbol<func::FuncOp>("main");
  if (!main)
    return {kExitMalformed, "'" + path + "' has no function @main"};
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    inputInfos.push_back(
        infoOf(main.getArgumentTypes()[i], main.getArgAttrOfType<StringAttr>(i, "onnx.name"),
               "input" + std::to_string(i), main.getArgAttrOfType<ArrayAttr>(i, "nn.dims")));
  for (unsigned i = 0; i < main.getNumResults(); ++i)
    outputInfos.push_back(
        infoOf(main.getResultTypes()[i], main.getResultAttrOfType<StringAttr>(i, "onnx.name"),
               "output" + std::to_string(i), main.getResultAttrOfType<ArrayAttr>(i, "nn.dims")));
  return Outcome::ok();
}

Outcome Model::runReference(const std::vector<rt::HostTensor> &ordered,
                            std::vector<rt::NamedTensor> &results) {
  ref::Tensors inputs;
  for (auto [host, info] : llvm::zip(ordered, inputInfos)) {
    auto tensor = ref::fromHost(host);
    if (!tensor)
      return Outcome::usage("input '" + info.name + "': " + tensor.error());
    inputs.push_back(std::move(*tensor));
  }
  DiagnosticLog log(&compiler.getContext());
  ref::EvalOptions options;
  options.real64 = float64;
  FailureOr<ref::Tensors> out = ref::evaluate(*module, inputs, options);
  if (failed(out))
    return Outcome::usage(log.text());
  results.clear();
  for (auto [tensor, info] : llvm::zip(*out, outputInfos)) {
    ref::Result<rt::HostTensor> host = ref::toHost(tensor);
    if (!host)
      return {kExitInternal, "output '" + info.name + "': " + host.error()};
    results.push_back({info.name, std::move(*host)});
  }
  return Outcome::ok();
}
