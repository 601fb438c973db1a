// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors under a scale structure: quantize chooses scales by the spec's rule and makes codes,
// dequantize is the definition of what they mean.
#ifndef LPC_NUMERICS_BLOCKQUANTIZER_H
#define LPC_NUMERICS_BLOCKQUANTIZER_H

#include "lpc/Numerics/FormatSpec.h"

#include <cstddef>
#include <span>

namespace lpc::num {

/// What an axis of the tensor is to its contraction. At most one axis is Contracted and at most one
/// is Across. Blocks span a Window axis whole; a Batch axis is whole in a `tensor` level and has
/// its own blocks at each index otherwise.
enum class AxisRole : uint8_t { Contracted, Across, Batch, Window };

/// [..., k, n], a matmul's right operand; a vector is [k].
std::vector<AxisRole> matmulWeightRoles(size_t rank);
/// [m, c, spatial...], a convolution's filter.
std::vector<AxisRole> filterRoles(size_t rank);
/// [..., rows, k]: activations, and weights stored with the contracted axis last.
std::vector<AxisRole> rowRoles(size_t rank);

/// The block shape of a level over the axes of a tensor; 0: the whole axis.
std::vector<int64_t> blockShape(const ScaleLevel &level, std::span<const AxisRole> roles);
/// ceil(shape / block), axis by axis.
std::vector<int64_t> gridShape(std::span<const int64_t> shape, std::span<const int64_t> block);

/// One stored parameter of each block of a level, row-major in `shape`.
struct LevelValues {
  std::vector<int64_t> block;     ///< block shape, 0: the whole axis
  std::vector<int64_t> shape;     ///< the grid of blocks
  const Format *format = nullptr; ///< null: f32
  std::vector<uint16_t> codes;    ///< with a format; values[i] = fl(decode(codes[i]))
  std::vector<float> values;
};

/// A tensor in a format.
struct BlockQuantized {
  FormatSpec spec;
  std::vector<int64_t> shape;
  std::vector<uint16_t> codes;                              ///< row-major in `shape`
  std::vector<LevelValues> scales, offsets, negativeScales; ///< innermost first
  std::vector<int32_t> zeros;    ///< ZeroPointKind::Integer: on the grid of scales[0]
  std::vector<float> floatZeros; ///< ZeroPointKind::Float: likewise
  LevelValues table;             ///< with a table: `shape` is [rows, 2^width]; see tableRows
};

struct BlockOptions {
  unsigned threads = 1; ///< results never depend on it
  /// How much an error in each index of the contracted axis matters (mean square activations, say);
  /// empty: equally. Used by mse, kquant and kmeans.
  std::span<const float> importance = {};
  /// Rounding of the elements, not a stochastic one; by default the rule's or the format's own.
  std::optional<Rounding> rounding = {};
};

/// Makes codes and scales of `x` (row-major, `shape`, one role per axis). Blocks at the end of an
/// axis may be short; a short block is a block of its own. An empty tensor has empty codes.
///
/// Returns false and sets `error` to one sentence where spec and tensor do not fit.
///
/// **Notation.** fl: one rounding to f32. hi, lo: the element format's largest and least value. a:
/// the largest magnitude in the block without its NaNs (0 if there is nothing else). stored(t): t
/// itself for f32 scales; else the code of the scale format in its default rounding (ties to even),
/// saturating. enc: the element format's encode, saturating, NaN to NaN or else to +0, with the
/// format's default rounding.
///
/// **Codes.** The whole scale is s = fl(... fl(s0 * s1) ... * sn), innermost first. Unless the rule
/// says otherwise
///   none     q = enc(fl(x / s))
///   asym     q = clamp(round(fl(x / s)) + z)
///   asym:float  q = enc(fl(fl(x / s) + z))
///   offset   q = enc(fl(fl(x - m) / s))
///   table    q = the lowest code with the least |y - table[row][q]|, y as above before enc
///   posneg   the negative scale takes the place of s where x < 0
/// A positive scale is never stored as 0: where stored(t) would be, it is the least positive value
/// of the format. The nv rules, kquant and gguf's signed_max and reciprocal do store 0, which makes
/// all codes of a block enc(0), except under nv.
///
/// **Rules.**
///   absmax   one level. s = stored(s'), s' = chooseScale (lpc/Numerics/ScaleRules.h). posneg:
///            a is the maximum of x >= 0, or of -x for x < 0.
///   minmax   one level. asym: chooseScale. asym:float and offset do not widen the range to 0: with
///            u = min x, w = max x: s' = rangeScale(u, w);
///            z = fl(lo - fl(u / s)); m = stored(fl(u - fl(lo * s))).
///   mse      f32 or rounded scales, one level: absmax or minmax of the block's range times
///            fl(p / 100), both ends rounded to f32, for p = 100, 98, 96, ..., 40; the first with
///            the least error. Power-of-two scales: exponent floor + 0, 1, -1. Two levels: nv with
///            t * c, c = 1 and 0.8 + 0.7 i / 9. Error: the sum of importance * (x - y)^2 in double,
///            ascending.
///   floor, ceil, even, rceil, log2, raise, pow2
///            s = stored(2^blockExponent(a)), a = NaN if the block holds a NaN; infinity counts as
///            2^128.
///   dfp      like rceil, then the exponent falls while at most n / 10000 of the block's n elements
///            have fl(|x| / 2^e) > hi.
///   floor_fit  two levels: floor, and outside the constant fl(2^(emax + 1) / hi), with which no
///   element
///            exceeds hi (4/3 for e2m1).
///   nv, nv_divide  s1 = nvOuter(A).decode, A: the largest magnitude of the outer block, NaNs left
///            out; s0 = stored(nvInner(a)); q = enc(fl(x * nvReciprocal(s0, s1))). With one level
///            encode = decode = 1.
///   four_over_six  e2m1 only: nv, or t * 1.5 if its sum of (x - y)^2 is less.
///   signed_max  integers. v: the first element of largest magnitude; d = fl(v / lo), s =
///   stored(d),
///            r = d == 0 ? 0 : fl(1 / d), limited to FLT_MAX; q = clamp(trunc(fl(fl(x * r) + (0.5 -
///            lo))) + lo).
///   reciprocal  d = fl(a / hi), at most FLT_MAX if a is finite; s = stored(d), r as before,
///            q = enc(fl(x * r)), ties away from zero.
///   absmean  s = stored(max(fl(mean |x|), 1e-5)), the mean formed in double; q = enc(fl(x *
///   fl(1/s))). razor    two levels, base B = 127 (razor16: 32767): s1 = fl(A / B), 1 for a zero
///   block;
///            b = clamp(rne(fl(x / s1)), -B, B); p: bits of hi; h: bits of the OR of all |b| of the
///            block; k = max(0, h - p), or the next that s0 can store; |q| = min(hi, floor((|b| +
///            2^(k-1)) / 2^k)), sign of b; s0 = 2^k.
///   kmeans   no levels, or one: with an offset minmax as above, else s = stored(fl(a / hi)); then
///   per
///            row a table of 2^width entries for the y of its elements, ascending.
///   kquant, kmeans's tables  searches without a published formula; docs/Formats.md describes ours.
///   Both are
///            deterministic.
///
/// **Special blocks.** All zero: codes of 0 (a table's nearest entry). NaN elements: enc(NaN), and
/// other elements are as if it were absent, except under the power-of-two rules, where the scale is
/// NaN and with it the whole block. Infinity: absmax and minmax give s = inf, so the block decodes
/// to NaN (f32 scales), or saturate (narrow scales); power-of-two rules and nv saturate the
/// element.
bool quantizeBlocks(const FormatSpec &spec, std::span<const float> x,
                    std::span<const int64_t> shape, std::span<const AxisRole> roles,
                    BlockQuantized &out, std::string &error, const BlockOptions &options = {});

/// The definition. With v = fl(decode(code)), or table[row][code]; s = fl(...fl(s0 * s1)...)
/// innermost first, of the negative scales where v < 0 if there are any; m likewise from the
/// offsets:
///   none: fl(v * s)   asym: fl((v - z) * s)   asym:float: fl(fl(v - z) * s)   offset: fl(fl(v * s)
///   + m)
/// Without scales s = 1.
void dequantizeBlocks(const BlockQuantized &q, std::span<const AxisRole> roles, std::span<float> x,
                      unsigned threads = 1);

/// The table's row of an element: its index over all Batch and Across axes, row-major in their
/// order. Number of rows: the product of those axes.
int64_t tableRows(std::span<const int64_t> shape, std::span<const AxisRole> roles);

} // namespace lpc::num

#endif // LPC_NUMERICS_BLOCKQUANTIZER_H
