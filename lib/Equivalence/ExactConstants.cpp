// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants in f64 behind the cast that will round them.
#include "ExactConstants.h"

#include "lpc/Reference/Evaluate.h"

using namespace mlir;
using namespace lpc;

/// The constant itself, behind the cast if there is one.
static nn::ConstantOp constantOf(OpOperand &use) {
  Value v = use.get();
  if (auto cast = v.getDefiningOp<nn::CastOp>())
    v = cast.getInput();
  return v.getDefiningOp<nn::ConstantOp>();
}

FailureOr<std::vector<double>> equiv::readExact(OpOperand &use) {
  nn::ConstantOp constant = constantOf(use);
  ref::Result<ref::Tensor> tensor = ref::tensorOf(constant.getValue());
  if (!tensor)
    return constant.emitError() << tensor.error();
  std::vector<double> values(tensor->numElements());
  for (int64_t i = 0, e = tensor->numElements(); i < e; ++i)
    values[i] = tensor->at(i);
  return values;
}

Value equiv::makeExact(Operation *before, Location loc, RankedTensorType type,
                       ArrayRef<double> values) {
  OpBuilder b(before);
  ref::Shape shape(type.getShape().begin(), type.getShape().end());
  ref::Tensor tensor = ref::Tensor::view(ref::DType::f64(), shape, values.data());
  StringRef name = "exact";
  if (auto named = dyn_cast<NameLoc>(loc))
    name = named.getName();
  RankedTensorType wide = type.clone(b.getF64Type());
  Value constant = nn::ConstantOp::create(b, loc, wide, ref::elementsOf(tensor, wide, name));
  return wide == type ? constant : Value(nn::CastOp::create(b, loc, type, constant));
}

void equiv::writeExact(OpOperand &use, ArrayRef<double> values) {
  Operation *old = use.get().getDefiningOp();
  nn::ConstantOp constant = constantOf(use);
  use.set(makeExact(old, constant.getLoc(), cast<RankedTensorType>(use.get().getType()), values));
  if (old->use_empty()) {
    old->erase();
    if (old != constant && constant->use_empty())
      constant->erase();
  }
}

LogicalResult equiv::changeLanes(const analysis::AxisMember &member, int64_t size,
                                 llvm::function_ref<void(MutableArrayRef<double>)> change) {
  FailureOr<std::vector<double>> values = readExact(*member.use);
  if (failed(values))
    return failure();
  int64_t before = 1, after = member.inner;
  auto type = cast<RankedTensorType>(member.use->get().getType());
  for (int64_t i = 0; i < type.getRank(); ++i)
    (i < member.axis ? before : after) *= i == member.axis ? 1 : type.getDimSize(i);
  // Neighbours are fetched together: along outer axes an element has a cache line of its own.
  constexpr int64_t width = 8;
  std::vector<double> lanes(width * size);
  for (int64_t o = 0; o < before * member.outer; ++o)
    for (int64_t i = 0; i < after; i += width) {
      int64_t count = std::min(width, after - i);
      double *first = values->data() + o * size * after + i;
      for (int64_t k = 0; k < size; ++k)
        for (int64_t l = 0; l < count; ++l)
          lanes[l * size + k] = first[k * after + l];
      for (int64_t l = 0; l < count; ++l)
        change(MutableArrayRef<double>(lanes.data() + l * size, size));
      for (int64_t k = 0; k < size; ++k)
        for (int64_t l = 0; l < count; ++l)
          first[k * after + l] = lanes[l * size + k];
    }
  writeExact(*member.use, *values);
  return success();
}
