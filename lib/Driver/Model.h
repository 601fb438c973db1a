// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Anything that can be run on tensors: a compiled model, or a module in the reference evaluator.
#ifndef LPC_LIB_DRIVER_MODEL_H
#define LPC_LIB_DRIVER_MODEL_H

#include "Compiler.h"

#include "lpc-runtime/io/Compare.h"
#include "lpc-runtime/io/ModelHandle.h"
#include "lpc/Support/TemporaryFolder.h"

#include <optional>

namespace lpc::driver {

class Model {
public:
  struct Options {
    std::string target = "cpu"; ///< cpu or reference
    std::string weights;
    int threads = 0;
    std::map<std::string, int64_t> dims;
    bool float64 = false; ///< reference: compute floats in f64
  };

  Model();
  ~Model();

  /// Opens a .so; compiles a .onnx or .mlir first, or takes it to the evaluator.
  Outcome open(const std::string &path, const Options &options);
  const std::vector<rt::TensorInfo> &inputs() const { return inputInfos; }
  const std::vector<rt::TensorInfo> &outputs() const { return outputInfos; }
  /// Inputs by name; inputs of other types are converted where no value changes.
  Outcome run(const std::vector<rt::NamedTensor> &given, std::vector<rt::NamedTensor> &results);

private:
  Outcome openReference(const std::string &path, const Options &options);
  Outcome runReference(const std::vector<rt::HostTensor> &ordered,
                       std::vector<rt::NamedTensor> &results);

  Compiler compiler;
  mlir::OwningOpRef<mlir::ModuleOp> module; ///< reference only
  bool float64 = false;
  TemporaryFolder folder; ///< of the compiled model
  std::optional<rt::ModelHandle> handle;
  std::vector<rt::TensorInfo> inputInfos, outputInfos;
};

/// "it has x: float32[2, 4], ...", for a message about a name that is none of them.
std::string listOf(llvm::ArrayRef<rt::TensorInfo> infos);

/// What `--expect` gives; compares by position where names are missing. A mismatch is
/// kExitMismatch.
Outcome compareOutputs(const std::vector<rt::NamedTensor> &found,
                       const std::vector<rt::NamedTensor> &expected,
                       const rt::CompareOptions &options);

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_MODEL_H
