// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes are those at the end of lpc-linalg-to-llvm-pipeline.
#include "Jit.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ThreadSafeModule.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;
using namespace lpc::test;

void Jit::prepare(MLIRContext &ctx) {
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  ctx.appendDialectRegistry(registry);
  ctx.loadDialect<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect,
                  math::MathDialect, memref::MemRefDialect, lpc::packed::PackedDialect,
                  scf::SCFDialect, vector::VectorDialect>();
  ctx.disableMultithreading();
}

Jit::Jit(MLIRContext &ctx) : ctx(ctx), module(ModuleOp::create(UnknownLoc::get(&ctx))) {}
Jit::~Jit() = default;

unsigned Jit::add(ArrayRef<Type> inputs, Type output, int64_t lanes, const Body &body) {
  auto b = ImplicitLocOpBuilder::atBlockEnd(UnknownLoc::get(&ctx), module->getBody());
  Type pointer = LLVM::LLVMPointerType::get(&ctx), i64 = b.getI64Type();
  SmallVector<Type> arguments(inputs.size() + 1, pointer);
  arguments.push_back(i64);
  auto function =
      func::FuncOp::create(b, "f" + std::to_string(count), b.getFunctionType(arguments, {}));
  Block *entry = function.addEntryBlock();
  b.setInsertionPointToStart(entry);
  auto index = [&](Value v) { return arith::IndexCastOp::create(b, b.getIndexType(), v); };
  auto shaped = [&](Type t) { return lanes == 0 ? t : VectorType::get({lanes}, t); };
  auto loop = scf::ForOp::create(b, arith::ConstantIndexOp::create(b, 0),
                                 index(entry->getArguments().back()),
                                 arith::ConstantIndexOp::create(b, std::max<int64_t>(lanes, 1)));
  b.setInsertionPointToStart(loop.getBody());
  Value i = arith::IndexCastOp::create(b, i64, loop.getInductionVar());
  auto at = [&](unsigned argument, Type t) {
    return LLVM::GEPOp::create(b, pointer, t, entry->getArgument(argument), ValueRange{i});
  };
  SmallVector<Value> values;
  for (auto [k, type] : llvm::enumerate(inputs))
    values.push_back(
        LLVM::LoadOp::create(b, shaped(type), at(k, type), type.getIntOrFloatBitWidth() / 8));
  Value result = body(b, b.getLoc(), values);
  LLVM::StoreOp::create(b, result, at(inputs.size(), output), output.getIntOrFloatBitWidth() / 8);
  b.setInsertionPointToEnd(entry);
  func::ReturnOp::create(b);
  return count++;
}

bool Jit::compile(const packed::TargetFeatures &features) {
  packed::lowerLookups(*module, features);
  PassManager pm(&ctx);
  pm.addPass(createSCFToControlFlowPass());
  arith::ArithExpandOpsPassOptions arithOptions;
  arithOptions.includeBf16 = true;
  pm.addPass(arith::createArithExpandOpsPass(arithOptions));
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  if (failed(pm.run(*module)))
    return false;
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> llvmModule = translateModuleToLLVMIR(*module, *llvmContext);
  if (!llvmModule)
    return false;
  llvm::raw_string_ostream(llvmText) << *llvmModule;
  static const bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialized;
  auto report = [](llvm::Error error) {
    llvm::errs() << llvm::toString(std::move(error)) << '\n';
    return false;
  };
  auto host = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!host)
    return report(host.takeError());
  host->setCodeGenOptLevel(llvm::CodeGenOptLevel::Less);
  auto made = llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(*host)).create();
  if (!made)
    return report(made.takeError());
  engine = std::move(*made);
  llvmModule->setDataLayout(engine->getDataLayout());
  auto process = llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      engine->getDataLayout().getGlobalPrefix());
  if (!process)
    return report(process.takeError());
  engine->getMainJITDylib().addGenerator(std::move(*process));
  if (llvm::Error error = engine->addIRModule(
          llvm::orc::ThreadSafeModule(std::move(llvmModule), std::move(llvmContext))))
    return report(std::move(error));
  return true;
}

void Jit::run(unsigned function, ArrayRef<const void *> inputs, void *output, int64_t n) {
  auto address = engine->lookup("f" + std::to_string(function));
  if (!address) {
    llvm::errs() << llvm::toString(address.takeError()) << '\n';
    abort();
  }
  if (inputs.size() == 1)
    address->toPtr<void (*)(const void *, void *, int64_t)>()(inputs[0], output, n);
  else
    address->toPtr<void (*)(const void *, const void *, void *, int64_t)>()(inputs[0], inputs[1],
                                                                            output, n);
}
