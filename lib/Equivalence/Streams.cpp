// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A stream is told by the norms that read it.
#include "Streams.h"

#include "dialects/Nn/IR/Nn.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

bool equiv::isStream(const AxisClass &c) {
  for (const AxisMember &m : c.members) {
    if (!m.value)
      continue;
    for (OpOperand &use : m.value.getUses()) {
      if (use.getOperandNumber() != 0)
        continue;
      std::optional<int64_t> first;
      if (auto norm = dyn_cast<nn::RMSNormOp>(use.getOwner()))
        first = norm.getAxis();
      else if (auto norm = dyn_cast<nn::LayerNormOp>(use.getOwner()))
        first = norm.getAxis();
      else if (auto bridge = dyn_cast<nn::RotateOp>(use.getOwner());
               bridge && bridge->hasAttr(kBridgeAttr))
        first = bridge.getAxis();
      if (first && *first <= m.axis)
        return true;
    }
  }
  return false;
}

std::vector<AxisClass> equiv::findStreams(func::FuncOp func) {
  std::vector<AxisClass> classes = findAxisClasses(func, Transform::Orthogonal);
  std::erase_if(
      classes, [](const AxisClass &c) { return !c.isLegal() || !c.hasConstant() || !isStream(c); });
  return classes;
}

bool equiv::isAlong(const AxisClass &c, Value value, int64_t axis) {
  return llvm::any_of(c.members, [&](const AxisMember &m) {
    return m.value == value && m.axis == axis && m.outer == 1 && m.inner == 1;
  });
}
