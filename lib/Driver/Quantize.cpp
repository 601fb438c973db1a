// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `lpc quantize`: an ONNX file with quantized weights and activations, for other software too.
#include "Compiler.h"

#include "lpc/Export/ONNX/Export.h"
#include "lpc/Quantization/FormatChoice.h"

#include "llvm/Support/raw_ostream.h"

using namespace lpc;
using namespace lpc::driver;
namespace cl = llvm::cl;

static cl::SubCommand quantizeSub("quantize",
                                  "Write a model with quantized weights and activations as ONNX");
#define OPTION(Type, name, flag, ...)                                                              \
  static cl::opt<Type> name(flag, cl::cat(category), cl::sub(quantizeSub), __VA_ARGS__)
OPTION(std::string, input, cl::Positional, cl::desc("<model.onnx>"), cl::Required);
OPTION(std::string, output, "o", cl::desc("Output file"), cl::Required);
OPTION(std::string, weights, "weights",
       cl::desc("Format of weights: int8/channel, int4/g32, e4m3/channel, ... (default: float)"));
OPTION(std::string, activations, "activations",
       cl::desc("Format of activations, with static scales: int8, uint8/asym, ... (default: "
                "float)"));
OPTION(std::string, form, "format",
       cl::desc("qdq: QuantizeLinear and DequantizeLinear (default); qonnx: Quant and FloatQuant "
                "nodes, for every integer width and minifloat"),
       cl::init("qdq"));
OPTION(std::string, weightMethod, "weight-method",
       cl::desc("Weight scales by the largest magnitude (absmax) or the least squared error (mse); "
                "default: the format's own rule"),
       cl::init("absmax"));
OPTION(std::string, activationMethod, "activation-method",
       cl::desc("Static activation ranges by minmax, percentile or mse"), cl::init("minmax"));
OPTION(std::string, keep, "keep",
       cl::desc("Regular expression over node names: these contractions stay in float"));
OPTION(std::string, recipe, "recipe",
       cl::desc("YAML file with formats and formats of layers (docs/Recipes.md)"));
OPTION(std::string, calib, "calib",
       cl::desc("Calibration data: data.npz:input=array[,...] or text.txt:input"));
OPTION(std::string, calibFile, "calib-file", cl::desc("Use statistics that --save-calib wrote"));
OPTION(std::string, saveCalib, "save-calib", cl::desc("Write the calibration statistics (JSON)"));
OPTION(int64_t, window, "window", cl::desc("Bytes per sample of calibration text (default 256)"),
       cl::init(256));
OPTION(int64_t, calibSamples, "calib-samples",
       cl::desc("Use at most this many samples (default 512)"), cl::init(512));
OPTION(int, threads, "threads", cl::desc("Threads for calibration (default: all)"), cl::init(0));
#undef OPTION

static Outcome runQuantize() {
  CompileRequest r;
  r.input = input;
  r.output = output;
  r.weights = weights;
  r.activations = activations;
  r.weightMethod = weightMethod;
  r.activationMethod = activationMethod;
  r.keep = keep;
  r.recipe = recipe;
  r.calib = calib;
  r.calibFile = calibFile;
  r.saveCalib = saveCalib;
  r.window = window;
  r.calibSamples = calibSamples;
  r.threads = threads;
  if (form != "qdq" && form != "qonnx")
    return Outcome::usage("--format " + form + ": expected qdq or qonnx");
  auto isGiven = [](const cl::Option &option) { return option.getNumOccurrences() > 0; };
  GivenChoices given{isGiven(weights), isGiven(activations), isGiven(weightMethod),
                     isGiven(activationMethod), isGiven(keep)};
  if (Outcome o = applyRecipe(r, given, ""); !o)
    return o;
  if (!r.rewrites.empty())
    return Outcome::usage(r.recipe + ": lpc quantize changes formats only, and the recipe has "
                                     "rewrites: take them out, or use lpc compile");
  bool hasWeights = !r.weights.empty() || !r.weightLayers.empty();
  bool hasActivations = !r.activations.empty() || !r.activationLayers.empty();
  if (!hasWeights && !hasActivations)
    return Outcome::usage("nothing to quantize: give --weights, --activations or both");
  if (window < 1 || calibSamples < 1)
    return Outcome::usage("--window and --calib-samples must be at least 1");
  if (Outcome o = checkThreads(threads); !o)
    return o;
  bool calibrates = !r.calib.empty();
  if (Outcome o = refuseIdle(
          {{weightMethod, !hasWeights, "give --weights"},
           {calib, !hasActivations, "it serves activation scales; give --activations too"},
           {calibFile, !hasActivations, "it serves activation scales; give --activations too"},
           {activationMethod, !hasActivations, "give --activations"},
           {calib, !r.calibFile.empty(), "--calib-file gives the statistics; use one of them"},
           {saveCalib, !calibrates, "give --calib"},
           {calibSamples, !calibrates, "give --calib"},
           {threads, !calibrates, "threads serve calibration; give --calib"},
           {window, !calibrates || llvm::StringRef(r.calib).contains(".np"),
            "windows divide calibration text; give --calib with a text"}});
      !o)
    return o;
  if (llvm::StringRef(r.input).ends_with(".mlir"))
    return Outcome::usage(r.input +
                          ": lpc quantize rewrites an ONNX file; lpc compile takes .mlir");
  if (Outcome o =
          checkFiles({{"the input", r.input}, {"-o", r.output}, {"--save-calib", r.saveCalib}});
      !o)
    return o;
  if (Outcome o = checkChoices(r); !o)
    return o;
  if (Outcome o = checkAbsMax(given.weightMethod, r); !o)
    return o;
  std::string ignored;
  if (auto a = quant::parseActivationFormat(r.activations, ignored); a && !quant::isStatic(*a))
    return Outcome::usage("--activations " + r.activations +
                          ": its scales are computed at run time, which a file of Q/DQ nodes "
                          "cannot say; use int8 or uint8/asym with --calib, or lpc compile");

  Compiler compiler;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  if (Outcome o = compiler.loadNn(r, module); !o)
    return o;
  std::set<ExportOperand> before = findQuantized(*module);
  if (Outcome o = compiler.quantize(r, *module, /*fuse=*/false); !o)
    return o;
  ExportError error;
  Progress progress("write ONNX");
  mlir::FailureOr<std::vector<ExportNode>> nodes = collectQuantized(*module, before, error);
  if (failed(nodes))
    return {error.getExitCode(), r.input + ": " + error.message};
  if (nodes->empty())
    return {kExitUnsupported,
            r.input + ": no matmul or convolution has a float weight or activation to quantize"};
  if (failed(exportQuantized(r.input, r.output, *nodes,
                             form == "qonnx" ? ExportForm::QONNX : ExportForm::QDQ, error)))
    return {error.getExitCode(), r.input + ": " + error.message};
  size_t weightCount = llvm::count_if(*nodes, [](const ExportNode &n) { return !!n.weight; });
  size_t activationCount =
      llvm::count_if(*nodes, [](const ExportNode &n) { return n.activation.has_value(); });
  llvm::outs() << weightCount << " weights and " << activationCount << " activations quantized\n";
  return Outcome::ok();
}

Command driver::quantizeCommand() { return {&quantizeSub, runQuantize}; }
