// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A vector that is added to an activation, moved into what is added to the products that read it.
#include "Shifts.h"
#include "ExactConstants.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

bool equiv::takesShift(Value v) {
  return llvm::all_of(v.getUses(), [](OpOperand &use) {
    auto product = dyn_cast<nn::MatMulOp>(use.getOwner());
    return product && use.getOperandNumber() == 0 && isConstantUse(product->getOpOperand(1)) &&
           cast<RankedTensorType>(product.getRhs().getType()).getRank() == 2;
  });
}

/// shift * W of a product whose right operand is a constant matrix.
static FailureOr<std::vector<double>> throughWeight(nn::MatMulOp product, ArrayRef<double> shift) {
  FailureOr<std::vector<double>> w = readExact(product->getOpOperand(1));
  if (failed(w))
    return failure();
  auto type = cast<RankedTensorType>(product.getRhs().getType());
  bool isTransposed = product.getTransposeRhs();
  int64_t k = type.getDimSize(isTransposed ? 1 : 0), n = type.getDimSize(isTransposed ? 0 : 1);
  std::vector<double> result(n);
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = 0; i < k; ++i)
      result[j] += shift[i] * (*w)[isTransposed ? j * k + i : i * n + j];
  return result;
}

/// The constant vector that is added to a product and to nothing else, or null.
static OpOperand *biasOf(nn::MatMulOp product, int64_t n) {
  if (!product->hasOneUse())
    return nullptr;
  OpOperand &use = *product->getUses().begin();
  auto sum = dyn_cast<nn::BinaryOp>(use.getOwner());
  if (!sum || sum.getKind() != nn::BinaryKind::Add)
    return nullptr;
  OpOperand &other = sum->getOpOperand(1 - use.getOperandNumber());
  auto type = cast<RankedTensorType>(other.get().getType());
  return isConstantUse(other) && type.getRank() == 1 && type.getDimSize(0) == n ? &other : nullptr;
}

LogicalResult equiv::addShift(nn::MatMulOp product, ArrayRef<double> shift) {
  FailureOr<std::vector<double>> added = throughWeight(product, shift);
  if (failed(added))
    return failure();
  int64_t n = added->size();
  if (OpOperand *bias = biasOf(product, n)) {
    FailureOr<std::vector<double>> old = readExact(*bias);
    if (failed(old))
      return failure();
    for (int64_t j = 0; j < n; ++j)
      (*added)[j] += (*old)[j];
    writeExact(*bias, *added);
    return success();
  }
  auto type = cast<RankedTensorType>(product.getType());
  Value vector = makeExact(product, product.getLoc(),
                           RankedTensorType::get({n}, type.getElementType()), *added);
  OpBuilder b(product->getContext());
  b.setInsertionPointAfter(product);
  auto sum = nn::BinaryOp::create(b, product.getLoc(), type, nn::BinaryKind::Add,
                                  product.getOutput(), vector);
  product.getOutput().replaceAllUsesExcept(sum.getOutput(), sum);
  return success();
}
