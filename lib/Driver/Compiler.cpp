// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a model file to an artefact.
#include "Compiler.h"
#include "Data.h"
#include "Entry.h"

#include "dialects/ONNX/IR/ONNXOps.h"
#include "dialects/Packed/IR/Packed.h"
#include "lpc-runtime/io/ModelHandle.h"
#include "lpc/Equivalence/Passes.h"
#include "lpc/Import/ONNX/Import.h"
#include "lpc/InitAll.h"
#include "lpc/Pipelines/CPU.h"
#include "lpc/Pipelines/Pipelines.h"
#include "lpc/Quantization/ChannelStatistics.h"
#include "lpc/Quantization/FormatChoice.h"
#include "lpc/Quantization/Keep.h"
#include "lpc/Quantization/Passes.h"
#include "lpc/Support/Escape.h"
#include "lpc/Support/TemporaryFolder.h"
#include "lpc/Target/CPU/Emit.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::driver;

//===- diagnostics
//------------------------------------------------------------------------------------===//

/// The innermost name of a location: a node's; else file:line.
static std::string placeOf(Location loc) {
  std::string place;
  loc->walk([&](Location l) {
    if (auto name = dyn_cast<NameLoc>(l)) {
      place = "'" + name.getName().str() + "'";
      return WalkResult::interrupt();
    }
    if (auto file = dyn_cast<FileLineColLoc>(l); file && place.empty())
      place = (file.getFilename().getValue() + ":" + Twine(file.getLine())).str();
    return WalkResult::advance();
  });
  return place;
}

DiagnosticLog::DiagnosticLog(MLIRContext *context) : context(context) {
  constexpr unsigned kMaxLines = 10;
  id = context->getDiagEngine().registerHandler([this](Diagnostic &d) {
    if (d.getSeverity() == DiagnosticSeverity::Warning ||
        d.getSeverity() == DiagnosticSeverity::Remark) {
      std::string place = placeOf(d.getLocation());
      llvm::errs() << (d.getSeverity() == DiagnosticSeverity::Warning ? "warning: " : "remark: ")
                   << escapeControls(place + (place.empty() ? "" : ": ") + d.str()) << '\n';
      return success();
    }
    if (d.getSeverity() != DiagnosticSeverity::Error)
      return success();
    if (++count <= kMaxLines) {
      std::string place = placeOf(d.getLocation()), text = d.str();
      bool named = place.empty() || StringRef(text).contains(place);
      lines.push_back(escapeControls(named ? text : place + ": " + text));
    }
    return success();
  });
}

DiagnosticLog::~DiagnosticLog() { context->getDiagEngine().eraseHandler(id); }

std::string DiagnosticLog::text() const {
  std::string all = llvm::join(lines, "\n  ");
  if (count > lines.size())
    all += "\n  and " + std::to_string(count - lines.size()) + " more";
  return all;
}

//===- Compiler
//---------------------------------------------------------------------------------------===//

static DialectRegistry makeRegistry() {
  DialectRegistry registry;
  registerAllDialects(registry);
  return registry;
}

Compiler::Compiler() : context(makeRegistry(), MLIRContext::Threading::DISABLED) {
  context.loadAllAvailableDialects();
}

Outcome Compiler::runPipeline(ModuleOp module, const CompileRequest &request, StringRef name,
                              llvm::function_ref<void(OpPassManager &)> build) {
  Progress progress(name);
  DiagnosticLog log(&context);
  PassManager pm = PassManager::on<ModuleOp>(&context);
  pm.enableVerifier(request.verifyEach);
  build(pm);
  if (succeeded(pm.run(module)))
    return Outcome::ok();
  return {kExitUnsupported, log.empty()
                                ? (name + " failed without a reason; this is a bug of lpc").str()
                                : log.text()};
}

/// Gives named dimensions of arguments a size: `--dim batch=1`.
static Outcome specializeDims(ModuleOp module, const std::map<std::string, int64_t> &dims) {
  if (dims.empty())
    return Outcome::ok();
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main)
    return Outcome::usage("--dim: the module has no function @main");
  std::map<std::string, bool> used;
  SmallVector<Type> inputs(main.getArgumentTypes());
  for (unsigned i = 0; i < main.getNumArguments(); ++i) {
    auto type = dyn_cast<RankedTensorType>(inputs[i]);
    auto names = main.getArgAttrOfType<ArrayAttr>(i, "nn.dims");
    if (!type || !names)
      continue;
    SmallVector<int64_t> shape(type.getShape());
    for (auto [axis, attr] : llvm::enumerate(names)) {
      auto name = dyn_cast<StringAttr>(attr);
      auto it = name ? dims.find(name.str()) : dims.end();
      if (it == dims.end() || axis >= shape.size())
        continue;
      shape[axis] = it->second;
      used[it->first] = true;
    }
    inputs[i] = RankedTensorType::get(shape, type.getElementType());
    main.getArgument(i).setType(inputs[i]);
  }
  for (auto &[name, size] : dims)
    if (!used[name])
      return Outcome::usage("--dim " + name + ": no input has a dimension of that name");
  main.setType(FunctionType::get(module.getContext(), inputs, main.getResultTypes()));
  return Outcome::ok();
}

Outcome Compiler::load(const CompileRequest &request, OwningOpRef<ModuleOp> &module) {
  Progress progress("import");
  if (StringRef(request.input).ends_with(".mlir")) {
    if (!llvm::sys::fs::exists(request.input))
      return Outcome::usage("cannot open '" + request.input + "': there is no such file");
    DiagnosticLog log(&context);
    module = parseSourceFile<ModuleOp>(request.input, &context);
    if (!module)
      return {kExitMalformed, request.input + ": " + log.text()};
    if (Outcome o = checkEntry(*module, request.input); !o)
      return o;
  } else {
    ImportError error;
    DiagnosticLog log(&context); // shows what the importer remarks
    FailureOr<OwningOpRef<ModuleOp>> imported = importONNX(request.input, &context, {}, error);
    if (failed(imported))
      return {error.getExitCode(), error.message};
    module = std::move(*imported);
  }
  return specializeDims(*module, request.dims);
}

Outcome Compiler::convert(ModuleOp module, SmallVectorImpl<Refusal> &refusals) {
  DiagnosticLog log(&context);
  if (succeeded(convertONNXToNn(module, &refusals)))
    return Outcome::ok();
  auto any = [&](Refusal::Kind kind) {
    return llvm::any_of(refusals, [&](const Refusal &r) { return r.kind == kind; });
  };
  int code = any(Refusal::Kind::Malformed) ? kExitMalformed
             : any(Refusal::Kind::Limit)   ? kExitLimit
                                           : kExitUnsupported;
  return {code, log.text()};
}

Outcome Compiler::loadNn(const CompileRequest &request, OwningOpRef<ModuleOp> &module) {
  if (Outcome o = load(request, module); !o)
    return o;
  // Conversion runs by itself first so that a refusal of the file is told apart from a limit of
  // lpc.
  bool hasONNX = false;
  module->walk([&](onnx::NodeOp) { hasONNX = true; });
  module->walk([&](onnx::ConstantOp) { hasONNX = true; });
  if (hasONNX) {
    SmallVector<Refusal> refusals;
    if (Outcome o = convert(*module, refusals); !o)
      return {o.code, request.input + ": " + o.message};
  }
  return runPipeline(*module, request, "convert to nn",
                     [](OpPassManager &pm) { buildONNXToNnPipeline(pm); });
}

static void setOptions(NnToLpOptions &o, const CompileRequest &request) {
  o.weights = request.weights;
  o.activations = request.activations;
  o.weightMethod = request.weightMethod;
  o.activationMethod = request.activationMethod;
  o.keep = request.keep;
  o.weightLayers = request.weightLayers;
  o.activationLayers = request.activationLayers;
  o.integerOnly = request.integerOnly;
  o.maxTerms = request.maxTerms;
}

Outcome Compiler::rewrite(const CompileRequest &request, ModuleOp module) {
  if (request.rewrites.empty())
    return Outcome::ok();
  if (Outcome o = runPipeline(module, request, "prepare rewrites", addRewritePreparation); !o)
    return o;
  TemporaryFolder folder;
  bool hasFolder = false;
  for (auto [i, given] : llvm::enumerate(request.rewrites)) {
    RewriteStep step = given;
    if (lacksOption(step, "format"))
      step.addOption("format", request.weights);
    if (needsStatistics(step)) {
      std::string path = request.saveStatistics + "." + std::to_string(i + 1) + ".npz";
      if (request.saveStatistics.empty()) {
        if (std::error_code e = hasFolder ? std::error_code() : folder.make())
          return {kExitInternal, "cannot make a temporary folder: " + e.message()};
        hasFolder = true;
        path = folder.file("statistics." + std::to_string(i + 1) + ".npz");
      }
      if (Outcome o = writeStatistics(request, module, path); !o)
        return o;
      step.addOption("statistics", "\"" + path + "\"");
    }
    if (Outcome o = runPipeline(module, request, step.name,
                                [&](OpPassManager &pm) { addRewrite(pm, step); });
        !o)
      return o;
  }
  return Outcome::ok();
}

Outcome Compiler::writeStatistics(const CompileRequest &request, ModuleOp module, StringRef path) {
  Progress progress("statistics");
  quant::ChannelStatisticsFile file;
  int64_t samples = 0;
  if (Outcome o = observe(request, module, /*channelsLast=*/true, samples,
                          [&](int32_t id, llvm::ArrayRef<float> values, int64_t inner) {
                            if (inner > 0)
                              file.tensors[id].add(values, inner);
                          });
      !o)
    return o;
  std::string error;
  return file.write(path, error) ? Outcome::ok() : Outcome::usage(error);
}

/// Statistics are data of the user: a wrong file is no fault of the model.
static Outcome checkCalibFile(const std::string &path, ModuleOp module) {
  if (path.empty())
    return Outcome::ok();
  std::string error;
  FailureOr<quant::CalibrationFile> file = quant::CalibrationFile::read(path, error);
  if (failed(file))
    return Outcome::usage("--calib-file: " + error);
  auto hash = module->getAttrOfType<StringAttr>("onnx.model_hash");
  if (hash && !file->model.empty() && hash.getValue() != file->model)
    return Outcome::usage("--calib-file: '" + path + "' belongs to another model (hash " +
                          file->model + ", this one has " + hash.str() + ")");
  return Outcome::ok();
}

Outcome Compiler::quantize(const CompileRequest &request, ModuleOp module, bool fuse) {
  if (std::optional<std::string> idle = quant::describeIdleKeep(module, request.keep))
    return Outcome::usage("--keep " + *idle);
  NnToLpOptions options;
  setOptions(options, request);
  TemporaryFolder statistics;
  if (hasStaticScales(request)) {
    if (request.calib.empty() && request.calibFile.empty())
      return Outcome::usage(
          (request.activations.empty() ? "the activations of layers"
                                       : "--activations " + request.activations) +
          " takes its scales from data: give --calib data.npz:input=array, --calib text.txt:input, "
          "or "
          "--calib-file statistics.json (or use .../token for scales computed at run time)");
    options.calibration = request.calibFile;
    if (Outcome o = checkCalibFile(request.calibFile, module); !o)
      return o;
    if (request.calibFile.empty()) {
      quant::CalibrationFile file;
      if (Outcome o = calibrate(request, module, file); !o)
        return o;
      std::string text = file.toJSON();
      if (!request.saveCalib.empty())
        if (Outcome o = writeOutput(request.saveCalib, [&](llvm::raw_ostream &os) { os << text; });
            !o)
          return o;
      std::error_code error = statistics.make();
      options.calibration = statistics.file("calibration.json");
      if (!error)
        llvm::raw_fd_ostream(options.calibration, error) << text;
      if (error)
        return {kExitInternal, "cannot write a temporary file: " + error.message()};
    }
  }
  return runPipeline(module, request, "quantize", [&](OpPassManager &pm) {
    fuse ? buildNnToLpPipeline(pm, options) : buildQuantizePipeline(pm, options);
  });
}

Outcome Compiler::observe(const CompileRequest &request, ModuleOp module, bool channelsLast,
                          int64_t &samples, Show show) {
  OwningOpRef<ModuleOp> observed = module.clone();
  NnToLpOptions options;
  setOptions(options, request);
  auto build = [&](OpPassManager &pm) {
    if (channelsLast) {
      InsertObserversPassOptions observers;
      observers.channelsLast = true;
      pm.addNestedPass<func::FuncOp>(createInsertObserversPass(observers));
    } else {
      buildObservePipeline(pm, options);
    }
    pm.addNestedPass<func::FuncOp>(createRoundConstantsPass());
  };
  if (Outcome o = runPipeline(*observed, request, "  observe", build); !o)
    return o;
  TemporaryFolder folder;
  if (std::error_code e = folder.make())
    return {kExitInternal, "cannot make a temporary folder: " + e.message()};
  std::string library = folder.file("observed.so");
  CompileRequest plain = request;
  plain.emit = "so";
  plain.weightsFile.clear();
  if (Outcome o = emit(plain, *observed, library); !o)
    return o;
  rt::OpenOptions open;
  open.threads = request.threads;
  rt::Result<rt::ModelHandle> model = rt::ModelHandle::open(library, open);
  if (!model)
    return {kExitInternal, model.error()};
  rt::Result<DataSource> data = DataSource::open(request.calib, model->inputs(), request.window);
  if (!data)
    return Outcome::usage("--calib: " + data.error());
  rt::Status set =
      model->setObserver([&](int32_t id, const float *values, int64_t n, int64_t inner) {
        show(id, llvm::ArrayRef<float>(values, n), inner);
      });
  if (!set)
    return {kExitInternal, set.error()};
  samples = std::min(data->numSamples(), request.calibSamples);
  for (int64_t begin = 0; begin < samples;) {
    int64_t n = std::min(data->batchSize(32), samples - begin);
    rt::Result<std::vector<rt::NamedTensor>> batch = data->batch(begin, n);
    if (!batch)
      return Outcome::usage("--calib: " + batch.error());
    rt::Result<std::vector<rt::NamedTensor>> out = model->run(*batch);
    if (!out)
      return Outcome::usage("--calib: " + out.error());
    begin += n;
  }
  return Outcome::ok();
}

Outcome Compiler::calibrate(const CompileRequest &request, ModuleOp module,
                            quant::CalibrationFile &file) {
  Progress progress("calibrate");
  int64_t samples = 0;
  if (Outcome o = observe(
          request, module, /*channelsLast=*/false, samples,
          [&](int32_t id, llvm::ArrayRef<float> values, int64_t) { file.tensors[id].add(values); });
      !o)
    return o;
  file.samples = samples;
  if (auto hash = module->getAttrOfType<StringAttr>("onnx.model_hash"))
    file.model = hash.str();
  return Outcome::ok();
}

Outcome Compiler::writeOutput(StringRef path, llvm::function_ref<void(llvm::raw_ostream &)> write) {
  llvm::Expected<OutputFile> file = OutputFile::create(path);
  if (!file)
    return Outcome::usage(llvm::toString(file.takeError()));
  write(file->os());
  if (llvm::Error e = file->finish())
    return Outcome::usage(llvm::toString(std::move(e)));
  outputs.push_back(std::move(*file));
  return Outcome::ok();
}

Outcome Compiler::writeModule(ModuleOp module, StringRef path) {
  return writeOutput(path, [&](llvm::raw_ostream &os) {
    module.print(os, OpPrintingFlags().enableDebugInfo(false));
    os << '\n';
  });
}

Outcome Compiler::commitOutputs() {
  SmallVector<OutputFile *> files(llvm::make_pointer_range(outputs));
  if (llvm::Error e = OutputFile::commitAll(files))
    return Outcome::usage(llvm::toString(std::move(e)));
  outputs.clear();
  return Outcome::ok();
}

/// For the manifest: each contraction with its formats, and the rewrites that came before.
static std::string describe(ModuleOp module, ArrayRef<RewriteStep> rewrites) {
  llvm::json::Array table, steps;
  for (const RewriteStep &step : rewrites)
    steps.push_back(step.str());
  module.walk([&](Operation *op) {
    StringRef name = op->getName().getStringRef();
    if (name != "lp.matmul" && name != "lp.conv" && name != "nn.matmul" && name != "nn.conv")
      return;
    auto element = [](Value v) {
      // What does not factor out of the sum stands before it: name the codes.
      if (auto dequantize = v.getDefiningOp<lp::DequantizeOp>())
        v = dequantize.getInput();
      if (auto lookup = v.getDefiningOp<lp::LookupOp>())
        v = lookup.getInput();
      std::string text;
      llvm::raw_string_ostream(text) << getElementTypeOrSelf(v.getType());
      return StringRef(text).starts_with("!lp.") ? text.substr(4) : text;
    };
    Value weight = name == "lp.matmul" ? cast<lp::MatMulOp>(op).getRhs()
                   : name == "lp.conv" ? cast<lp::ConvOp>(op).getFilter()
                                       : op->getOperand(1);
    std::string place = placeOf(op->getLoc());
    std::string accumulator = "f32_relaxed";
    if (auto acc = op->getAttrOfType<lp::AccumulatorAttr>("accumulator")) {
      accumulator = stringifyAccumulatorKind(acc.getKind()).str();
      if (acc.getKind() == lp::AccumulatorKind::Int)
        accumulator += std::to_string(acc.getWidth());
    }
    table.push_back(llvm::json::Object{{"node", StringRef(place).trim("'").str()},
                                       {"op", name.str()},
                                       {"activation", element(op->getOperand(0))},
                                       {"weight", element(weight)},
                                       {"accumulator", accumulator}});
  });
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(
      llvm::json::Object{{"contractions", std::move(table)}, {"rewrites", std::move(steps)}});
  return text;
}

/// Kernels are made for AVX2 and run everywhere: says so where that costs time.
static void remarkSlowKernels(ModuleOp module, const CPUOptions &cpu,
                              ArrayRef<std::string> features) {
  bool fast = llvm::is_contained(features, "avx2") && llvm::is_contained(features, "fma");
  unsigned count = 0;
  module.walk([&](packed::MatMulOp) { ++count; });
  if (count == 0 || fast)
    return;
  emitRemark(UnknownLoc::get(module.getContext()))
      << count << (count == 1 ? " product runs" : " products run") << " slowly: the CPU '"
      << cpu.cpu << "' lacks AVX2 or FMA, for which the kernels are made";
}

Outcome Compiler::emit(const CompileRequest &request, ModuleOp module, StringRef output) {
  CPUOptions cpu;
  cpu.cpu = request.cpu;
  cpu.optLevel = request.optLevel;
  cpu.weightsFile = request.weightsFile;
  cpu.extraManifest = describe(module, request.rewrites);
  if (auto hash = module->getAttrOfType<StringAttr>("onnx.model_hash"))
    cpu.modelHash = hash.str();
  if (Outcome o = runPipeline(module, request, "lower to linalg",
                              [](OpPassManager &pm) { buildLpToLinalgPipeline(pm); });
      !o)
    return o;
  if (request.emit == "linalg")
    return writeModule(module, output);
  LinalgToLLVMOptions options;
  {
    DiagnosticLog log(&context);
    FailureOr<SmallVector<std::string>> features = getKernelFeatures(module, cpu);
    if (failed(features))
      return {kExitUnsupported, log.text()};
    SmallVector<std::string> used;
    for (const std::string &name : *features)
      if (name != "fma")
        used.push_back(name);
    options.features = llvm::join(used, ",");
    remarkSlowKernels(module, cpu, *features);
  }
  if (Outcome o = runPipeline(module, request, "lower to LLVM",
                              [&](OpPassManager &pm) { buildLinalgToLLVMPipeline(pm, options); });
      !o)
    return o;
  if (request.emit == "llvm-dialect")
    return writeModule(module, output);
  CPUOutputKind kind = request.emit == "obj"    ? CPUOutputKind::Object
                       : request.emit == "asm"  ? CPUOutputKind::Assembly
                       : request.emit == "llvm" ? CPUOutputKind::LLVMIR
                                                : CPUOutputKind::SharedObject;
  Progress progress("generate code");
  DiagnosticLog log(&context);
  EmitFailure failure;
  if (failed(emitCPU(module, cpu, kind, output, &failure)))
    return {failure == EmitFailure::File ? kExitUsage : kExitInternal, log.text()};
  return Outcome::ok();
}

Outcome Compiler::compile(const CompileRequest &request) {
  Outcome outcome = buildArtefact(request);
  if (outcome)
    outcome = commitOutputs();
  outputs.clear();
  return outcome;
}

Outcome Compiler::buildArtefact(const CompileRequest &request) {
  OwningOpRef<ModuleOp> module;
  if (request.emit == "onnx") {
    if (Outcome o = load(request, module); !o)
      return o;
    return writeModule(*module, request.output);
  }
  if (Outcome o = loadNn(request, module); !o)
    return o;
  if (Outcome o = rewrite(request, *module); !o)
    return o;
  if (request.emit == "nn")
    return writeModule(*module, request.output);
  if (Outcome o = quantize(request, *module); !o)
    return o;
  if (!request.saveLp.empty())
    if (Outcome o = writeModule(*module, request.saveLp); !o)
      return o;
  if (request.emit == "lp")
    return writeModule(*module, request.output);
  return emit(request, *module, request.output);
}
