// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the observers of a float model saw of each channel: ranges, means, and a sample of whole
// rows. Rewrites that look at data (smooth, awq, bias correction) read it from a file.
//
// A channel is an index of the contracted axis: the last axis of a matmul's activation, axis 1 of a
// convolution's input. A row is one vector of all channels: a token, a pixel.
#ifndef LPC_QUANTIZATION_CHANNELSTATISTICS_H
#define LPC_QUANTIZATION_CHANNELSTATISTICS_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <map>
#include <string>
#include <vector>

namespace lpc::quant {

class ChannelStatistics {
public:
  /// Rows that a sample keeps. Enough to tell apart the output errors of two scales of one weight
  /// (awq), little enough to hold one sample for each layer of a large model.
  static constexpr int64_t kSampleRows = 256;

  /// Adds rows of `channels` numbers, which must be the same in each call. Rows that hold NaN or
  /// infinity are counted and left out.
  void add(llvm::ArrayRef<float> values, int64_t channels, int64_t sampleRows = kSampleRows);

  int64_t channels() const { return static_cast<int64_t>(minimum.size()); }
  /// Rows seen, without those that were left out.
  uint64_t count() const { return rows; }
  uint64_t nonFinite() const { return bad; }
  float min(int64_t channel) const { return minimum[channel]; }
  float max(int64_t channel) const { return maximum[channel]; }
  float absMax(int64_t channel) const { return std::max(-minimum[channel], maximum[channel]); }
  double mean(int64_t channel) const { return rows ? sums[channel] / rows : 0; }
  double meanAbs(int64_t channel) const { return rows ? absSums[channel] / rows : 0; }

  /// A uniform sample of the rows, the same ones for all observers that see as many.
  int64_t numSamples() const {
    return channels() ? static_cast<int64_t>(sample.size()) / channels() : 0;
  }
  llvm::ArrayRef<float> sampleRow(int64_t i) const {
    return llvm::ArrayRef(sample).slice(i * channels(), channels());
  }

  friend class ChannelStatisticsFile;

private:
  uint64_t rows = 0, bad = 0;
  std::vector<float> minimum, maximum, sample;
  std::vector<double> sums, absSums;
};

/// Statistics by observer id (lpc-insert-observers, channels-last), as an .npz file that NumPy
/// reads, too: for each id the arrays `<id>.count` [rows, rows left out], `<id>.min`, `<id>.max`,
/// `<id>.mean`, `<id>.mean_abs` [channels] and `<id>.sample` [rows, channels]; and
/// `lpc_statistics`, the version of the form.
class ChannelStatisticsFile {
public:
  std::map<int64_t, ChannelStatistics> tensors;

  /// Sets `error` to one sentence on failure.
  bool write(llvm::StringRef path, std::string &error) const;
  static mlir::FailureOr<ChannelStatisticsFile> read(llvm::StringRef path, std::string &error);

  /// Statistics of an observer that must see `channels` channels; null, with one sentence in
  /// `error`, if the file has none or others.
  const ChannelStatistics *find(int64_t id, int64_t channels, std::string &error) const;
};

} // namespace lpc::quant

#endif // LPC_QUANTIZATION_CHANNELSTATISTICS_H
