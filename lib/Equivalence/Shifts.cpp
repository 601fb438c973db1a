// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A vector that is added to an activation, moved into what is added to the products that read it.
#include "Shifts.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::equiv;

std::optional<SmallVector<Linear>> equiv::readersOfShift(Value v) {
  SmallVector<Linear> products;
  for (OpOperand &use : v.getUses()) {
    if (auto reshape = dyn_cast<nn::ReshapeOp>(use.getOwner())) {
      ArrayRef<int64_t> from = cast<RankedTensorType>(v.getType()).getShape();
      ArrayRef<int64_t> to = cast<RankedTensorType>(reshape.getType()).getShape();
      std::optional<SmallVector<Linear>> inner;
      if (!from.empty() && !to.empty() && from.back() == to.back())
        inner = readersOfShift(reshape.getOutput());
      if (!inner)
        return std::nullopt;
      products.append(*inner);
      continue;
    }
    std::optional<Linear> product = Linear::of(use.getOwner());
    if (!product || !product->isMatMul() || use.getOperandNumber() != 0)
      return std::nullopt;
    products.push_back(*product);
  }
  return products;
}

LogicalResult equiv::addShift(const Linear &product, ArrayRef<double> shift) {
  FailureOr<std::vector<double>> weight = readExact(product.weight());
  return failed(weight) ? failure() : product.addToBias(product.apply(*weight, shift));
}
