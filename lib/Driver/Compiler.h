// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a model file to an artefact: what `lpc compile` does, as a library.
#ifndef LPC_LIB_DRIVER_COMPILER_H
#define LPC_LIB_DRIVER_COMPILER_H

#include "Commands.h"

#include "lpc/Conversion/ONNXToNn/ConvertONNXToNn.h"
#include "lpc/Pipelines/Rewrites.h"
#include "lpc/Quantization/Calibration.h"
#include "lpc/Support/OutputFile.h"

#include "dialects/Lp/IR/Lp.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"

#include <map>

namespace lpc::driver {

struct CompileRequest {
  std::string input; ///< .onnx or .mlir
  std::string output;
  std::string weights, activations;
  std::string weightMethod = "absmax", activationMethod = "minmax";
  std::string keep;
  std::string integerOnly; ///< empty, "yes" or "strict"
  int64_t maxTerms = 1024; ///< with integerOnly: the bound of unknown sizes
  /// Formats by node name, as the pipelines take them (docs/Recipes.md).
  std::string weightLayers, activationLayers;
  std::vector<RewriteStep> rewrites;
  std::string recipe;                      ///< a file that gives what the fields above lack
  std::string saveStatistics;              ///< prefix of the files of steps that read statistics
  std::string calib, calibFile, saveCalib; ///< data source, statistics to read, statistics to write
  int64_t window = 256;
  int64_t calibSamples = 512;
  std::map<std::string, int64_t> dims; ///< sizes given to named dimensions
  std::string cpu = "x86-64-v3";
  unsigned optLevel = 3;
  std::string weightsFile;
  std::string saveLp;
  /// so, obj, asm, llvm, or a floor: onnx, nn, lp, linalg, llvm-dialect.
  std::string emit = "so";
  bool verifyEach = true;
  int threads = 0;
};

/// Which fields the command line gave; a recipe fills in the others.
struct GivenChoices {
  bool weights, activations, weightMethod, activationMethod, keep;
};
/// Reads the recipe, and `--rewrite` in place of its steps.
Outcome applyRecipe(CompileRequest &request, GivenChoices &given, llvm::StringRef rewrite);
/// What of a request takes data: static activation scales, or steps with statistics.
bool hasStaticScales(const CompileRequest &request);
bool hasStatistics(const CompileRequest &request);
/// Words and patterns of a request, before any work is done.
Outcome checkChoices(const CompileRequest &request);
/// `--weight-method absmax` that the format's own rule would overrule in silence.
Outcome checkAbsMax(bool isGiven, const CompileRequest &request);
/// Files of flags: no two are the same, and the folder of -o exists. Empty paths are not given.
Outcome checkFiles(llvm::ArrayRef<std::pair<llvm::StringRef, llvm::StringRef>> files);
/// Errors of MLIR diagnostics, collected while it lives.
class DiagnosticLog {
public:
  explicit DiagnosticLog(mlir::MLIRContext *context);
  ~DiagnosticLog();
  /// The first errors, at most ten, one a line.
  std::string text() const;
  bool empty() const { return count == 0; }

private:
  mlir::MLIRContext *context;
  mlir::DiagnosticEngine::HandlerID id;
  std::vector<std::string> lines;
  unsigned count = 0;
};

class Compiler {
public:
  Compiler();

  /// The whole way.
  Outcome compile(const CompileRequest &request);

  /// Reads .onnx or .mlir and takes it to the nn floor.
  Outcome loadNn(const CompileRequest &request, mlir::OwningOpRef<mlir::ModuleOp> &module);
  /// Reads without converting.
  Outcome load(const CompileRequest &request, mlir::OwningOpRef<mlir::ModuleOp> &module);
  /// Conversion with its refusals, for `lpc check`.
  Outcome convert(mlir::ModuleOp module, llvm::SmallVectorImpl<Refusal> &refusals);
  /// nn -> nn: the steps of the request, with statistics of the model as each step finds it.
  Outcome rewrite(const CompileRequest &request, mlir::ModuleOp module);
  /// nn -> lp, calibrating if the request says so. Without `fuse` the result is nn with pairs of
  /// quantize and dequantize.
  Outcome quantize(const CompileRequest &request, mlir::ModuleOp module, bool fuse = true);
  /// lp -> artefact.
  Outcome emit(const CompileRequest &request, mlir::ModuleOp module, llvm::StringRef output);

  mlir::MLIRContext &getContext() { return context; }

private:
  Outcome runPipeline(mlir::ModuleOp module, const CompileRequest &request, llvm::StringRef name,
                      llvm::function_ref<void(mlir::OpPassManager &)> build);
  /// What a compiled model shows: observer, values, size of the last axis.
  using Show = llvm::function_ref<void(int32_t id, llvm::ArrayRef<float> values, int64_t inner)>;
  /// Compiles a copy of the module with observers and runs it over the data; gives the number of
  /// samples.
  Outcome observe(const CompileRequest &request, mlir::ModuleOp module, bool channelsLast,
                  int64_t &samples, Show show);
  Outcome calibrate(const CompileRequest &request, mlir::ModuleOp module,
                    quant::CalibrationFile &file);
  Outcome writeStatistics(const CompileRequest &request, mlir::ModuleOp module,
                          llvm::StringRef path);
  /// Writes a file that commitOutputs() will put in its place.
  Outcome writeOutput(llvm::StringRef path, llvm::function_ref<void(llvm::raw_ostream &)> write);
  Outcome writeModule(mlir::ModuleOp module, llvm::StringRef path);
  Outcome commitOutputs();
  Outcome buildArtefact(const CompileRequest &request);

  mlir::MLIRContext context;
  std::vector<OutputFile> outputs; ///< complete, but under temporary names
};

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_COMPILER_H
