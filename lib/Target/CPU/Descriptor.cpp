// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The model descriptor (struct lpc_model_desc of runtime/include/lpc-runtime/codegen.h) and the
// manifest.
#include "Descriptor.h"

#include "lpc-runtime/codegen.h"
#include "lpc/Support/ElementCode.h"

#include "mlir/IR/BuiltinTypes.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace lpc {

static std::string typeText(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

static llvm::json::Array tensorsOf(ModuleOp module, StringRef attribute) {
  llvm::json::Array result;
  auto list = module->getAttrOfType<ArrayAttr>(attribute);
  if (!list)
    return result;
  for (auto tensor : list.getAsRange<DictionaryAttr>()) {
    llvm::json::Array dims;
    auto names = tensor.getAs<ArrayAttr>("dim_names");
    for (auto [i, dim] : llvm::enumerate(tensor.getAs<DenseI64ArrayAttr>("dims").asArrayRef())) {
      auto name = cast<StringAttr>(names[i]).getValue();
      if (dim >= 0)
        dims.push_back(dim);
      else
        dims.push_back(name.empty() ? llvm::json::Value(nullptr)
                                    : llvm::json::Value(llvm::json::fixUTF8(name)));
    }
    result.push_back(llvm::json::Object{
        {"name", llvm::json::fixUTF8(tensor.getAs<StringAttr>("name").getValue())},
        {"type", typeText(tensor.getAs<TypeAttr>("type").getValue())},
        {"dims", std::move(dims)}});
  }
  return result;
}

FailureOr<std::string> makeManifest(ModuleOp module, const CPUOptions &options,
                                    const WeightIndex &index) {
  llvm::json::Object root;
  root["lpc"] = "0.1.0";
  root["abi"] = LPC_ABI_VERSION;
  root["target"] = llvm::json::Object{{"kind", "cpu"}, {"cpu", options.cpu}};
  if (!options.modelHash.empty())
    root["model_hash"] = options.modelHash;
  root["inputs"] = tensorsOf(module, "lpc.inputs");
  root["outputs"] = tensorsOf(module, "lpc.outputs");
  llvm::json::Array weights;
  for (const WeightIndex::Entry &entry : index.entries) {
    llvm::json::Array shape;
    for (int64_t dim : entry.value.getShapedType().getShape())
      shape.push_back(dim);
    weights.push_back(llvm::json::Object{{"name", llvm::json::fixUTF8(entry.name)},
                                         {"offset", entry.offset},
                                         {"bytes", entry.bytes},
                                         {"type", typeText(entry.value.getElementType())},
                                         {"shape", std::move(shape)}});
  }
  root["weights"] = std::move(weights);
  root["weights_bytes"] = index.bytes;
  if (auto quantization = module->getAttrOfType<StringAttr>("lpc.quantization")) {
    auto parsed = llvm::json::parse(quantization.getValue());
    if (!parsed)
      return module.emitError("expected the attribute 'lpc.quantization' to be JSON: ")
             << toString(parsed.takeError());
    root["quantization"] = std::move(*parsed);
  }
  if (!options.extraManifest.empty()) {
    auto parsed = llvm::json::parse(options.extraManifest);
    if (!parsed)
      return module.emitError("expected the extra manifest to be JSON: ")
             << toString(parsed.takeError());
    if (auto *members = parsed->getAsObject())
      for (auto &member : *members)
        root[member.first] = std::move(member.second);
  }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(root));
  return text;
}

namespace {

/// Makes private constant globals.
struct Globals {
  llvm::Module &module;
  llvm::LLVMContext &context = module.getContext();
  llvm::PointerType *pointer = llvm::PointerType::get(context, 0);
  llvm::Type *i32 = llvm::Type::getInt32Ty(context);
  llvm::Type *i64 = llvm::Type::getInt64Ty(context);

  llvm::Constant *null() const { return llvm::ConstantPointerNull::get(pointer); }
  llvm::Constant *word(uint64_t value) const { return llvm::ConstantInt::get(i64, value); }
  llvm::Constant *half(int64_t value) const { return llvm::ConstantInt::getSigned(i32, value); }
  llvm::Constant *global(llvm::Constant *value) const {
    auto *made = new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                          llvm::GlobalValue::PrivateLinkage, value, "lpc_table");
    made->setAlignment(llvm::Align(8));
    return made;
  }
  llvm::Constant *text(StringRef value) const {
    return global(llvm::ConstantDataArray::getString(context, value));
  }
  llvm::Constant *table(ArrayRef<llvm::Constant *> values, llvm::Type *type) const {
    return values.empty() ? null()
                          : global(llvm::ConstantArray::get(
                                llvm::ArrayType::get(type, values.size()), values));
  }
};

} // namespace

static FailureOr<llvm::Constant *> makeSpecs(ModuleOp module, const Globals &make,
                                             StringRef attribute, uint32_t &count) {
  auto list = module->getAttrOfType<ArrayAttr>(attribute);
  if (!list)
    return module.emitError("expected the module attribute '")
           << attribute << "' of lpc-lower-entry";
  count = list.size();
  auto *type = llvm::StructType::get(
      make.context, {make.pointer, make.i32, make.i32, make.pointer, make.pointer});
  SmallVector<llvm::Constant *> specs;
  for (auto tensor : list.getAsRange<DictionaryAttr>()) {
    StringRef name = tensor.getAs<StringAttr>("name").getValue();
    Type element = tensor.getAs<TypeAttr>("type").getValue();
    int32_t dtype = elementCode(element);
    if (dtype == 0)
      return module.emitError("expected tensor '")
             << name << "' to have an ONNX element type, but got " << element;
    SmallVector<llvm::Constant *> dims, names;
    bool named = false;
    for (int64_t dim : tensor.getAs<DenseI64ArrayAttr>("dims").asArrayRef())
      dims.push_back(make.word(dim));
    for (auto dimName : tensor.getAs<ArrayAttr>("dim_names").getAsRange<StringAttr>()) {
      names.push_back(dimName.empty() ? make.null() : make.text(dimName));
      named |= !dimName.empty();
    }
    specs.push_back(llvm::ConstantStruct::get(
        type, {make.text(name), make.half(dtype), make.half(dims.size()),
               make.table(dims, make.i64), named ? make.table(names, make.pointer) : make.null()}));
  }
  return make.table(specs, type);
}

LogicalResult addDescriptor(ModuleOp module, llvm::Module &llvmModule, const CPUOptions &options,
                            const WeightIndex &index, uint64_t requiredFeatures) {
  Globals make{llvmModule};
  auto *entry = llvmModule.getFunction("lpc_entry");
  if (!entry)
    return module.emitError(
        "expected the function 'lpc_entry': run lpc-linalg-to-llvm-pipeline first");
  auto manifest = makeManifest(module, options, index);
  uint32_t numInputs = 0, numOutputs = 0;
  auto inputs = makeSpecs(module, make, "lpc.inputs", numInputs);
  auto outputs = makeSpecs(module, make, "lpc.outputs", numOutputs);
  if (failed(manifest) || failed(inputs) || failed(outputs))
    return failure();
  llvm::Constant *weights = make.null(), *weightsFile = make.null();
  if (index.bytes != 0 && options.weightsFile.empty()) {
    auto *symbol = new llvm::GlobalVariable(llvmModule, llvm::Type::getInt8Ty(make.context),
                                            /*isConstant=*/true, llvm::GlobalValue::ExternalLinkage,
                                            nullptr, kWeightsSymbol);
    symbol->setVisibility(llvm::GlobalValue::HiddenVisibility);
    weights = symbol;
  } else if (index.bytes != 0) {
    weightsFile = make.text(llvm::sys::path::filename(options.weightsFile));
  }
  uint64_t arena = 0;
  if (auto bytes = module->getAttrOfType<IntegerAttr>("lpc.arena_bytes"))
    arena = bytes.getInt();
  auto number = [&](uint32_t v) { return (llvm::Constant *)llvm::ConstantInt::get(make.i32, v); };
  llvm::Constant *descriptor = llvm::ConstantStruct::getAnon(
      {number(LPC_ABI_VERSION), number(numInputs), number(numOutputs), number(0), *inputs, *outputs,
       make.text(*manifest), make.word(manifest->size()), entry, weights, make.word(index.bytes),
       make.word(index.program), weightsFile, make.word(arena), make.word(requiredFeatures),
       make.word(0)});
  auto *global = new llvm::GlobalVariable(llvmModule, descriptor->getType(), /*isConstant=*/true,
                                          llvm::GlobalValue::ExternalLinkage, descriptor,
                                          "lpc_model_descriptor");
  global->setVisibility(llvm::GlobalValue::HiddenVisibility);
  global->setAlignment(llvm::Align(8));
  entry->setVisibility(llvm::GlobalValue::HiddenVisibility);
  return success();
}

} // namespace lpc
