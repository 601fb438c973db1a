// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The families beside integers and minifloats: fixed point, posits, HiFloat8, logarithms, tables.
// Users that ask only Format's questions need none of this.
#ifndef LPC_NUMERICS_FORMATFAMILIES_H
#define LPC_NUMERICS_FORMATFAMILIES_H

#include "lpc/Numerics/Format.h"

#include <memory>

namespace lpc::num {

namespace detail {
class ValueList;
} // namespace detail

/// Fixed point: an integer times 2^-f. `fix<b>` two's complement, `ufix<b>` unsigned,
/// `fix<b>.narrow` without the lowest code's value.
class FixedFormat final : public Format {
public:
  /// Returns null if the parameters are illegal: those of IntegerFormat::get, and -64 <= f <= 64, f
  /// not 0 (that is the integer).
  static const FixedFormat *get(unsigned width, bool isSigned, bool narrow, int fraction);
  static bool classof(const Format *f) { return f->family() == Family::Fixed; }

  /// The integer whose codes these are; value = integer value * 2^-fraction().
  const IntegerFormat &integer() const { return integer_; }
  int fraction() const { return fraction_; }

  Exact decode(uint32_t code) const override;
  uint32_t encode(double x, const Conversion &policy, uint32_t random = 0) const override;
  bool isReserved(uint32_t code) const override { return integer_.isReserved(code); }

private:
  FixedFormat(const IntegerFormat &integer, int fraction, std::string name);
  const IntegerFormat &integer_;
  int fraction_;
};

/// Posits of n bits with es exponent bits: `posit<n>` is es = 2, `posit<n><es=...>` any other.
class PositFormat final : public Format {
public:
  /// Returns null unless 2 <= width <= 16 and 0 <= es <= 4.
  static const PositFormat *get(unsigned width, unsigned es);
  static bool classof(const Format *f) { return f->family() == Family::Posit; }
  ~PositFormat() override;

  unsigned exponentBits() const { return es_; }
  Exact decode(uint32_t code) const override;
  uint32_t encode(double x, const Conversion &policy, uint32_t random = 0) const override;

private:
  PositFormat(unsigned width, unsigned es, std::string name);
  unsigned es_;
  std::unique_ptr<const detail::ValueList> list_;
};

/// HiFloat8 (`hif8`): a prefix code chooses between exponent and mantissa bits.
class HiFloat8Format final : public Format {
public:
  static const HiFloat8Format *get();
  static bool classof(const Format *f) { return f->family() == Family::HiFloat8; }
  ~HiFloat8Format() override;

  Rounding defaultRounding() const override { return Rounding::NearestAway; }
  Exact decode(uint32_t code) const override;
  uint32_t encode(double x, const Conversion &policy, uint32_t random = 0) const override;

private:
  HiFloat8Format();
  std::unique_ptr<const detail::ValueList> list_;
};

/// Logarithms: a sign and a two's complement number L with f fraction bits; +-2^(L / 2^f). The
/// lowest L stands for zero (positive sign) and NaN (negative sign), or for values like the others
/// with `nozero`.
class LnsFormat final : public Format {
public:
  /// Returns null and sets `error` if the parameters are illegal.
  static const LnsFormat *get(unsigned width, unsigned fraction, bool withZero,
                              std::string *error = nullptr);
  static bool classof(const Format *f) { return f->family() == Family::Lns; }
  ~LnsFormat() override;

  /// The f of 2^(L / 2^f).
  unsigned logFraction() const { return fraction_; }
  bool hasZero() const { return withZero_; }
  Rounding defaultRounding() const override { return Rounding::NearestLog; }
  Exact decode(uint32_t code) const override;
  uint32_t encode(double x, const Conversion &policy, uint32_t random = 0) const override;

  struct Octave;

private:
  LnsFormat(unsigned width, unsigned fraction, bool withZero, std::string name);
  uint32_t codeOf(bool negative, int32_t log) const;
  uint32_t nanCode() const { return numCodes() - numCodes() / 4; }
  uint32_t outOfRange(bool negative, const Conversion &policy) const;
  unsigned fraction_;
  bool withZero_;
  int32_t least_, largest_; ///< the L of the least and of the largest magnitude
  std::unique_ptr<const Octave> octave_;
};

/// A finite list of values, one for each code: nf4, ternary, bipolar, ..., and `table<v0,v1,...>`.
class TableFormat final : public Format {
public:
  struct Definition {
    std::string name;
    unsigned width = 0;
    /// One for each code; zeros may be negative. Encode never makes the codes from `used` on.
    std::vector<double> values;
    uint32_t used = 0;
    Rounding rounding = Rounding::NearestEven;
  };
  static const TableFormat *get(Definition definition);
  static bool classof(const Format *f) { return f->family() == Family::Table; }
  ~TableFormat() override;

  Rounding defaultRounding() const override { return definition_.rounding; }
  Exact decode(uint32_t code) const override;
  uint32_t encode(double x, const Conversion &policy, uint32_t random = 0) const override;
  bool isReserved(uint32_t code) const override { return code >= definition_.used; }

private:
  explicit TableFormat(Definition definition);
  Definition definition_;
  std::unique_ptr<const detail::ValueList> list_;
};

} // namespace lpc::num

#endif // LPC_NUMERICS_FORMATFAMILIES_H
