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

/// Whether emitEncode has code for this policy: all but stochastic rounding, and `wrap` together
/// with `nearest_log` where a format wraps.
bool canEmitEncode(const num::Format &format, const num::Conversion &policy);

/// The code of `real` (f16, bf16, f32 or f64) under a policy that canEmitEncode, zero-extended to
/// codeStorageType.
mlir::Value emitEncode(mlir::OpBuilder &b, mlir::Location loc, mlir::Value real,
                       const num::Format &format, const num::Conversion &policy);

/// A float as a wider float type, exactly. bf16 goes by its bits: LLVM 22 for x86 loses the sign of
/// an extended bf16 that is both tested and stripped of its sign.
mlir::Value emitWiden(mlir::OpBuilder &b, mlir::Location loc, mlir::Value real, mlir::FloatType to);

/// IntegerFormat::encodeAffine: overflow(round(real) + zeroPoint), zeroPoint an i32 within the
/// format's range.
mlir::Value emitEncodeAffine(mlir::OpBuilder &b, mlir::Location loc, mlir::Value real,
                             mlir::Value zeroPoint, const num::IntegerFormat &format,
                             const num::Conversion &policy);

/// `real` rounded to an integral value of its type (any rounding but stochastic).
mlir::Value emitRound(mlir::OpBuilder &b, mlir::Location loc, mlir::Value real,
                      num::Rounding rounding);

/// The two's complement integer that an integer format's code stands for, as i32.
mlir::Value emitDecodeInt(mlir::OpBuilder &b, mlir::Location loc, mlir::Value code,
                          const num::IntegerFormat &format);

} // namespace lpc

#endif // LPC_LIB_CONVERSION_COMMON_SCALAREMIT_H
