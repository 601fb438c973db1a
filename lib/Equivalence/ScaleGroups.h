// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Channels of activations whose scales can move between the weights that read them and what wrote
// them: what smooth, awq and outlier-tune share.
#ifndef LPC_LIB_EQUIVALENCE_SCALEGROUPS_H
#define LPC_LIB_EQUIVALENCE_SCALEGROUPS_H

#include "lpc/Analysis/AxisClasses.h"
#include "lpc/Quantization/ChannelStatistics.h"
#include "lpc/Quantization/Contractions.h"

namespace lpc::equiv {

/// A factor of the channels of a group: one legal diagonal class. Scales of several factors are one
/// number for each combination of their indices, so all members have to be members of each.
struct ScaleFactor {
  const analysis::AxisClass *axisClass = nullptr;
  llvm::DenseMap<const void *, const analysis::AxisMember *> members; ///< by value or use
};

/// Activations that have to be scaled together.
struct ScaleGroup {
  llvm::SmallVector<ScaleFactor, 2> factors; ///< outermost first
  int64_t size = 1;                          ///< the number of scales
  llvm::SmallVector<quant::ObservedActivation, 2> activations;

  /// The scale of each index of an activation's channel axis.
  std::vector<int64_t> indicesOf(const quant::ObservedActivation &a) const;
  /// Calls `visit` with each element of a constant of the group and its scale.
  void forEach(mlir::OpOperand &use, llvm::MutableArrayRef<double> values,
               llvm::function_ref<void(double &value, int64_t scale)> visit) const;
  /// Multiplies the weights of all readers by the scales, and divides what writes the activations.
  mlir::LogicalResult apply(llvm::ArrayRef<double> scales) const;
};

/// An activation that cannot be scaled where it is written, and why.
struct ScaleRefusal {
  quant::ObservedActivation activation;
  mlir::Operation *op; ///< the barrier
  std::string why;
};

/// The groups of a function, in program order. Norms without a gain get one of ones where that
/// makes their result scalable.
class ScaleGroups {
public:
  explicit ScaleGroups(mlir::func::FuncOp func);
  llvm::ArrayRef<ScaleGroup> groups() const { return found; }
  llvm::ArrayRef<ScaleRefusal> refusals() const { return refused; }

private:
  void collect(const quant::ObservedActivation &a);

  std::vector<analysis::AxisClass> classes;
  std::vector<ScaleGroup> found;
  std::vector<ScaleRefusal> refused;
};

/// A scale for each channel in front of the readers, for what no group takes:
/// x -> nn.binary mul(x, 1/s) and s times the weights.
mlir::LogicalResult scaleExplicitly(const quant::ObservedActivation &a,
                                    llvm::ArrayRef<double> scales);

/// The largest magnitude of the weights that read each channel.
mlir::FailureOr<std::vector<double>> weightMaxima(const quant::ObservedActivation &a);

/// Reads the file of a step's option `statistics`; emits an error at `func` if there is none.
mlir::FailureOr<quant::ChannelStatisticsFile> readStatistics(mlir::func::FuncOp func,
                                                             llvm::StringRef path);
/// The statistics of an activation; emits an error if they are not in the file.
mlir::FailureOr<const quant::ChannelStatistics *>
statisticsOf(const quant::ChannelStatisticsFile &file, const quant::ObservedActivation &a);

} // namespace lpc::equiv

#endif // LPC_LIB_EQUIVALENCE_SCALEGROUPS_H
