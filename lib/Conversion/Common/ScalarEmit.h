// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emission of decode and encode of element formats as arith and math operations.
#ifndef LPC_LIB_CONVERSION_COMMON_SCALAREMIT_H
#define LPC_LIB_CONVERSION_COMMON_SCALAREMIT_H

#include "lpc/Numerics/Format.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

namespace lpc {

// Every function takes scalars or vectors and gives the same shape. The meaning is that of
// num::Format::decode and num::Format::encode, bit for bit; NaN results have any payload.

/// How one code is held in registers and in unpacked tensors: `i8` for formats of up to 8 bits,
/// `i16` up to 16. Wider formats have scalars only, in `i32`.
mlir::IntegerType codeStorageType(mlir::MLIRContext *ctx, const num::Format &format);

/// The value of `code` (an integer of at least the format's width; bits above the format's are
/// ignored) as `result`, f32 where it is null. Exact, or rounded once to nearest even where a value
/// of the format is no `result`.
mlir::Value emitDecode(mlir::OpBuilder &b, mlir::Location loc, mlir::Value code,
                       const num::Format &format, mlir::FloatType result = nullptr);

/// Whether emitEncode has code for this policy. Not: `wrap` with `nearest_log` where a format
/// wraps; stochastic rounding but of integers, or with `saturate` of dyadic formats that have a
/// zero and whose spacing leaves room for the random bits in f64.
bool canEmitEncode(const num::Format &format, const num::Conversion &policy);

/// The code of `real` (f16, bf16, f32 or f64) under a policy that canEmitEncode, zero-extended to
/// codeStorageType. `random`: for stochastic rounding, the policy's number of random bits in an
/// i32.
mlir::Value emitEncode(mlir::OpBuilder &b, mlir::Location loc, mlir::Value real,
                       const num::Format &format, const num::Conversion &policy,
                       mlir::Value random = nullptr);

/// num::randomBits: `bits` (1 to 32) random bits as an i32, for the element with the logical
/// `index` (i64).
mlir::Value emitRandomBits(mlir::OpBuilder &b, mlir::Location loc, uint64_t seed, mlir::Value index,
                           unsigned bits);

/// A float as a wider float type, exactly. bf16 goes by its bits: LLVM 22 for x86 loses the sign of
/// an extended bf16 that is both tested and stripped of its sign.
mlir::Value emitWiden(mlir::OpBuilder &b, mlir::Location loc, mlir::Value real, mlir::FloatType to);

/// Whether emitEncodeAffine has code for this policy: all but `nearest_log` of f64.
bool canEmitEncodeAffine(const num::Conversion &policy, mlir::FloatType real);

/// IntegerFormat::encodeAffine: overflow(round(real) + zeroPoint), zeroPoint an i32 within the
/// format's range.
mlir::Value emitEncodeAffine(mlir::OpBuilder &b, mlir::Location loc, mlir::Value real,
                             mlir::Value zeroPoint, const num::IntegerFormat &format,
                             const num::Conversion &policy, mlir::Value random = nullptr);

/// `real` rounded to an integral value of its type (any rounding but stochastic; by ratio up to
/// f32).
mlir::Value emitRound(mlir::OpBuilder &b, mlir::Location loc, mlir::Value real,
                      num::Rounding rounding);

/// The two's complement integer that an integer format's code stands for, as i32.
mlir::Value emitDecodeInt(mlir::OpBuilder &b, mlir::Location loc, mlir::Value code,
                          const num::IntegerFormat &format);

} // namespace lpc

#endif // LPC_LIB_CONVERSION_COMMON_SCALAREMIT_H
