// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the LLVM dialect to a file.
//
// LLVM sees code and small tables only. The weights go from their attributes straight into an
// object of their own, which lld joins with the code and the runtime archive.
#include "lpc/Target/CPU/Emit.h"

#include "Descriptor.h"
#include "Link.h"
#include "Weights.h"
#include "lpc-runtime/codegen.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;

namespace lpc {

static std::unique_ptr<llvm::TargetMachine> makeTargetMachine(ModuleOp module,
                                                              const CPUOptions &options) {
  static const bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
    return true;
  }();
  (void)initialized;
  llvm::Triple triple(llvm::Triple(llvm::sys::getProcessTriple()).getArchName(), "unknown", "linux",
                      "gnu");
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target) {
    module.emitError("no code generator for ") << triple.str() << ": " << error;
    return nullptr;
  }
  std::string cpu = options.cpu, features;
  if (cpu == "native") {
    cpu = llvm::sys::getHostCPUName().str();
    SmallVector<std::string> list;
    for (const auto &feature : llvm::sys::getHostCPUFeatures())
      list.push_back((feature.second ? "+" : "-") + feature.first().str());
    llvm::sort(list);
    features = llvm::join(list, ",");
  }
  // Asked of a subtarget without a name: one with an unknown name would print a warning of its own.
  std::unique_ptr<llvm::MCSubtargetInfo> info(target->createMCSubtargetInfo(triple, "", ""));
  if (!info || !info->isCPUStringValid(cpu)) {
    module.emitError("unknown CPU '")
        << cpu << "': use x86-64-v3, native, or a name of LLVM such as znver3";
    return nullptr;
  }
  llvm::TargetOptions targetOptions;
  // Contraction would make the scalar remainder of a loop differ from its vector body.
  targetOptions.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  auto level = options.optLevel == 0   ? llvm::CodeGenOptLevel::None
               : options.optLevel == 1 ? llvm::CodeGenOptLevel::Less
                                       : llvm::CodeGenOptLevel::Default;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, cpu, features, targetOptions, llvm::Reloc::PIC_, std::nullopt, level));
}

/// LPC_CPU_* that the code of this target uses without asking.
static uint64_t requiredFeatures(const llvm::TargetMachine &machine) {
  const llvm::MCSubtargetInfo &info = *machine.getMCSubtargetInfo();
  static const struct {
    const char *feature;
    uint64_t bit;
  } table[] = {{"+avx2", LPC_CPU_AVX2},
               {"+avxvnni", LPC_CPU_AVXVNNI},
               {"+avx512f,+avx512bw,+avx512vl", LPC_CPU_AVX512},
               {"+avx512vnni", LPC_CPU_AVX512VNNI},
               {"+avx512bf16", LPC_CPU_AVX512BF16},
               {"+avx512fp16", LPC_CPU_AVX512FP16},
               {"+avx512vbmi", LPC_CPU_AVX512VBMI}};
  uint64_t bits = 0;
  if (!machine.getTargetTriple().isX86())
    return LPC_CPU_NEON;
  for (auto &row : table)
    if (info.checkFeatures(row.feature))
      bits |= row.bit;
  return bits;
}

FailureOr<SmallVector<std::string>> getKernelFeatures(ModuleOp module, const CPUOptions &options) {
  std::unique_ptr<llvm::TargetMachine> machine = makeTargetMachine(module, options);
  if (!machine)
    return failure();
  SmallVector<std::string> features;
  if (!machine->getTargetTriple().isX86())
    return features;
  for (StringRef name : {"avx2", "fma", "ssse3"})
    if (machine->getMCSubtargetInfo()->checkFeatures(("+" + name).str()))
      features.push_back(name.str());
  return features;
}

static void optimize(llvm::Module &llvmModule, llvm::TargetMachine &machine, unsigned level) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = level >= 2;
  tuning.SLPVectorization = level >= 2;
  llvm::PassBuilder builder(&machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  auto optLevel = level == 0   ? llvm::OptimizationLevel::O0
                  : level == 1 ? llvm::OptimizationLevel::O1
                  : level == 2 ? llvm::OptimizationLevel::O2
                               : llvm::OptimizationLevel::O3;
  llvm::ModulePassManager passes = level == 0 ? builder.buildO0DefaultPipeline(optLevel)
                                              : builder.buildPerModuleDefaultPipeline(optLevel);
  passes.run(llvmModule, modules);
}

/// Writes through a temporary file beside `path`, renamed when complete.
static LogicalResult writeFile(ModuleOp module, StringRef path,
                               llvm::function_ref<LogicalResult(llvm::raw_pwrite_stream &)> write) {
  SmallString<128> temporary;
  int fd;
  if (std::error_code error = llvm::sys::fs::createUniqueFile(path + ".%%%%%%.tmp", fd, temporary,
                                                              llvm::sys::fs::OF_None, 0644))
    return module.emitError("cannot write '") << path << "': " << error.message();
  bool ok;
  {
    llvm::raw_fd_ostream os(fd, /*shouldClose=*/true);
    ok = succeeded(write(os));
    os.flush();
    if (ok && os.has_error()) {
      module.emitError("cannot write '") << path << "': " << os.error().message();
      ok = false;
    }
    os.clear_error();
  }
  if (ok) {
    if (std::error_code error = llvm::sys::fs::rename(temporary, path)) {
      module.emitError("cannot write '") << path << "': " << error.message();
      ok = false;
    }
  }
  if (!ok)
    llvm::sys::fs::remove(temporary);
  return success(ok);
}

static LogicalResult writeCode(ModuleOp module, llvm::Module &llvmModule,
                               llvm::TargetMachine &machine, llvm::CodeGenFileType type,
                               llvm::raw_pwrite_stream &os) {
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, os, nullptr, type))
    return module.emitError("the code generator cannot write this kind of file");
  passes.run(llvmModule);
  return success();
}

static LogicalResult link(ModuleOp module, llvm::Module &llvmModule, llvm::TargetMachine &machine,
                          const CPUOptions &options, const WeightIndex &index,
                          StringRef outputPath) {
  TemporaryFolder folder;
  if (failed(folder.make(module)))
    return failure();
  SmallVector<std::string> objects;
  auto add = [&](StringRef name,
                 llvm::function_ref<LogicalResult(llvm::raw_pwrite_stream &)> write) {
    objects.push_back(folder.file(name));
    return writeFile(module, objects.back(), write);
  };
  if (failed(add("model.o", [&](llvm::raw_pwrite_stream &os) {
        return writeCode(module, llvmModule, machine, llvm::CodeGenFileType::ObjectFile, os);
      })))
    return failure();
  uint16_t elfMachine =
      machine.getTargetTriple().isX86() ? llvm::ELF::EM_X86_64 : llvm::ELF::EM_AARCH64;
  if (index.bytes != 0 && options.weightsFile.empty() &&
      failed(add("weights.o", [&](llvm::raw_pwrite_stream &os) {
        return writeWeightsObject(module, index, elfMachine, os);
      })))
    return failure();
  if (index.bytes != 0 && !options.weightsFile.empty() &&
      failed(writeFile(module, options.weightsFile, [&](llvm::raw_pwrite_stream &os) {
        return writeWeightsFile(module, index, os);
      })))
    return failure();
  return linkSharedObject(module, folder, objects, outputPath, options.keepSymbols);
}

LogicalResult emitCPU(ModuleOp module, const CPUOptions &options, CPUOutputKind kind,
                      StringRef outputPath) {
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);

  std::unique_ptr<llvm::TargetMachine> machine = makeTargetMachine(module, options);
  if (!machine)
    return failure();
  llvm::LLVMContext context;
  // Remarks and warnings about loops are of no use to the user.
  context.setDiagnosticHandlerCallBack(
      [](const llvm::DiagnosticInfo *info, void *) {
        if (info->getSeverity() != llvm::DS_Error)
          return;
        std::string text;
        llvm::raw_string_ostream os(text);
        llvm::DiagnosticPrinterRawOStream printer(os);
        info->print(printer);
        llvm::errs() << text << '\n';
      },
      nullptr);
  std::unique_ptr<llvm::Module> llvmModule = translateModuleToLLVMIR(module, context, "model");
  if (!llvmModule)
    return module.emitError(
        "the module is not completely in the LLVM dialect: run lpc-linalg-to-llvm-pipeline first");
  llvmModule->setTargetTriple(machine->getTargetTriple());
  llvmModule->setDataLayout(machine->createDataLayout());
  llvmModule->setPICLevel(llvm::PICLevel::BigPIC);
  WeightIndex index = readWeightIndex(module);
  if (failed(addDescriptor(module, *llvmModule, options, index, requiredFeatures(*machine))))
    return failure();
  for (llvm::Function &function : *llvmModule)
    if (!function.isDeclaration())
      function.setDoesNotThrow();
  optimize(*llvmModule, *machine, options.optLevel);

  switch (kind) {
  case CPUOutputKind::LLVMIR:
    return writeFile(module, outputPath, [&](llvm::raw_pwrite_stream &os) {
      llvmModule->print(os, nullptr);
      return success();
    });
  case CPUOutputKind::Assembly:
  case CPUOutputKind::Object: {
    auto type = kind == CPUOutputKind::Object ? llvm::CodeGenFileType::ObjectFile
                                              : llvm::CodeGenFileType::AssemblyFile;
    return writeFile(module, outputPath, [&](llvm::raw_pwrite_stream &os) {
      return writeCode(module, *llvmModule, *machine, type, os);
    });
  }
  case CPUOutputKind::SharedObject:
    return link(module, *llvmModule, *machine, options, index, outputPath);
  }
  return failure();
}

} // namespace lpc
