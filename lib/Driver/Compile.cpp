// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `lpc compile` and `lpc check`.
#include "Compiler.h"
#include "Recipe.h"

#include "dialects/ONNX/IR/ONNXOps.h"
#include "lpc/InitAll.h"
#include "lpc/Quantization/FormatChoice.h"
#include "lpc/Support/Escape.h"
#include "lpc/Target/CPU/Emit.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"

using namespace lpc;
using namespace lpc::driver;
namespace cl = llvm::cl;

//===- compile
//----------------------------------------------------------------------------------------===//

static cl::SubCommand compileSub("compile", "Compile a model into a shared object");

#define OPTION(Type, name, flag, ...)                                                              \
  static cl::opt<Type> name(flag, cl::cat(category), cl::sub(compileSub), __VA_ARGS__)
OPTION(std::string, input, cl::Positional, cl::desc("<model.onnx | module.mlir>"), cl::Required);
OPTION(std::string, output, "o", cl::desc("Output file"), cl::Required);
OPTION(std::string, weights, "weights",
       cl::desc("Format of weights: int8/channel, int4/g128, mxfp4, nvfp4, q4_k, any4, ... "
                "(default: float)"));
OPTION(std::string, activations, "activations",
       cl::desc("Format of activations: int8, uint8/asym, int8/token, mxfp8, nvfp4, ... "
                "(default: float)"));
OPTION(std::string, weightMethod, "weight-method",
       cl::desc("Weight scales by the largest magnitude (absmax) or the least squared error (mse); "
                "default: the format's own rule"),
       cl::init("absmax"));
OPTION(std::string, activationMethod, "activation-method",
       cl::desc("Static activation ranges by minmax, percentile or mse"), cl::init("minmax"));
OPTION(std::string, keep, "keep",
       cl::desc("Regular expression over node names: these contractions stay in float"));
OPTION(std::string, recipe, "recipe",
       cl::desc("YAML file with rewrites, formats and formats of layers (docs/Recipes.md)"));
OPTION(std::string, rewrite, "rewrite",
       cl::desc("Rewrites of the model, in order: fold-norm-gains,rotate-axes{axes=all}"));
OPTION(std::string, saveStatistics, "save-statistics",
       cl::desc("Write the statistics that step N of the rewrites sees to <this>.N.npz"));
OPTION(std::string, calib, "calib",
       cl::desc("Calibration data: data.npz:input=array[,...] or text.txt:input"));
OPTION(std::string, calibFile, "calib-file", cl::desc("Use statistics that --save-calib wrote"));
OPTION(std::string, saveCalib, "save-calib", cl::desc("Write the calibration statistics (JSON)"));
OPTION(int64_t, window, "window", cl::desc("Bytes per sample of calibration text (default 256)"),
       cl::init(256));
OPTION(int64_t, calibSamples, "calib-samples",
       cl::desc("Use at most this many samples (default 512)"), cl::init(512));
OPTION(std::string, target, "target",
       cl::desc("cpu, or cpu:<LLVM CPU name>, for example cpu:native (default cpu:x86-64-v3); "
                "cpu:help lists the names"),
       cl::init("cpu"));
OPTION(unsigned, optLevel, "O", cl::Prefix,
       cl::desc("Optimisation level of machine code, 0 to 3 (default 3)"), cl::init(3));
OPTION(std::string, emitKind, "emit",
       cl::desc("so, obj, asm, llvm, or the module on a floor: onnx, nn, lp, linalg, llvm-dialect"),
       cl::init("so"));
OPTION(std::string, saveLp, "save-lp",
       cl::desc("Also write the module at the lp contract point, the program's bits"));
OPTION(std::string, weightsFile, "weights-file",
       cl::desc("Put the weights into this file instead of the shared object"));
OPTION(bool, verifyEach, "verify-each",
       cl::desc("Verify the module after each pass (default; =false to save a tenth of the time)"),
       cl::init(true));
OPTION(int, threads, "threads", cl::desc("Threads for calibration (default: all)"), cl::init(0));
#undef OPTION
static cl::list<std::string> dims("dim", cl::desc("Fix a named dimension: batch=1"),
                                  cl::cat(category), cl::sub(compileSub));

Outcome driver::checkChoices(const CompileRequest &r) {
  std::string error;
  if (!r.keep.empty() && !llvm::Regex(r.keep).isValid(error))
    return Outcome::usage("--keep '" + r.keep + "' is no regular expression: " + error);
  for (const RewriteStep &step : r.rewrites)
    if (!checkRewrite(step, error))
      return Outcome::usage("--rewrite: " + error);
  if (!quant::isWeightMethod(r.weightMethod))
    return Outcome::usage("--weight-method " + r.weightMethod + ": expected absmax or mse");
  if (!quant::parseRangeMethod(r.activationMethod))
    return Outcome::usage("--activation-method " + r.activationMethod +
                          ": expected minmax, percentile or mse");
  if (!r.weights.empty() && !quant::parseWeightFormat(r.weights, r.weightMethod, error))
    return Outcome::usage("--weights " + r.weights + ": " + error);
  if (!r.activations.empty() && !quant::parseActivationFormat(r.activations, error))
    return Outcome::usage("--activations " + r.activations + ": " + error);
  return Outcome::ok();
}

Outcome driver::checkAbsMax(bool isGiven, const CompileRequest &r) {
  auto spec = num::FormatSpec::parse(r.weights);
  if (!isGiven || r.weightMethod != "absmax" || !spec || spec->rule == num::Rule::AbsMax ||
      spec->rule == num::Rule::MinMax)
    return Outcome::ok();
  return Outcome::usage("--weight-method absmax does not fit " + r.weights + ", whose rule is '" +
                        std::string(num::toString(spec->rule)) +
                        "': leave the option out, or spell the format with another @rule");
}

bool driver::hasStaticScales(const CompileRequest &r) {
  llvm::SmallVector<llvm::StringRef> formats{r.activations}, layers;
  llvm::StringRef(r.activationLayers).split(layers, ';', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef layer : layers)
    formats.push_back(layer.rsplit('=').second);
  return llvm::any_of(formats, [](llvm::StringRef format) {
    std::string ignored;
    std::optional<num::FormatSpec> spec = quant::parseActivationFormat(format, ignored);
    return spec && quant::isStatic(*spec);
  });
}

bool driver::hasStatistics(const CompileRequest &r) {
  return llvm::any_of(r.rewrites, needsStatistics);
}

Outcome driver::applyRecipe(CompileRequest &r, GivenChoices &given, llvm::StringRef rewrite) {
  registerAllPasses(); // steps are found by name
  Recipe recipe;
  if (!r.recipe.empty())
    if (Outcome o = Recipe::read(r.recipe, recipe); !o)
      return o;
  if (!rewrite.empty()) {
    recipe.rewrites.clear();
    std::string error;
    if (!parseRewrites(rewrite, recipe.rewrites, error))
      return Outcome::usage("--rewrite: " + error);
  }
  r.rewrites = recipe.rewrites;
  r.weightLayers = recipe.weightLayers;
  r.activationLayers = recipe.activationLayers;
  // What the command line says, wins.
  auto fill = [](std::string &field, bool &isGiven, const std::string &said) {
    if (isGiven || said.empty())
      return;
    field = said;
    isGiven = true;
  };
  fill(r.weights, given.weights, recipe.weights);
  fill(r.activations, given.activations, recipe.activations);
  fill(r.weightMethod, given.weightMethod, recipe.weightMethod);
  fill(r.activationMethod, given.activationMethod, recipe.activationMethod);
  fill(r.keep, given.keep, recipe.keep);
  return Outcome::ok();
}

/// Options that this compilation would not read are mistakes. With --emit, those of later steps are
/// none: the module on the way to an artefact is asked for by the same command line.
static Outcome checkIdle(const CompileRequest &r) {
  bool isStatic = hasStaticScales(r), readsData = hasStatistics(r);
  bool hasWeights = !r.weights.empty() || !r.weightLayers.empty();
  bool hasActivations = !r.activations.empty() || !r.activationLayers.empty();
  bool quantizes = hasWeights || hasActivations, calibrates = !r.calib.empty();
  bool front = r.emit == "onnx" || r.emit == "nn";
  bool linked = r.emit == "so" || r.emit == "obj";
  llvm::StringRef early = "the module of --emit is written before quantization";
  llvm::StringRef noData = "give --calib";
  return refuseIdle({
      {saveLp, front, early},
      {saveStatistics, !readsData, "no step of the rewrites reads statistics"},
      {weightMethod, !hasWeights, "give --weights"},
      {keep, !quantizes, "give --weights or --activations"},
      {calib, !hasActivations && !readsData,
       "it serves static activation scales; give --activations too"},
      {calibFile, !hasActivations, "it serves static activation scales; give --activations too"},
      {activationMethod, !isStatic, "give --activations with one static scale per tensor"},
      {calib, !isStatic && !readsData, "these activations take their scales at run time"},
      {calibFile, !isStatic, "these activations take their scales at run time"},
      {calib, !r.calibFile.empty() && !readsData,
       "--calib-file gives the statistics; use one of them"},
      {saveCalib, !calibrates, noData},
      {saveCalib, !isStatic, "give --activations with one static scale per tensor"},
      {calibSamples, !calibrates, noData},
      {threads, !calibrates, "threads serve calibration; give --calib"},
      {window, !calibrates || llvm::StringRef(r.calib).contains(".np"),
       "windows divide calibration text; give --calib with a text"},
      {weightsFile, !linked, "weights belong to --emit so and --emit obj"},
  });
}

static Outcome checkCPU(const std::string &cpu) {
  if (isKnownCPU(cpu))
    return Outcome::ok();
  constexpr size_t kShown = 3;
  std::vector<std::string> names = knownCPUs();
  auto rank = [&](llvm::StringRef name) { return std::pair(name.edit_distance(cpu), name); };
  llvm::sort(names, [&](llvm::StringRef a, llvm::StringRef b) { return rank(a) < rank(b); });
  names.resize(std::min(names.size(), kShown));
  return Outcome::usage("--target cpu:" + cpu + ": unknown CPU; the nearest known ones are " +
                        llvm::join(names, ", ") +
                        "; the same command with --target cpu:help lists all");
}

Outcome driver::checkFiles(llvm::ArrayRef<std::pair<llvm::StringRef, llvm::StringRef>> files) {
  for (size_t i = 0; i < files.size(); ++i)
    for (size_t j = i + 1; j < files.size(); ++j) {
      llvm::StringRef a = files[i].second, b = files[j].second;
      if (!a.empty() && (a == b || llvm::sys::fs::equivalent(a, b)))
        return Outcome::usage(
            (files[j].first + " " + b + " is the same file as " + files[i].first).str());
    }
  for (auto [flag, path] : files) {
    llvm::StringRef folder = llvm::sys::path::parent_path(path);
    if (flag == "-o" && !folder.empty() && !llvm::sys::fs::is_directory(folder))
      return Outcome::usage(("-o " + path + ": there is no folder '" + folder + "'").str());
  }
  return Outcome::ok();
}

static Outcome runCompile() {
  CompileRequest r;
  r.input = input;
  r.output = output;
  r.weights = weights;
  r.activations = activations;
  r.weightMethod = weightMethod;
  r.activationMethod = activationMethod;
  r.keep = keep;
  r.recipe = recipe;
  r.saveStatistics = saveStatistics;
  r.calib = calib;
  r.calibFile = calibFile;
  r.saveCalib = saveCalib;
  r.window = window;
  r.calibSamples = calibSamples;
  r.optLevel = optLevel;
  r.saveLp = saveLp;
  r.weightsFile = weightsFile;
  r.emit = emitKind;
  r.verifyEach = verifyEach;
  r.threads = threads;
  if (Outcome o = parseDims(dims, r.dims); !o)
    return o;
  auto [kind, cpu] = llvm::StringRef(target).split(':');
  if (kind != "cpu")
    return Outcome::usage("--target " + target + ": this version compiles for cpu only");
  if (llvm::StringRef(target).ends_with(":"))
    return Outcome::usage("--target " + target + ": expected the name of a CPU after the colon");
  if (!cpu.empty())
    r.cpu = cpu.str();
  bool known =
      llvm::StringSwitch<bool>(r.emit)
          .Cases({"so", "obj", "asm", "llvm", "onnx", "nn", "lp", "linalg", "llvm-dialect"}, true)
          .Default(false);
  if (!known)
    return Outcome::usage("--emit " + r.emit +
                          ": expected so, obj, asm, llvm, onnx, nn, lp, linalg or llvm-dialect");
  if (optLevel > 3)
    return Outcome::usage("-O" + std::to_string(optLevel) + ": levels are 0 to 3");
  if (window < 1 || calibSamples < 1)
    return Outcome::usage("--window and --calib-samples must be at least 1");
  if (r.output == "-" && (r.emit == "so" || r.emit == "obj"))
    return Outcome::usage("-o -: --emit " + r.emit + " needs a file");
  if (r.cpu == "help") {
    llvm::outs() << "native\n" << llvm::join(knownCPUs(), "\n") << '\n';
    return Outcome::ok();
  }
  if (Outcome o = checkThreads(threads); !o)
    return o;
  if (Outcome o = checkCPU(r.cpu); !o)
    return o;
  auto isGiven = [](const cl::Option &option) { return option.getNumOccurrences() > 0; };
  GivenChoices given{isGiven(weights), isGiven(activations), isGiven(weightMethod),
                     isGiven(activationMethod), isGiven(keep)};
  if (Outcome o = applyRecipe(r, given, rewrite); !o)
    return o;
  if (Outcome o = checkChoices(r); !o)
    return o;
  if (Outcome o = checkIdle(r); !o)
    return o;
  if (Outcome o = checkFiles({{"the input", r.input},
                              {"--recipe", r.recipe},
                              {"-o", r.output},
                              {"--save-lp", r.saveLp},
                              {"--weights-file", r.weightsFile},
                              {"--save-calib", r.saveCalib}});
      !o)
    return o;
  if (hasStatistics(r) && r.calib.empty())
    return Outcome::usage("a step of the rewrites takes statistics from data: give --calib "
                          "data.npz:input=array or --calib text.txt:input, or the step's option "
                          "statistics");
  if (Outcome o = checkAbsMax(given.weightMethod, r); !o)
    return o;
  Compiler compiler;
  return compiler.compile(r);
}

Command driver::compileCommand() { return {&compileSub, runCompile}; }

//===- check
//------------------------------------------------------------------------------------------===//

static cl::SubCommand checkSub("check", "List everything in a model that lpc does not support");
static cl::opt<std::string> checkInput(cl::Positional, cl::desc("<model.onnx>"), cl::Required,
                                       cl::cat(category), cl::sub(checkSub));
static cl::opt<bool> checkJson("json", cl::desc("Print JSON"), cl::cat(category),
                               cl::sub(checkSub));
static cl::list<std::string> checkDims("dim", cl::desc("Fix a named dimension: batch=1"),
                                       cl::cat(category), cl::sub(checkSub));

static Outcome runCheck() {
  CompileRequest r;
  r.input = checkInput;
  if (Outcome o = parseDims(checkDims, r.dims); !o)
    return o;
  Compiler compiler;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  if (Outcome o = compiler.load(r, module); !o)
    return o;
  int64_t nodes = 0;
  module->walk([&](onnx::NodeOp) { ++nodes; });
  llvm::SmallVector<Refusal> refusals;
  Outcome converted = compiler.convert(*module, refusals);
  if (!converted && refusals.empty())
    return converted;
  if (checkJson) {
    llvm::json::Array list;
    for (const Refusal &f : refusals)
      list.push_back(llvm::json::Object{
          {"node", f.nodeName}, {"op", f.opType}, {"domain", f.domain}, {"reason", f.reason}});
    llvm::outs() << llvm::json::Value(
                        llvm::json::Object{{"nodes", nodes}, {"refused", std::move(list)}})
                 << '\n';
  } else {
    for (const Refusal &f : refusals)
      llvm::outs() << escapeControls("node '" + f.nodeName + "' (" +
                                     (f.domain.empty() ? "" : f.domain + ".") + f.opType +
                                     "): " + f.reason)
                   << '\n';
    llvm::outs() << nodes << " nodes, " << refusals.size() << " refused\n";
  }
  if (refusals.empty())
    return Outcome::ok();
  return {converted.code,
          std::to_string(refusals.size()) + " of " + std::to_string(nodes) + " nodes are refused"};
}

Command driver::checkCommand() { return {&checkSub, runCheck}; }
