// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants in f64 behind the cast that will round them.
#include "ExactConstants.h"

#include "lpc/Reference/Evaluate.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

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
  int64_t n = tensor->numElements();
  if (tensor->dtype().kind == ref::Kind::F32)
    std::copy_n(tensor->as<float>(), n, values.begin());
  else if (tensor->dtype().kind == ref::Kind::F64)
    std::copy_n(tensor->as<double>(), n, values.begin());
  else
    for (int64_t i = 0; i < n; ++i)
      values[i] = tensor->at(i);
  return values;
}

/// Small and repeated values as the evaluator makes them, others without a copy.
static ElementsAttr attributeOf(RankedTensorType type, StringRef name, std::vector<double> values) {
  constexpr size_t small = 8;
  if (values.size() <= small || llvm::all_equal(values)) {
    ref::Shape shape(type.getShape().begin(), type.getShape().end());
    return ref::elementsOf(ref::Tensor::view(ref::DType::f64(), shape, values.data()), type, name);
  }
  auto owner = std::make_unique<std::vector<double>>(std::move(values));
  ArrayRef<char> bytes(reinterpret_cast<const char *>(owner->data()),
                       owner->size() * sizeof(double));
  AsmResourceBlob blob(
      bytes, alignof(double),
      [owner = std::move(owner)](void *, size_t, size_t) mutable { owner.reset(); }, false);
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

Value equiv::makeExact(Operation *before, Location loc, RankedTensorType type,
                       std::vector<double> values) {
  OpBuilder b(before);
  StringRef name = "exact";
  if (auto named = dyn_cast<NameLoc>(loc))
    name = named.getName();
  RankedTensorType wide = type.clone(b.getF64Type());
  Value constant = nn::ConstantOp::create(b, loc, wide, attributeOf(wide, name, std::move(values)));
  return wide == type ? constant : Value(nn::CastOp::create(b, loc, type, constant));
}

void equiv::writeExact(OpOperand &use, std::vector<double> values) {
  Operation *old = use.get().getDefiningOp();
  nn::ConstantOp constant = constantOf(use);
  use.set(makeExact(old, constant.getLoc(), cast<RankedTensorType>(use.get().getType()),
                    std::move(values)));
  if (old->use_empty()) {
    old->erase();
    if (old != constant && constant->use_empty())
      constant->erase();
  }
}

void equiv::forEachLane(MutableArrayRef<double> values, const analysis::AxisMember &member,
                        int64_t size, LaneChange change) {
  int64_t before = 1, behind = 1;
  RankedTensorType type = member.getType();
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (i != member.axis)
      (i < member.axis ? before : behind) *= type.getDimSize(i);
  int64_t whole = type.getDimSize(member.axis) * behind, after = member.inner * behind;
  // Neighbours are fetched together: along outer axes an element has a cache line of its own.
  constexpr int64_t width = 8;
  std::vector<double> lanes(width * size);
  auto changeAt = [&](double *start) {
    for (int64_t i = 0; i < after; i += width) {
      int64_t count = std::min(width, after - i);
      double *first = start + i;
      for (int64_t k = 0; k < size; ++k)
        for (int64_t l = 0; l < count; ++l)
          lanes[l * size + k] = first[k * after + l];
      for (int64_t l = 0; l < count; ++l)
        change(MutableArrayRef<double>(lanes.data() + l * size, size));
      for (int64_t k = 0; k < size; ++k)
        for (int64_t l = 0; l < count; ++l)
          first[k * after + l] = lanes[l * size + k];
    }
  };
  for (int64_t b = 0; b < before; ++b)
    for (int64_t o = 0; o < member.outer; ++o)
      changeAt(values.data() + b * whole + (member.offset + o * member.stride) * behind);
}

LogicalResult equiv::changeLanes(const analysis::AxisMember &member, int64_t size,
                                 LaneChange change) {
  FailureOr<std::vector<double>> values = readExact(*member.use);
  if (failed(values))
    return failure();
  forEachLane(*values, member, size, change);
  writeExact(*member.use, std::move(*values));
  return success();
}
