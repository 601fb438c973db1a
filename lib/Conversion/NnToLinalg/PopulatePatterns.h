// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pattern sets of nn-to-linalg, one for each op family.
#ifndef LPC_LIB_CONVERSION_NNTOLINALG_POPULATEPATTERNS_H
#define LPC_LIB_CONVERSION_NNTOLINALG_POPULATEPATTERNS_H

namespace mlir {
class RewritePatternSet;
class TypeConverter;
} // namespace mlir

namespace lpc::nn_to_linalg {

void populateElementwise(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateCast(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateShape(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateBoxes(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateGather(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateReduction(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateNormalization(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateLinear(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateRotate(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populatePooling(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);

} // namespace lpc::nn_to_linalg

#endif // LPC_LIB_CONVERSION_NNTOLINALG_POPULATEPATTERNS_H
