// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversion of whole arrays: the same codes as Format::encode, fast, and codes packed into bits.
#ifndef LPC_NUMERICS_BULK_H
#define LPC_NUMERICS_BULK_H

#include "lpc/Numerics/Format.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace lpc::num {

/// Names the random bits of stochastic rounding: element i of a call takes those of `firstIndex +
/// i`. Keyed by the logical element index, so that tiling, threads and packing never change a
/// result.
struct RandomKey {
  uint64_t seed = 0;
  uint64_t firstIndex = 0;
};

/// `bits` (1 to 32) random bits of one element: a pure function of its arguments.
uint32_t randomBits(uint64_t seed, uint64_t index, unsigned bits);

namespace detail {
class StepTables;
} // namespace detail

/// Encodes arrays under one format and policy. Cheap to make and to copy; tables are made once per
/// process.
///
/// Every result equals Format::encode of the (divided) input. Spans of one call have equal sizes.
class Encoder {
public:
  Encoder(const Format &format, const Conversion &policy);

  const Format &format() const { return *format_; }
  const Conversion &policy() const { return policy_; }

  void encode(std::span<const float> x, std::span<uint16_t> codes, RandomKey key = {}) const;
  void encode(std::span<const double> x, std::span<uint16_t> codes, RandomKey key = {}) const;

  /// codes = encode(x / scale), the quotient rounded once to the type of x (for float that is
  /// ONNX's rule). With a zero point, for integers only: overflow(round(x / scale) + zeroPoint).
  void quantize(std::span<const float> x, float scale, int32_t zeroPoint, std::span<uint16_t> codes,
                RandomKey key = {}) const;
  void quantize(std::span<const double> x, double scale, int32_t zeroPoint,
                std::span<uint16_t> codes, RandomKey key = {}) const;

private:
  const Format *format_;
  Conversion policy_;
  const detail::StepTables *tables_ = nullptr;
};

/// Encoder::encode in one call.
void encode(const Format &, std::span<const float> x, std::span<uint16_t> codes, const Conversion &,
            RandomKey key = {});
void encode(const Format &, std::span<const double> x, std::span<uint16_t> codes,
            const Conversion &, RandomKey key = {});

/// Encoder::quantize in one call.
void quantize(const Format &, std::span<const float> x, float scale, int32_t zeroPoint,
              std::span<uint16_t> codes, const Conversion &, RandomKey key = {});
void quantize(const Format &, std::span<const double> x, double scale, int32_t zeroPoint,
              std::span<uint16_t> codes, const Conversion &, RandomKey key = {});

/// The values of codes. To float: exact for the named formats; a value outside of float's range is
/// rounded.
void decode(const Format &, std::span<const uint16_t> codes, std::span<float> x);
void decode(const Format &, std::span<const uint16_t> codes, std::span<double> x);

/// x = (value(code) - zeroPoint) * scale, the product rounded once to the type of x.
void dequantize(const Format &, std::span<const uint16_t> codes, float scale, int32_t zeroPoint,
                std::span<float> x);
void dequantize(const Format &, std::span<const uint16_t> codes, double scale, int32_t zeroPoint,
                std::span<double> x);

// Packing
// ----------------------------------------------------------------------------------------------------

/// Bytes of `count` packed codes.
constexpr size_t packedBytes(size_t count, unsigned width) {
  return count / 8 * width + (count % 8 * width + 7) / 8;
}

/// Low bits first: element i takes the bits [i*width, (i+1)*width) of a little-endian stream of
/// bits. `bytes` has packedBytes() bytes; the unused bits of the last one become zero. Codes are
/// below 2^width, width is 1 to 16.
void packBits(std::span<const uint16_t> codes, unsigned width, std::span<uint8_t> bytes);
void unpackBits(std::span<const uint8_t> bytes, unsigned width, std::span<uint16_t> codes);

} // namespace lpc::num

#endif // LPC_NUMERICS_BULK_H
