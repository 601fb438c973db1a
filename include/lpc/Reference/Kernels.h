// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The meaning of every nn and lp operation on tensors in memory. No LLVM, no MLIR.
//
// Exactness: float arithmetic is computed in double and rounded once to the element type, which for
// f16, bf16 and f32 is IEEE arithmetic. Sums and contractions of f32 and narrower floats are exact,
// rounded once. In f64, sums are compensated (error of one rounding plus K^2 * 2^-104 * sum |a b|),
// functions are computed in long double. Transcendental functions of narrower floats are computed
// in double (the rounding differs from the correct one only if the exact value is within 2^-20
// units of a tie).
#ifndef LPC_REFERENCE_KERNELS_H
#define LPC_REFERENCE_KERNELS_H

#include "lpc/Reference/Tensor.h"

#include <span>

namespace lpc::ref {

// Words and order of these enumerations are those of the nn dialect.
enum class UnaryKind : uint8_t {
  Neg,
  Abs,
  Sign,
  Sqrt,
  Rsqrt,
  Reciprocal,
  Exp,
  Log,
  Erf,
  Sin,
  Cos,
  Tan,
  Asin,
  Acos,
  Atan,
  Sinh,
  Cosh,
  Tanh,
  Asinh,
  Acosh,
  Atanh,
  Floor,
  Ceil,
  Round,
  Trunc,
  Not,
  IsNaN,
  IsInf,
  Relu,
  Sigmoid,
  Silu,
  Gelu,
  GeluTanh,
  Softplus,
  HardSwish
};
enum class BinaryKind : uint8_t {
  Add,
  Sub,
  Mul,
  Div,
  Pow,
  Mod,
  Rem,
  Min,
  Max,
  And,
  Or,
  Xor,
  Shl,
  Shr
};
enum class CompareKind : uint8_t { Eq, Ne, Lt, Le, Gt, Ge };
enum class ReduceKind : uint8_t { Sum, Mean, Max, Min, Prod };
enum class PoolKind : uint8_t { Max, Avg };
enum class PadMode : uint8_t { Constant, Edge, Reflect, Wrap };
enum class ScatterKind : uint8_t { Assign, Add, Mul, Max, Min };

// Elementwise
// --------------------------------------------------------------------------------------------
Result<Shape> broadcastShape(std::span<const Shape> shapes);
Tensor unary(UnaryKind kind, const Tensor &x);
Result<Tensor> binary(BinaryKind kind, const Tensor &a, const Tensor &b);
Result<Tensor> compare(CompareKind kind, const Tensor &a, const Tensor &b);
Result<Tensor> select(const Tensor &condition, const Tensor &onTrue, const Tensor &onFalse);
Tensor clamp(const Tensor &x, double lo, double hi);
Tensor cast(const Tensor &x, DType to, bool saturate = true);
/// The same bits under a type of equal width (a code keeps its bits, too).
Result<Tensor> bitcast(const Tensor &x, DType to);

// Movement
// -----------------------------------------------------------------------------------------------
Result<Tensor> reshape(const Tensor &x, const Shape &shape);
Result<Tensor> broadcast(const Tensor &x, const Shape &shape);
Tensor transpose(const Tensor &x, std::span<const int64_t> permutation);
Result<Tensor> concat(std::span<const Tensor> inputs, int64_t axis);
Result<Tensor> slice(const Tensor &x, std::span<const int64_t> offsets,
                     std::span<const int64_t> sizes, std::span<const int64_t> strides);
/// `value`: null for zero.
Result<Tensor> pad(const Tensor &x, std::span<const int64_t> low, std::span<const int64_t> high,
                   PadMode mode, const Tensor *value);
Tensor iota(DType dtype, const Shape &shape, int64_t axis);

// Gather and scatter
// -------------------------------------------------------------------------------------
Result<Tensor> gather(const Tensor &data, const Tensor &indices, int64_t axis);
Result<Tensor> gatherElements(const Tensor &data, const Tensor &indices, int64_t axis);
Result<Tensor> gatherND(const Tensor &data, const Tensor &indices, int64_t batchDims);
Result<Tensor> scatterElements(const Tensor &data, const Tensor &indices, const Tensor &updates,
                               int64_t axis, ScatterKind kind);
Result<Tensor> scatterND(const Tensor &data, const Tensor &indices, const Tensor &updates,
                         ScatterKind kind);

// Reductions
// ---------------------------------------------------------------------------------------------
Tensor reduce(ReduceKind kind, const Tensor &x, std::span<const int64_t> axes, bool keepDims);
Result<Tensor> argReduce(ReduceKind kind, const Tensor &x, int64_t axis, bool keepDims,
                         bool selectLast);
Tensor scan(ReduceKind kind, const Tensor &x, int64_t axis, bool exclusive, bool reverse);
Result<std::pair<Tensor, Tensor>> topK(const Tensor &x, int64_t k, int64_t axis, bool largest);
Tensor softmax(const Tensor &x, int64_t axis, bool log);
/// scale, bias: null if absent.
Result<Tensor> layerNorm(const Tensor &x, const Tensor *scale, const Tensor *bias, int64_t axis,
                         double epsilon);
Result<Tensor> rmsNorm(const Tensor &x, const Tensor *scale, int64_t axis, double epsilon);

// Windows
// ------------------------------------------------------------------------------------------------
struct Window {
  Shape strides, pads, dilations; ///< n, 2n, n for n spatial dimensions
  int64_t groups = 1;
};
Result<Tensor> pool(PoolKind kind, const Tensor &x, const Shape &kernel, const Window &window,
                    bool countIncludePad, const Shape *countedPads);
/// bias: null if absent.
Result<Tensor> conv(const Tensor &x, const Tensor &filter, const Tensor *bias,
                    const Window &window);
Result<Tensor> convTranspose(const Tensor &x, const Tensor &filter, const Tensor *bias,
                             const Window &window, const Shape &outputPadding);

// Contractions
// -------------------------------------------------------------------------------------------
Result<Tensor> matmul(const Tensor &a, const Tensor &b, bool transposeRhs);

// Attention
// ----------------------------------------------------------------------------------------------
Result<Tensor> rope(const Tensor &x, const Tensor &cosines, const Tensor &sines, bool interleaved);
struct AttentionOptions {
  const Tensor *keep = nullptr, *bias = nullptr; ///< null if absent
  double scale = 1, softcap = 0, fill = 0;
  bool causal = false;
};
Result<Tensor> attention(const Tensor &query, const Tensor &key, const Tensor &value,
                         const AttentionOptions &options);

// Low precision
// ------------------------------------------------------------------------------------------
/// ScaleBlock shape of one level: neighbours that share a scale along each dimension, 0 for all.
using ScaleBlock = Shape;

/// What stands between codes and numbers: the operands of lp.quantize and lp.dequantize. Absent
/// ones are empty or null.
struct Scaling {
  std::span<const Tensor> scales, negativeScales;
  std::span<const ScaleBlock> levels;
  const Tensor *zeroPoint = nullptr; ///< integers, codes of integers, or real numbers
  std::span<const Tensor> offsets;
  std::span<const ScaleBlock> offsetLevels;
};
struct QuantizeOptions {
  num::Conversion policy;
  bool zeroPointBeforeRounding = false;
  bool reciprocal = false;
  uint64_t seed = 0;
};
Result<Tensor> quantize(const Tensor &x, const Scaling &scaling, const num::Format &format,
                        const QuantizeOptions &options);
/// `codes` may be real numbers (f32): then they are the decoded values.
Result<Tensor> dequantize(const Tensor &codes, const Scaling &scaling, DType to);

/// table[index along each axis..., code].
Result<Tensor> lookup(const Tensor &codes, const Tensor &table, const Shape &axes);

// Words and order are those of the lp dialect.
enum class ScaleRule : uint8_t {
  AbsMax,
  MinMax,
  Floor,
  Ceil,
  Even,
  RCeil,
  Log2,
  Raise,
  Pow2,
  NV,
  NVDivide,
};
struct BlockScales {
  std::vector<Tensor> scales; ///< those of the levels that are not given
  std::optional<Tensor> zeroPoint;
};
/// One scale type for each level that `outer` does not give; zeroPointType: the type of MinMax's
/// second result.
Result<BlockScales> blockScale(const Tensor &x, std::span<const Tensor> outer,
                               const num::Format &format, std::span<const ScaleBlock> levels,
                               ScaleRule rule, std::span<const DType> scaleTypes,
                               std::optional<DType> zeroPointType);

/// One side of a contraction: codes with scale and zero point (null if absent), or floats.
struct Side {
  const Tensor *data = nullptr, *scale = nullptr, *zeroPoint = nullptr;
  const ScaleBlock *block = nullptr;
};
enum class AccumulatorKind : uint8_t { Int, F32Grouped, F32Relaxed };
struct Accumulator {
  AccumulatorKind kind = AccumulatorKind::Int;
  unsigned width = 32;
};
/// The result is f32; f64 if `real64`, then no step after the exact sums is rounded to f32.
/// F32Relaxed is the exact sum rounded once: every order that the contract admits is within its
/// bound of this value.
Result<Tensor> codeMatmul(const Side &lhs, const Side &rhs, const Accumulator &acc,
                          bool real64 = false);
Result<Tensor> codeConv(const Side &input, const Side &filter, const Window &window,
                        const Accumulator &acc, bool real64 = false);

} // namespace lpc::ref

#endif // LPC_REFERENCE_KERNELS_H
