// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The format grammar of flags, recipes and attributes: an element format with a scale structure and
// the rule that chooses the scales.
#ifndef LPC_NUMERICS_FORMATSPEC_H
#define LPC_NUMERICS_FORMATSPEC_H

#include "lpc/Numerics/Format.h"

#include <span>

namespace lpc::num {

/// Who shares a scale. `Channel`: one per output channel of a weight. `Token`: one per row (all
/// axes but the last) of an activation, computed at run time. `Group`: one per `groupSize`
/// neighbours on the contracted axis. `Tile`: blocks of several channels.
enum class Granularity : uint8_t { Tensor, Channel, Token, Group, Tile };

/// What is subtracted or added besides the scale. With v the value of the code and s its scale:
enum class ZeroPointKind : uint8_t {
  None,    ///< fl(v * s)
  Integer, ///< `asym`: fl((v - z) * s), z an integer in the range of the codes
  Float,   ///< `asym:float`: fl(fl(v - z) * s), z an f32
  Offset,  ///< `offset`: fl(fl(v * s) + m), m a product of levels like the scale
};

/// The rule that chooses scales. lpc/Numerics/BlockQuantizer.h has the formulas.
enum class Rule : uint8_t {
  AbsMax,         ///< `absmax`
  MinMax,         ///< `minmax`
  MSE,            ///< `mse`: a search for the least squared error
  Floor,          ///< `floor`: the largest power of two (OCP MX; block floating point that clamps)
  Ceil,           ///< `ceil`
  Even,           ///< `even`: round the maximum first
  RCeil,          ///< `rceil`: the least power of two that never clips
  Log2,           ///< `log2`: the nearest power of two by ratio
  Raise,          ///< `raise`: `floor`, one more where the maximum would clip
  Pow2,           ///< `pow2`: `rceil` of a maximum of at least 1e-4 (DeepSeek)
  DFP,            ///< `dfp`: dynamic fixed point: the least power of two that clips one in 10000
  FloorFit,       ///< `floor_fit`: `floor` times the constant that lets the maximum just fit
  NV,             ///< `nv`: NVFP4 in TransformerEngine's order of operations
  NVDivide,       ///< `nv_divide`: the same with the block maximum divided first
  FourOverSix,    ///< `four_over_six`: the block maximum at 6 or at 4
  FourOverSix256, ///< `four_over_six_256`: the same with 256 for the largest block scale
  SignedMax,      ///< `signed_max`: gguf's Q4_0
  Reciprocal,     ///< `reciprocal`: gguf's Q8_0, TQ1_0, TQ2_0
  AbsMean,        ///< `absmean`: BitNet b1.58
  KQuant,         ///< `kquant`: weighted least squares over super-blocks
  Razor,          ///< `razor`: QRazor from 8 bits
  Razor16,        ///< `razor16`: QRazor from 16 bits
  KMeans,         ///< `kmeans`: learned tables
};

std::string_view toString(Rule);
std::optional<Rule> parseRule(std::string_view);

/// One level of scales: the shape of the block that shares one scale. `across` counts along the
/// axis that is not contracted (output channels, tokens).
struct ScaleLevel {
  uint32_t along = 0;             ///< elements along the contracted axis; 0: the whole axis
  uint32_t across = 0;            ///< 0: the whole axis; 1: each has its own
  const Format *format = nullptr; ///< of the stored scale; null: f32
  bool token = false;             ///< spelled `token`: chosen at run time

  Granularity granularity() const;
  friend bool operator==(const ScaleLevel &, const ScaleLevel &) = default;
};

/// `element{/level}[/posneg][/zero][/table][@rule]`, or a preset name with or without `@rule`:
/// `int8`, `int4/g128`, `uint8/asym`, `e4m3/128x128`, `e2m1/g16:e4m3/tensor@nv`, `mxfp4@even`.
/// docs/Formats.md has the grammar. Levels go from the innermost to the outermost; each block holds
/// whole blocks of the level before. Without levels the spec has one scale per tensor, except with
/// `table`, where it then has none.
struct FormatSpec {
  const Format *element = nullptr;
  std::vector<ScaleLevel> levels = {ScaleLevel{}}; ///< innermost first
  ZeroPointKind zeroPoint = ZeroPointKind::None;
  std::vector<const Format *> offsetFormats; ///< with Offset: of each level; null: f32
  bool signSplit = false;                    ///< `posneg`: other scales where v < 0 (AFPQ)
  bool hasTable = false;                     ///< `table`: v is an entry of the row's table
  const Format *tableFormat = nullptr;       ///< of the entries; null: f32
  Rule rule = Rule::AbsMax;

  /// Returns nothing and sets `error` to one sentence if `text` is not in the grammar.
  static std::optional<FormatSpec> parse(std::string_view text, std::string *error = nullptr);
  /// The canonical spelling: the preset's name if there is one; parse(str()) gives an equal spec.
  std::string str() const;
  /// The canonical spelling without presets.
  std::string expanded() const;

  /// Of the innermost level.
  Granularity granularity() const {
    return levels.empty() ? Granularity::Tensor : levels[0].granularity();
  }
  /// With Granularity::Group.
  unsigned groupSize() const { return granularity() == Granularity::Group ? levels[0].along : 0; }
  /// One level of f32 scales, at most an integer zero point, chosen by absmax or minmax: all that
  /// passes need that know no more than one scale tensor.
  bool isPlain() const;

  friend bool operator==(const FormatSpec &, const FormatSpec &) = default;
};

/// A name for a spelling.
struct Preset {
  std::string_view name, spelling, about;
};
std::span<const Preset> presets();

} // namespace lpc::num

#endif // LPC_NUMERICS_FORMATSPEC_H
