// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The published integer approximations, under their names, to compare with and to reproduce models
// that were trained for them. q is an integer, its value q * scale; each function states the scale
// of its result. lpc's own forms: IntegerMath.h, IntegerSoftmax.h, IntegerNorm.h, and tables for
// functions of one code.
#ifndef LPC_NUMERICS_INTEGERVARIANTS_H
#define LPC_NUMERICS_INTEGERVARIANTS_H

#include <cstdint>
#include <span>

namespace lpc::num {

/// An integer and the scale of its value.
struct Scaled {
  int64_t q = 0;
  double scale = 1;
  double value() const { return static_cast<double>(q) * scale; }
};

/// I-BERT (Kim et al. 2021): second-order polynomials.
namespace ibert {
/// exp(q scale), q <= 0: with k = floor(ln 2 / scale), z = floor(-q / k), p = q + z k:
/// (p (p + floor(2.7073 / scale)) + floor(2.7921 / scale^2)) >> z, scale 0.35815 scale^2; inputs
/// below -30 k count as -30 k. The polynomial errs by at most 1.9e-3.
Scaled exp(int64_t q, double scale);
/// gelu(q scale): q (L + floor(1 / scale_L)) with L = sgn(q) ((min(|q|, -b) + b)^2 + c),
/// b = floor(-1.769 / s'), c = floor(-1 / (0.2888 s'^2)), s' = scale / sqrt 2, scale_L =
/// -0.2888 s'^2; scale of the result scale scale_L / 2. Errs by at most 0.0183 on [-4, 4].
Scaled gelu(int64_t q, double scale);
/// softmax: exp on differences to the maximum, 16 bits kept, floor(2^32 / sum); `bits` of result,
/// scale 2^-bits.
void softmax(std::span<const int32_t> q, double scale, unsigned bits, std::span<int32_t> y);
/// The iteration (x + floor(v / x)) >> 1 from 2^ceil(bits / 2), until it no longer falls: exact.
uint32_t isqrt(uint32_t v);
/// (q - mean) / sigma with 2^30 / sqrt(n) as one: y (floor(2^31 / sigma)) >> 1, mean rounded,
/// scale sqrt(n) / 2^30; no epsilon.
void normalize(std::span<const int32_t> q, std::span<int64_t> y);
} // namespace ibert

/// I-ViT (Li and Gu 2022): shifts.
namespace ivit {
/// exp(q scale), q <= 0: t = q + (q >> 1) - (q >> 4), k = floor(1 / scale), z = floor(-t / k),
/// r = t + z k: ((r >> 1) + k) << (n - z), 0 where z > n; scale scale / 2^n. Errs by at most 0.044.
Scaled exp(int64_t q, double scale, unsigned n = 15);
/// x sigmoid(1.702 x) with 1.702 as 1 + 1/2 + 1/8 + 1/16 and exp as above; m is the maximum of the
/// row. `bits` of the sigmoid; scale scale / 2^(bits - 1). Errs by at most 0.022 without exp's
/// error.
Scaled gelu(int64_t q, int64_t m, double scale, unsigned bits = 16);
/// floor((2^31 - 1) / sum), scale 2^-(bits - 1).
void softmax(std::span<const int32_t> q, double scale, unsigned bits, std::span<int32_t> y);
/// Ten iterations from 2^16, however large v is: wrong by more than one for many v below 34596.
uint32_t isqrt(uint32_t v);
} // namespace ivit

} // namespace lpc::num

#endif // LPC_NUMERICS_INTEGERVARIANTS_H
