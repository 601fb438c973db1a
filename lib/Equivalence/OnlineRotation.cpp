// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// (R x) (R W) = x W for orthogonal R.
#include "OnlineRotation.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::equiv;

void equiv::setRotation(nn::RotateOp op, int64_t inner, const Rotation &rotation, bool inverse) {
  OpBuilder b(op);
  auto type = cast<RankedTensorType>(op.getType());
  Type element = type.getElementType();
  int64_t n = type.getDimSize(op.getAxis()), m = rotation.denseSize();
  if (m > 1)
    op.getMatrixMutable().assign(
        makeExact(b, op.getLoc(), RankedTensorType::get({m, m}, element), rotation.denseMatrix()));
  if (ArrayRef<double> own = rotation.getSigns(); !own.empty()) {
    std::vector<double> all(n);
    for (int64_t i = 0; i < n; ++i)
      all[i] = own[i / inner % rotation.size()];
    op.getSignsMutable().assign(
        makeExact(b, op.getLoc(), RankedTensorType::get({n}, element), std::move(all)));
  }
  op.setOrder(rotation.order());
  op.setInner(inner);
  op.setInverse(inverse);
}

Value equiv::emitRotate(OpBuilder &b, Location loc, Value x, int64_t axis, int64_t inner,
                        const Rotation &rotation, bool inverse) {
  auto op = nn::RotateOp::create(b, loc, x.getType(), x, Value(), Value(), axis, 1, 1, false);
  setRotation(op, inner, rotation, inverse);
  return op;
}

SmallVector<RotationSite> equiv::findRotationSites(func::FuncOp func) {
  SmallVector<RotationSite> sites;
  func.walk([&](Operation *op) {
    if (!isa<nn::MatMulOp, nn::ConvOp>(op) || !analysis::isConstantUse(op->getOpOperand(1)))
      return;
    auto x = cast<RankedTensorType>(op->getOperand(0).getType()),
         w = cast<RankedTensorType>(op->getOperand(1).getType());
    int64_t axis = 1, weightAxis = 1;
    if (auto matmul = dyn_cast<nn::MatMulOp>(op)) {
      axis = x.getRank() - 1;
      weightAxis = w.getRank() - (matmul.getTransposeRhs() ? 1 : 2);
    } else if (cast<nn::ConvOp>(op).getGroups() != 1) {
      return;
    }
    if (!isa<FloatType>(x.getElementType()) || x.isDynamicDim(axis) || x.getDimSize(axis) < 2)
      return;
    sites.push_back({op, axis, weightAxis, x.getDimSize(axis)});
  });
  return sites;
}

FailureOr<int64_t> equiv::rotateSites(ArrayRef<RotationSite> sites,
                                      function_ref<const Rotation *(const RotationSite &)> choose) {
  struct Rotated {
    const Rotation *rotation;
    Value value;
  };
  llvm::MapVector<std::pair<Value, int64_t>, Rotated> known;
  int64_t changed = 0;
  for (const RotationSite &site : sites) {
    Value x = site.op->getOperand(0);
    auto [it, isNew] = known.try_emplace({x, site.axis}, Rotated{nullptr, Value()});
    if (isNew) {
      it->second.rotation = choose(site);
      if (it->second.rotation) {
        OpBuilder b(site.op);
        b.setInsertionPointAfterValue(x);
        it->second.value = emitRotate(b, site.op->getLoc(), x, site.axis, 1, *it->second.rotation,
                                      /*inverse=*/false);
      }
    }
    const Rotation *rotation = it->second.rotation;
    if (!rotation)
      continue;
    analysis::AxisMember weight;
    weight.use = &site.op->getOpOperand(1);
    weight.axis = site.weightAxis;
    if (failed(changeLanes(weight, site.size,
                           [&](MutableArrayRef<double> lane) { rotation->apply(lane.data()); })))
      return failure();
    site.op->setOperand(0, it->second.value);
    ++changed;
  }
  return changed;
}
