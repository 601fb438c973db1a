// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The format grammar of flags, recipes and attributes: an element format with a scale structure.
#ifndef LPC_NUMERICS_FORMATSPEC_H
#define LPC_NUMERICS_FORMATSPEC_H

#include "lpc/Numerics/Format.h"

namespace lpc::num {

/// Who shares a scale. `Channel`: one per output channel of a weight. `Token`: one per row (all
/// axes but the last) of an activation, computed at run time. `Group`: one per `groupSize`
/// neighbours on the contracted axis.
enum class Granularity : uint8_t { Tensor, Channel, Token, Group };

enum class ZeroPointKind : uint8_t { None, Integer };

/// `<element>[/<granularity>][/asym]`, for example `int8`, `int8/channel`, `int4/g128`,
/// `e4m3/token`, `uint8/asym`.
struct FormatSpec {
  const Format *element = nullptr;
  Granularity granularity = Granularity::Tensor;
  unsigned groupSize = 0; ///< with Granularity::Group
  ZeroPointKind zeroPoint = ZeroPointKind::None;

  /// Returns nothing and sets `error` to one sentence if `text` is not in the grammar.
  static std::optional<FormatSpec> parse(std::string_view text, std::string *error = nullptr);
  /// The canonical spelling; parse(str()) gives an equal spec.
  std::string str() const;
  friend bool operator==(const FormatSpec &, const FormatSpec &) = default;
};

} // namespace lpc::num

#endif // LPC_NUMERICS_FORMATSPEC_H
