// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Enumerations of the lp dialect; words and order are those of include/lpc/Numerics/Conversion.h.
#ifndef LPC_DIALECTS_LP_IR_LPENUMS
#define LPC_DIALECTS_LP_IR_LPENUMS

include "dialects/Lp/IR/LpDialect.td"
include "mlir/IR/EnumAttr.td"

class Lp_Enum<string name, string summary, list<I32EnumCase> cases> : I32Enum<name, summary, cases> {
  let cppNamespace = "::lpc::lp";
}
class Lp_EnumAttr<EnumInfo e, string mnemonic> : EnumAttr<Lp_Dialect, e, mnemonic> {
  let assemblyFormat = "`<` $value `>`";
}

def Lp_Rounding : Lp_Enum<"Rounding", "rounding of a conversion", [
  I32EnumCase<"NearestEven", 0, "nearest_even">, I32EnumCase<"NearestAway", 1, "nearest_away">,
  I32EnumCase<"TowardZero", 2, "toward_zero">, I32EnumCase<"Up", 3, "up">, I32EnumCase<"Down", 4, "down">,
  I32EnumCase<"AwayFromZero", 5, "away">, I32EnumCase<"ToOdd", 6, "to_odd">,
  I32EnumCase<"NearestUp", 7, "nearest_up">, I32EnumCase<"NearestDown", 8, "nearest_down">,
  I32EnumCase<"Stochastic", 9, "stochastic">, I32EnumCase<"NearestLog", 10, "nearest_log">,
  I32EnumCase<"StochasticFast", 11, "stochastic_fast">, I32EnumCase<"StochasticEven", 12, "stochastic_even">]>;
def Lp_RoundingAttr : Lp_EnumAttr<Lp_Rounding, "rounding">;

def Lp_Overflow : Lp_Enum<"Overflow", "what a value beyond the largest finite one becomes", [
  I32EnumCase<"Saturate", 0, "saturate">, I32EnumCase<"Infinity", 1, "infinity">, I32EnumCase<"Wrap", 2, "wrap">]>;
def Lp_OverflowAttr : Lp_EnumAttr<Lp_Overflow, "overflow">;

def Lp_NaNPolicy : Lp_Enum<"NaNPolicy", "what NaN becomes in a format without NaN", [
  I32EnumCase<"Zero", 0, "zero">, I32EnumCase<"Max", 1, "max">, I32EnumCase<"Lowest", 2, "lowest">]>;
def Lp_NaNPolicyAttr : Lp_EnumAttr<Lp_NaNPolicy, "nan">;

def Lp_ZeroPointOrder : Lp_Enum<"ZeroPointOrder", "whether the zero point is added after rounding or before", [
  I32EnumCase<"AfterRounding", 0, "after_rounding">, I32EnumCase<"BeforeRounding", 1, "before_rounding">]>;
def Lp_ZeroPointOrderAttr : Lp_EnumAttr<Lp_ZeroPointOrder, "zero_point_order">;

def Lp_ScaleRule : Lp_Enum<"ScaleRule", "how a scale is chosen from the values of a block", [
  I32EnumCase<"AbsMax", 0, "absmax">, I32EnumCase<"MinMax", 1, "minmax">, I32EnumCase<"Floor", 2, "floor">,
  I32EnumCase<"Ceil", 3, "ceil">, I32EnumCase<"Even", 4, "even">, I32EnumCase<"RCeil", 5, "rceil">,
  I32EnumCase<"Log2", 6, "log2">, I32EnumCase<"Raise", 7, "raise">, I32EnumCase<"Pow2", 8, "pow2">,
  I32EnumCase<"NV", 9, "nv">, I32EnumCase<"NVDivide", 10, "nv_divide">]>;
def Lp_ScaleRuleAttr : Lp_EnumAttr<Lp_ScaleRule, "scale_rule">;

def Lp_AccumulatorKind : Lp_Enum<"AccumulatorKind", "how a contraction sums", [
  I32EnumCase<"Int", 0, "int">, I32EnumCase<"F32Grouped", 1, "f32_grouped">,
  I32EnumCase<"F32Relaxed", 2, "f32_relaxed">]>;

// Words and order of include/lpc/Numerics/Rescale.h and IntegerNorm.h.
def Lp_RescaleRounding : Lp_Enum<"RescaleRounding", "rounding of a rescale", [
  I32EnumCase<"Single", 0, "single">, I32EnumCase<"Double", 1, "double">, I32EnumCase<"HalfEven", 2, "half_even">]>;
def Lp_RescaleRoundingAttr : Lp_EnumAttr<Lp_RescaleRounding, "rescale_rounding">;

def Lp_NormKind : Lp_Enum<"NormKind", "what a normalization takes away and divides by", [
  I32EnumCase<"Layer", 0, "layer">, I32EnumCase<"RMS", 1, "rms">]>;
def Lp_NormKindAttr : Lp_EnumAttr<Lp_NormKind, "norm_kind">;

#endif // LPC_DIALECTS_LP_IR_LPENUMS
