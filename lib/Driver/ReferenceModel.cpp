// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Modules in the reference evaluator.
#include "Model.h"

#include "lpc/Reference/Evaluate.h"
#include "lpc/Reference/HostTensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::driver;

/// The ONNX code of an element type; 0 if it has none.
static int32_t onnxType(Type type) {
  if (auto i = dyn_cast<IntegerType>(type)) {
    bool u = i.isUnsigned();
    switch (i.getWidth()) {
    case 1:
      return LPC_DTYPE_BOOL;
    case 2:
      return u ? LPC_DTYPE_U2 : LPC_DTYPE_I2;
    case 4:
      return u ? LPC_DTYPE_U4 : LPC_DTYPE_I4;
    case 8:
      return u ? LPC_DTYPE_U8 : LPC_DTYPE_I8;
    case 16:
      return u ? LPC_DTYPE_U16 : LPC_DTYPE_I16;
    case 32:
      return u ? LPC_DTYPE_U32 : LPC_DTYPE_I32;
    case 64:
      return u ? LPC_DTYPE_U64 : LPC_DTYPE_I64;
    default:
      return 0;
    }
  }
  return llvm::TypeSwitch<Type, int32_t>(type)
      .Case<Float32Type>([](auto) { return LPC_DTYPE_F32; })
      .Case<Float64Type>([](auto) { return LPC_DTYPE_F64; })
      .Case<Float16Type>([](auto) { return LPC_DTYPE_F16; })
      .Case<BFloat16Type>([](auto) { return LPC_DTYPE_BF16; })
      .Case<Float8E4M3FNType>([](auto) { return LPC_DTYPE_F8E4M3FN; })
      .Case<Float8E4M3FNUZType>([](auto) { return LPC_DTYPE_F8E4M3FNUZ; })
      .Case<Float8E5M2Type>([](auto) { return LPC_DTYPE_F8E5M2; })
      .Case<Float8E5M2FNUZType>([](auto) { return LPC_DTYPE_F8E5M2FNUZ; })
      .Case<Float4E2M1FNType>([](auto) { return LPC_DTYPE_F4E2M1; })
      .Case<Float8E8M0FNUType>([](auto) { return LPC_DTYPE_F8E8M0; })
      .Default([](Type) { return 0; });
}

/// Name, type and sizes of an argument or result of @main.
static rt::TensorInfo infoOf(Type type, StringAttr name, StringRef otherwise, ArrayAttr dims) {
  rt::TensorInfo info;
  info.name = name ? name.str() : otherwise.str();
  if (auto tensor = dyn_cast<RankedTensorType>(type)) {
    info.dtype = onnxType(tensor.getElementType());
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
  auto main = module->lookupSymbol<func::FuncOp>("main");
  if (!main)
    return {kExitMalformed, "'" + path + "' has no function @main"};
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    inputInfos.push_back(
        infoOf(main.getArgumentTypes()[i], main.getArgAttrOfType<StringAttr>(i, "onnx.name"),
               "arg" + std::to_string(i), main.getArgAttrOfType<ArrayAttr>(i, "nn.dims")));
  for (unsigned i = 0; i < main.getNumResults(); ++i)
    outputInfos.push_back(
        infoOf(main.getResultTypes()[i], main.getResultAttrOfType<StringAttr>(i, "onnx.name"),
               "result" + std::to_string(i), main.getResultAttrOfType<ArrayAttr>(i, "nn.dims")));
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
