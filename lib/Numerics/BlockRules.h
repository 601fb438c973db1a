// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The choice of a block's parameters by the spec's rule: the first half of quantization.
#ifndef LPC_LIB_NUMERICS_BLOCKRULES_H
#define LPC_LIB_NUMERICS_BLOCKRULES_H

#include "BlockCoder.h"
#include "BlockStats.h"

namespace lpc::num::detail {

/// The parameters of an outer block.
struct OuterParams {
  Stored scale, offset;
  float encode = 1; ///< nv: the factor that made the block scales
};

/// Elements that share a scale, with their importance (null: equal).
struct Elements {
  const float *x = nullptr;
  size_t n = 0;
  const float *importance = nullptr;
};

/// Chooses parameters of one block after the other. Has scratch space: one for each thread.
class BlockChooser {
public:
  explicit BlockChooser(const BlockCoder &coder);

  /// Of an outer block with this largest magnitude.
  OuterParams chooseOuter(float most) const;
  /// Of an innermost block. Not for kquant.
  BlockParams choose(const Elements &e, const OuterParams &outer);
  /// kquant: an outer block and all blocks in it.
  OuterParams chooseSuperBlock(std::span<const Elements> blocks, std::vector<BlockParams> &params);

  /// The sum of importance * (x - y)^2 under these parameters, ascending.
  double error(const BlockParams &p, const Elements &e);

private:
  BlockParams fromRange(float least, float most) const;
  BlockParams fromAffineRange(float least, float most) const;
  BlockParams absmax(const Elements &e) const;
  BlockParams powerOfTwoBlock(int exponent) const;
  BlockParams searchRange(const Elements &e);
  BlockParams searchPower(const Elements &e);
  BlockParams dynamicFixedPoint(const Elements &e) const;
  BlockParams nvBlock(float t, const OuterParams &outer) const;
  BlockParams searchNv(const Elements &e, const OuterParams &outer);
  BlockParams fourOverSix(const Elements &e, const OuterParams &outer);
  BlockParams signedMax(const Elements &e) const;
  BlockParams reciprocal(const Elements &e) const;
  BlockParams absmean(const Elements &e) const;
  BlockParams razor(const Elements &e, const OuterParams &outer) const;

  const BlockCoder &coder_;
  const FormatSpec &spec_;
  StoredFormat scale_, outer_, offset_, outerOffset_;
  bool powerOfTwo_;
  std::vector<int> shifts_; ///< razor: those that the format of scales stores, ascending
  std::vector<uint16_t> codes_;
  std::vector<float> back_;
};

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_BLOCKRULES_H
