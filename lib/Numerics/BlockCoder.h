// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the parameters of a block to its codes and back: the second half of quantization, the same
// for every rule.
#ifndef LPC_LIB_NUMERICS_BLOCKCODER_H
#define LPC_LIB_NUMERICS_BLOCKCODER_H

#include "FastEncode.h"

#include "lpc/Numerics/BlockQuantizer.h"
#include "lpc/Numerics/Bulk.h"

namespace lpc::num::detail {

/// A stored number: its code, and what the code means.
struct Stored {
  uint16_t code = 0;
  float value = 1;
};

/// How numbers of one level are stored.
class StoredFormat {
public:
  /// Null: f32.
  explicit StoredFormat(const Format *format);
  const Format *format() const { return format_; }
  /// Nearest, ties to even, saturating.
  Stored operator()(float x) const;
  /// num::storedScale: a positive number never becomes 0.
  Stored positive(float x) const;
  float value(uint16_t code) const { return table_[code]; }
  float max() const;

private:
  const Format *format_;
  std::optional<Encoder> encoder_;
  std::optional<FastEncoder> fast_;
  std::vector<float> table_;
};

/// All that the codes of one innermost block depend on, besides its elements.
struct BlockParams {
  Stored scale, negative, offset;
  int32_t zero = 0;
  float floatZero = 0;
  /// The whole scales and offset, over all levels.
  float wholeScale = 1, wholeNegative = 1, wholeOffset = 0;
  /// Where codes are made by a multiplication instead of the division by wholeScale.
  float factor = 1;
  bool multiplies = false;
  /// Razor: bits that are dropped.
  int shift = 0;
};

/// Makes codes of blocks under one spec.
class BlockCoder {
public:
  explicit BlockCoder(const FormatSpec &spec, std::optional<Rounding> rounding);

  /// Codes of n elements that share `p`. With a table: use encodeTable.
  void encode(const BlockParams &p, const float *x, size_t n, uint16_t *codes) const;
  /// What the element encoder sees: fl(x / s), fl(fl(x - m) / s), ...
  void normalize(const BlockParams &p, const float *x, size_t n, float *y) const;
  /// Whether codes are the encoder's codes of normalize(), so that a row is encoded at once.
  bool isPointwise() const { return pointwise_; }
  void encodeNormalized(const float *y, size_t n, uint16_t *codes) const;

  /// The inverse, as dequantizeBlocks says; `table`: the row's entries, or null.
  void decode(const BlockParams &p, const uint16_t *codes, size_t n, const float *table,
              float *x) const;

  const FormatSpec &spec() const { return spec_; }
  const Format &element() const { return *spec_.element; }
  float hi() const { return hi_; }
  float lo() const { return lo_; }
  uint16_t zeroCode() const { return zeroCode_; }

private:
  void encodeSignedMax(const BlockParams &p, const float *x, size_t n, uint16_t *codes) const;
  void encodeRazor(const BlockParams &p, const float *x, size_t n, uint16_t *codes) const;

  FormatSpec spec_;
  Encoder encoder_;
  std::optional<FastEncoder> fast_;
  float hi_, lo_;
  uint16_t zeroCode_ = 0;
  bool pointwise_;
  std::vector<float> values_; ///< of each code, in f32
};

/// The f32 values of all codes: fl(decode).
std::vector<float> floatTable(const Format &format);

/// The largest magnitude of the whole numbers that razor starts from.
int32_t razorBase(Rule rule);

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_BLOCKCODER_H
