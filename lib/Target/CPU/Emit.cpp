// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the LLVM dialect to a file.
//
// LLVM sees code and small tables only. The weights go from their attributes straight into an
// object of their own, which lld joins with the code and the runtime archive.
#include "lpc/Target/CPU/Emit.h"

#include "Descriptor.h"
#include "Link.h"
#include "Weights.h"
#include "lpc-runtime/checksum.h"
#include "lpc-runtime/codegen.h"
#include "lpc/Support/OutputFile.h"

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
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/xxhash.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"

using namespace mlir;

namespace lpc {

static const llvm::Target *findTarget(llvm::Triple &triple, std::string &error) {
  static const bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
    return true;
  }();
  (void)initialized;
  triple = llvm::Triple(llvm::Triple(llvm::sys::getProcessTriple()).getArchName(), "unknown",
                        "linux", "gnu");
  return llvm::TargetRegistry::lookupTarget(triple, error);
}

std::vector<std::string> knownCPUs() {
  std::vector<std::string> result;
  llvm::Triple triple;
  std::string error;
  const llvm::Target *target = findTarget(triple, error);
  if (triple.isX86()) {
    // LLVM's subtargets also have 32-bit processors, for which it cannot make 64-bit code.
    SmallVector<StringRef> names;
    llvm::X86::fillValidCPUArchList(names, /*Only64Bit=*/true);
    result.assign(names.begin(), names.end());
  } else if (target) {
    std::unique_ptr<llvm::MCSubtargetInfo> info(target->createMCSubtargetInfo(triple, "", ""));
    for (const llvm::SubtargetSubTypeKV &cpu : info->getAllProcessorDescriptions())
      result.push_back(cpu.Key);
  }
  llvm::sort(result);
  return result;
}

bool isKnownCPU(StringRef cpu) { return cpu == "native" || llvm::is_contained(knownCPUs(), cpu); }

static std::unique_ptr<llvm::TargetMachine> makeTargetMachine(ModuleOp module,
                                                              const CPUOptions &options) {
  llvm::Triple triple;
  std::string error;
  const llvm::Target *target = findTarget(triple, error);
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
  if (options.cpu != "native" && !isKnownCPU(cpu)) {
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

static LogicalResult report(ModuleOp module, llvm::Error error, EmitFailure &why) {
  if (!error)
    return success();
  why = EmitFailure::File;
  return module.emitError(llvm::toString(std::move(error)));
}

using Writer = llvm::function_ref<LogicalResult(llvm::raw_pwrite_stream &)>;

/// A file that commit() will rename to `path`.
static FailureOr<OutputFile> prepareFile(ModuleOp module, StringRef path, EmitFailure &why,
                                         Writer write) {
  llvm::Expected<OutputFile> file = OutputFile::create(path);
  if (!file)
    return report(module, file.takeError(), why);
  if (failed(write(file->os())) || failed(report(module, file->finish(), why)))
    return failure();
  return std::move(*file);
}

static LogicalResult writeFile(ModuleOp module, StringRef path, EmitFailure &why, Writer write) {
  FailureOr<OutputFile> file = prepareFile(module, path, why, write);
  if (failed(file))
    return failure();
  return report(module, file->commit(), why);
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

/// The checksum of a linked file, behind its end, where the loader does not look.
static llvm::Error appendSeal(StringRef path) {
  auto failure = [&](std::error_code error) {
    return llvm::createStringError("cannot write '" + path + "': " + error.message());
  };
  lpc_seal seal;
  {
    auto file =
        llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!file)
      return failure(file.getError());
    seal = lpc_make_seal((*file)->getBufferStart(), (*file)->getBufferSize());
  }
  std::error_code error;
  llvm::raw_fd_ostream os(path, error, llvm::sys::fs::OF_Append);
  if (error)
    return failure(error);
  os.write(reinterpret_cast<const char *>(&seal), sizeof(seal));
  os.close();
  error = os.error();
  os.clear_error();
  return error ? failure(error) : llvm::Error::success();
}

/// Code, weights and runtime in one file. Weights in a file of their own appear with it or not at
/// all; the runtime refuses a pair of which only one file is new, as a kill between both leaves it.
static LogicalResult linkModel(ModuleOp module, llvm::Module &llvmModule,
                               llvm::TargetMachine &machine, const CPUOptions &options,
                               const WeightIndex &index, bool relocatable, StringRef outputPath,
                               EmitFailure &why) {
  TemporaryFolder folder;
  if (std::error_code error = folder.make())
    return module.emitError("cannot make a temporary folder: ") << error.message();
  SmallVector<std::string> objects{folder.file("model.o")};
  if (failed(writeFile(module, objects.back(), why, [&](llvm::raw_pwrite_stream &os) {
        return writeCode(module, llvmModule, machine, llvm::CodeGenFileType::ObjectFile, os);
      })))
    return failure();
  std::optional<OutputFile> weights;
  if (index.bytes != 0 && options.weightsFile.empty()) {
    uint16_t elfMachine =
        machine.getTargetTriple().isX86() ? llvm::ELF::EM_X86_64 : llvm::ELF::EM_AARCH64;
    objects.push_back(folder.file("weights.o"));
    if (failed(writeFile(module, objects.back(), why, [&](llvm::raw_pwrite_stream &os) {
          return writeWeightsObject(module, index, elfMachine, os);
        })))
      return failure();
  } else if (index.bytes != 0) {
    FailureOr<OutputFile> file =
        prepareFile(module, options.weightsFile, why, [&](llvm::raw_pwrite_stream &os) {
          return writeWeightsFile(module, index, os);
        });
    if (failed(file))
      return failure();
    weights.emplace(std::move(*file));
  }
  auto nothing = [](llvm::raw_pwrite_stream &) { return success(); };
  FailureOr<OutputFile> output = prepareFile(module, outputPath, why, nothing);
  if (failed(output) || failed(linkObjects(module, folder, objects, output->temporaryPath(),
                                           relocatable, options.keepSymbols)))
    return failure();
  if (!relocatable && failed(report(module, appendSeal(output->temporaryPath()), why)))
    return failure();
  SmallVector<OutputFile *> files;
  if (weights)
    files.push_back(&*weights);
  files.push_back(&*output);
  return report(module, OutputFile::commitAll(files), why);
}

/// What the weights file of another compilation must agree with: everything but the segment's
/// bytes.
static uint64_t hashProgram(const llvm::Module &llvmModule, const WeightIndex &index) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvmModule.print(os, nullptr);
  os << index.layout;
  return llvm::xxh3_64bits(text);
}

LogicalResult emitCPU(ModuleOp module, const CPUOptions &options, CPUOutputKind kind,
                      StringRef outputPath, EmitFailure *failure) {
  EmitFailure unused, &why = failure ? *failure : unused;
  why = EmitFailure::Internal;
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);

  std::unique_ptr<llvm::TargetMachine> machine = makeTargetMachine(module, options);
  if (!machine)
    return mlir::failure();
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
  index.program = hashProgram(*llvmModule, index);
  if (failed(addDescriptor(module, *llvmModule, options, index, requiredFeatures(*machine))))
    return mlir::failure();
  for (llvm::Function &function : *llvmModule)
    if (!function.isDeclaration())
      function.setDoesNotThrow();
  optimize(*llvmModule, *machine, options.optLevel);

  switch (kind) {
  case CPUOutputKind::LLVMIR:
    return writeFile(module, outputPath, why, [&](llvm::raw_pwrite_stream &os) {
      llvmModule->print(os, nullptr);
      return success();
    });
  case CPUOutputKind::Assembly:
    return writeFile(module, outputPath, why, [&](llvm::raw_pwrite_stream &os) {
      return writeCode(module, *llvmModule, *machine, llvm::CodeGenFileType::AssemblyFile, os);
    });
  case CPUOutputKind::Object:
  case CPUOutputKind::SharedObject:
    return linkModel(module, *llvmModule, *machine, options, index, kind == CPUOutputKind::Object,
                     outputPath, why);
  }
  return mlir::failure();
}

} // namespace lpc
