// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ModelHandle.h: loads a compiled model (.so) into this process and runs it.
#ifndef LPC_RUNTIME_IO_MODELHANDLE_H
#define LPC_RUNTIME_IO_MODELHANDLE_H

#include "lpc-runtime/io/HostTensor.h"

#include <functional>
#include <memory>

namespace lpc::rt {

struct OpenOptions {
  int threads = 0;         ///< 0: all CPUs
  std::string weightsPath; ///< empty: the model's own weights
};

/// One input or output of a model; dims of -1 are dynamic, dimNames may hold empty strings.
struct TensorInfo {
  std::string name;
  int32_t dtype = 0;
  std::vector<int64_t> dims;
  std::vector<std::string> dimNames;

  /// "x: float32[batch, 3, 224, 224]".
  std::string text() const;
};

/// An open model. Movable; closes the model and unloads the library at the end of its life.
class ModelHandle {
public:
  static Result<ModelHandle> open(const std::string &path, const OpenOptions &options = {});
  ModelHandle(ModelHandle &&) noexcept;
  ModelHandle &operator=(ModelHandle &&) noexcept;
  ~ModelHandle();

  const std::vector<TensorInfo> &inputs() const;
  const std::vector<TensorInfo> &outputs() const;
  std::string manifest() const;

  /// Inputs in the order of inputs().
  Result<std::vector<HostTensor>> run(std::span<const HostTensor> inputs);
  /// Inputs by name, in any order.
  Result<std::vector<NamedTensor>> run(std::span<const NamedTensor> inputs);
  /// Without copies: see lpc_run. For benchmarks.
  Status runRaw(std::span<const lpc_tensor> inputs, std::span<lpc_tensor> outputs);

  using Observer = std::function<void(int32_t id, const float *data, int64_t n, int64_t inner)>;
  /// An empty function turns observation off.
  Status setObserver(Observer observer);

private:
  struct Impl;
  explicit ModelHandle(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace lpc::rt

#endif // LPC_RUNTIME_IO_MODELHANDLE_H
