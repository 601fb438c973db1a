// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Element formats: finite maps from codes to exact values. Decode is the definition; the rest is
// derived from it.
#ifndef LPC_NUMERICS_FORMAT_H
#define LPC_NUMERICS_FORMAT_H

#include "lpc/Numerics/Conversion.h"
#include "lpc/Numerics/Exact.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lpc::num {

/// The family of a format. Users switch on this only to choose a fast path; meaning comes from
/// decode.
enum class Family : uint8_t { Integer, Minifloat, Fixed, Posit, HiFloat8, Lns, Table };

/// The widest code of a tensor. Scalars go up to the 19 bits of tf32.
inline constexpr unsigned maxTensorCodeBits = 16;

/// An element format of 1 to 19 bits. Formats are interned: two formats with the same meaning are
/// the same object, so they are compared by address and live for the whole process.
///
/// A code is the low `width()` bits of a uint32_t; the other bits must be zero.
class Format {
public:
  virtual ~Format() = default;
  Format(const Format &) = delete;
  Format &operator=(const Format &) = delete;

  /// Finds or makes the format with this spelling (docs/Formats.md has the grammar): `int4`,
  /// `uint8`, `int8.narrow`, `e4m3`, `e4m3fnuz`, `e8m0`, `bf16`, `e3m2<bias=5,specials=fn>`,
  /// `fix8<f=4>`, `posit8`, `hif8`, `lns8<f=3>`, `nf4`, `ternary`, `table<-3,-1,1,3>`, ...
  /// Returns null and sets `error` to one sentence if there is none.
  static const Format *parse(std::string_view spelling, std::string *error = nullptr);

  Family family() const { return family_; }
  /// Bits of a code, 1 to 19; above maxTensorCodeBits only scalars are converted.
  unsigned width() const { return width_; }
  unsigned numCodes() const { return 1u << width_; }
  /// The canonical spelling; parse(name()) returns this object.
  const std::string &name() const { return name_; }

  /// The definition: the exact value of a code.
  virtual Exact decode(uint32_t code) const = 0;
  /// The value rounded once to double (exact unless it is irrational). A decode to float is this,
  /// rounded to float.
  double decodeToDouble(uint32_t code) const { return decode(code).toDouble(); }

  /// The code of `x` under a policy: one rounding from the exact double. `random` supplies the bits
  /// of stochastic rounding, uniform in [0, 2^policy.randomBits).
  virtual uint32_t encode(double x, const Conversion &policy, uint32_t random = 0) const = 0;

  /// What an operation uses that names no rounding.
  virtual Rounding defaultRounding() const { return Rounding::NearestEven; }

  /// A code that decodes but stands outside the format, so that encode never makes it (the lowest
  /// code of a narrow integer, the unused code of a ternary one). It does not count in max(),
  /// lowest() and minPositive().
  virtual bool isReserved(uint32_t /*code*/) const { return false; }

  // Derived from decode
  // -----------------------------------------------------------------------------------
  bool isSigned() const { return lowest() < 0; }
  bool hasInf() const { return hasInf_; }
  bool hasNaN() const { return hasNaN_; }
  /// The code of +0, or nothing.
  std::optional<uint32_t> zeroCode() const { return zeroCode_; }
  /// Largest and lowest finite values, and the least positive one.
  double max() const { return max_; }
  double lowest() const { return lowest_; }
  double minPositive() const { return minPositive_; }
  /// Whether every finite value is a dyadic rational (all but logarithmic formats).
  bool isDyadic() const { return dyadic_; }
  /// Least f >= 0 such that each finite value times 2^f is an integer. Without such f (not dyadic)
  /// this is `noImage`, too large for every use.
  int fractionBits() const { return fractionBits_; }
  /// Bits of a two's complement integer that holds each finite value times 2^fractionBits();
  /// `noImage` where there is none, so that "does it fit in 64 bits" answers no.
  unsigned imageBits() const { return imageBits_; }
  static constexpr int noImage = 1 << 16;
  /// The codes that encode makes for finite values, by ascending value; a zero once, as +0.
  const std::vector<uint32_t> &codesByValue() const { return codesByValue_; }
  /// Whether greater codes never stand for lesser values, codes read as unsigned or as two's
  /// complement numbers (`signedOrder`). Reserved codes, NaN, infinities and -0 do not count.
  bool isMonotone(bool signedOrder) const;
  /// The code of the negated value: of -v, of the other infinity or zero, of NaN itself. Nothing if
  /// the format lacks it (asymmetric tables, -2^(b-1)). +0 gives -0 where there is one, else +0.
  std::optional<uint32_t> negate(uint32_t code) const;
  /// The value of each code as a double, indexed by code (NaN and infinities as such).
  const std::vector<double> &table() const { return table_; }

protected:
  Format(Family family, unsigned width, std::string name)
      : family_(family), width_(width), name_(std::move(name)) {}
  /// Fills the derived members by decoding each code; every family calls it once when a format is
  /// made.
  void derive();

private:
  Family family_;
  unsigned width_;
  std::string name_;
  bool hasInf_ = false, hasNaN_ = false;
  std::optional<uint32_t> zeroCode_;
  double max_ = 0, lowest_ = 0, minPositive_ = 0;
  bool dyadic_ = true;
  int fractionBits_ = 0;
  unsigned imageBits_ = 0;
  std::vector<double> table_;
  std::vector<uint32_t> codesByValue_;
};

/// Spellings of the presets that name one element format, for help texts and near-miss suggestions.
std::vector<std::string> knownFormatNames();

/// Integers: `int<b>` two's complement, `uint<b>`, `int<b>.narrow` without the lowest code's value.
class IntegerFormat final : public Format {
public:
  /// Returns null if the parameters are illegal: width 1 to 16, narrow only with signed and width
  /// >= 2.
  static const IntegerFormat *get(unsigned width, bool isSigned, bool narrow = false);
  static bool classof(const Format *f) { return f->family() == Family::Integer; }

  bool isSignedInteger() const { return signed_; }
  bool isNarrow() const { return narrow_; }
  int32_t lo() const { return lo_; }
  int32_t hi() const { return hi_; }
  /// Sign-extends a code; the lowest code of a narrow format decodes as two's complement.
  int32_t decodeInt(uint32_t code) const;

  Exact decode(uint32_t code) const override;
  uint32_t encode(double x, const Conversion &policy, uint32_t random = 0) const override;
  /// Affine quantization with the zero point outside the rounding (ONNX): overflow(round(x) +
  /// zeroPoint). The policy `NaNPolicy::Zero` gives the code of the real number 0, which is the
  /// zero point.
  uint32_t encodeAffine(double x, int32_t zeroPoint, const Conversion &policy,
                        uint32_t random = 0) const;
  bool isReserved(uint32_t code) const override;

private:
  IntegerFormat(unsigned width, bool isSigned, bool narrow);
  bool signed_, narrow_;
  int32_t lo_, hi_;
};

/// Which magnitude codes of a minifloat are infinities and NaNs (guide: E exponent bits, M mantissa
/// bits).
enum class Specials : uint8_t {
  IEEE,     ///< the top exponent: mantissa 0 is inf, others NaN
  FN,       ///< the all-ones code is NaN (both signs); no inf
  FNUZ,     ///< the code of negative zero is the only NaN; no inf, no negative zero
  Finite,   ///< neither inf nor NaN
  Extended, ///< P3109: the top code is inf, the code of negative zero is NaN (unsigned: the top
            ///< code is NaN and the one below it is inf)
};

struct MinifloatParams {
  unsigned exponentBits = 0; ///< E >= 0
  unsigned mantissaBits = 0; ///< M >= 0
  int bias = 0;              ///< value of a normal: (2^M + m) * 2^(e - bias - M)
  Specials specials = Specials::Finite;
  bool isSigned = true;
  bool subnormals = true; ///< false: exponent field 0 is an ordinary binade
  friend bool operator==(const MinifloatParams &, const MinifloatParams &) = default;
};

/// The minifloat family: fp8, fp6, fp4, bf16, fp16, E8M0, tf32, and every other ExMy of up to 19
/// bits.
class MinifloatFormat final : public Format {
public:
  /// Returns null and sets `error` if the parameters are illegal.
  static const MinifloatFormat *get(const MinifloatParams &params, std::string *error = nullptr);
  static bool classof(const Format *f) { return f->family() == Family::Minifloat; }

  const MinifloatParams &params() const { return params_; }
  Exact decode(uint32_t code) const override;
  uint32_t encode(double x, const Conversion &policy, uint32_t random = 0) const override;

private:
  MinifloatFormat(const MinifloatParams &params, std::string name);
  uint32_t signBit(bool negative) const;
  uint32_t nanCode(bool negative) const;
  uint32_t zeroResult(bool negative, const Conversion &policy) const;
  uint32_t overflowResult(bool negative, const Conversion &policy) const;
  MinifloatParams params_;
};

} // namespace lpc::num

#endif // LPC_NUMERICS_FORMAT_H
