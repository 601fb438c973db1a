// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scale rules as pure functions of a block's statistics, in f32, every rounding stated. fl(...) is
// one rounding to f32, nearest even.
#ifndef LPC_NUMERICS_SCALERULES_H
#define LPC_NUMERICS_SCALERULES_H

#include "lpc/Numerics/FormatSpec.h"

namespace lpc::num {

/// The scale and the integer zero point of a range of values.
struct ScaleZero {
  float scale = 1;
  int32_t zero = 0;
};

/// The value that absmax gives the largest magnitude of a block: the format's largest value.
/// Tapered formats have few bits there; theirs is the largest value with as many fraction bits as
/// any: 15 for hif8 and posit8, (2 - 2^-f) * 2^(2^es - 1) for a posit with f fraction bits next
/// to 1, 2^(2^es) for one without.
double scaleTarget(const Format &element);

/// The code of the scale t >= 0: nearest in the format's default rounding, saturating; where a t >
/// 0 would become 0, the code of the least positive value. A block that has numbers never has the
/// scale 0.
uint32_t storedScale(const Format &format, double t);

/// absmax or minmax with an f32 scale. hi, lo: largest and least value of the element format.
///   no zero point: a = max(|least|, |most|), or max(most, 0) for unsigned formats;
///         s = max(fl(a / scaleTarget), 2^-126), 1 if a = 0; at most FLT_MAX if a is finite (a / hi
///         is larger than a where hi is below 1)
///   asym: least = min(least, 0), most = max(most, 0); s = rangeScale, z = rangeZero; both
///         stay 1 and 0 for a block of zeros
ScaleZero chooseScale(float least, float most, const Format &element, bool asymmetric);

/// max(fl((most - least) / (hi - lo)), 2^-126), the quotient formed in double, at most FLT_MAX if
/// the range is finite; 1 if most = least.
float rangeScale(float least, float most, const Format &element);

/// clamp(rne(fl(lo - fl(min(least, 0) / scale))), lo, hi).
int32_t rangeZero(float least, float scale, const Format &element);

/// floor(log2(element.max())): 2 for e2m1, 8 for e4m3, 15 for e5m2, 6 for int8.
int maxExponent(const Format &element);

/// Floor, Ceil, Even, RCeil, Log2, Raise, Pow2: the exponent of the power of two of a block whose
/// largest magnitude is `a`, clamped to [-127, 127]; 128 stands for NaN. The exponent of a float is
/// read from its bits (0 and subnormals: -127; infinity: 128). With emax = maxExponent(element):
///   floor  exponent(a) - emax
///   ceil   exponent(a) + (a's mantissa is not 0) - emax
///   even   exponent(bits(a) + 2^(22 - M)) - emax, M: mantissa bits of the element
///   rceil  d = fl(a / hi); the least e with d <= 2^e
///   log2   d as before; the e with 2^e nearest to d by ratio
///   raise  floor, plus 1 if a / 2^floor >= hi + half of the last step below hi
///   pow2   rceil of max(a, 1e-4)
/// a = NaN: 128.
int blockExponent(Rule rule, float a, const Format &element);

/// 2^exponent in f32, NaN for 128 (exact; 2^-127 is a subnormal).
float powerOfTwo(int exponent);

/// NV rules, the outer level: `encode` multiplies, `decode` is the stored scale.
struct NvOuter {
  float encode = 1, decode = 1;
};

/// `most`: the largest magnitude of the outer block, `limit`: the value that the largest block
/// scale takes (448, the scale format's maximum; 256 in four_over_six_256).
///   encode = min(fl(fl(limit * hi) / most), FLT_MAX), 1 instead of 0;
///   decode = min(fl(1 / encode), FLT_MAX)
NvOuter nvOuter(float most, float limit, const Format &element);

/// The unrounded block scale of a block with largest magnitude b:
///   nv         t = fl(b * min(fl(encode * fl(1 / hi)), FLT_MAX))
///   nv_divide  t = fl(fl(b / hi) * encode)
/// clamped to at most the scale format's maximum. The stored scale is rne(t), saturating; it may be
/// 0, as TransformerEngine's.
float nvInner(Rule rule, float b, float encode, const Format &element, const Format &scale);

/// The factor of the elements: min(fl(1 / fl(stored * decode)), FLT_MAX). Codes: encode(fl(x * r)).
float nvReciprocal(float stored, float decode);

} // namespace lpc::num

#endif // LPC_NUMERICS_SCALERULES_H
