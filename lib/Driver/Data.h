// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Data for models: calibration and test samples from npz, npy and text files.
#ifndef LPC_LIB_DRIVER_DATA_H
#define LPC_LIB_DRIVER_DATA_H

#include "lpc-runtime/io/ModelHandle.h"

#include "llvm/ADT/StringRef.h"

namespace lpc::driver {

/// Rows [begin, begin + n) of the first axis. Fails for types below 8 bits, whose rows need not
/// start at a byte.
rt::Result<rt::HostTensor> sliceRows(const rt::HostTensor &tensor, int64_t begin, int64_t n);

/// Samples along the first axis of each input.
///
/// Specs: `file.npz:x=calib_x,y=calib_y` (input name = array name; without names the arrays are
/// called like the inputs); `file.npy:x`; `file.txt:ids`, bytes as tokens in consecutive windows.
class DataSource {
public:
  static rt::Result<DataSource> open(llvm::StringRef spec,
                                     const std::vector<rt::TensorInfo> &inputs, int64_t window);

  int64_t numSamples() const { return samples; }
  /// The size that a model with a fixed first dimension wants; else `otherwise`.
  int64_t batchSize(int64_t otherwise) const { return fixedBatch > 0 ? fixedBatch : otherwise; }
  /// Inputs for samples [begin, begin + n); inputs that the source lacks get zeros, with 0 for
  /// dimensions of unknown size (an empty cache).
  rt::Result<std::vector<rt::NamedTensor>> batch(int64_t begin, int64_t n) const;

private:
  std::vector<rt::TensorInfo> inputs;
  std::vector<rt::NamedTensor> arrays;
  int64_t samples = 0, fixedBatch = 0;
};

/// Zeros for an input whose name has no data: dimension names that `known` inputs fix take their
/// sizes, others 0.
rt::Result<rt::HostTensor> emptyInput(const rt::TensorInfo &info,
                                      const std::vector<rt::TensorInfo> &inputs,
                                      const std::vector<rt::NamedTensor> &known);

/// Completes a set of named inputs with emptyInput for those that are missing.
rt::Status addEmptyInputs(std::vector<rt::NamedTensor> &given,
                          const std::vector<rt::TensorInfo> &inputs);

/// Bytes of a file.
rt::Result<std::vector<uint8_t>> readBytes(const std::string &path);

/// An int64 tensor [rows, window] of bytes from `begin` on.
rt::HostTensor tokens(const std::vector<uint8_t> &text, size_t begin, int64_t rows, int64_t window);

/// The first integer input: the one that takes tokens. Null if there is none.
const rt::TensorInfo *tokenInput(const std::vector<rt::TensorInfo> &inputs);

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_DATA_H
