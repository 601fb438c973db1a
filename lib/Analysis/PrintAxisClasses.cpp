// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints axis classes: one block for each family of transforms, one paragraph for each class.
#include "lpc/Analysis/AxisClasses.h"
#include "lpc/Analysis/Passes.h"

#include "dialects/Nn/IR/Nn.h"

#include "llvm/Support/raw_ostream.h"

namespace lpc {
#define GEN_PASS_DEF_PRINTAXISCLASSESPASS
#include "lpc/Analysis/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

/// The op and, where it has one, the name of its ONNX node.
static void printOp(raw_ostream &os, Operation *op) {
  os << op->getName();
  if (Attribute kind = op->getAttr("kind"))
    if (isa<nn::UnaryOp, nn::BinaryOp, nn::ReduceOp, nn::PoolOp>(op)) {
      std::string text;
      llvm::raw_string_ostream(text) << kind;
      StringRef word = text;
      // #nn<unary_kind relu>
      word.consume_back(">");
      os << ' ' << word.rsplit(' ').second;
    }
  std::string name;
  op->getLoc()->walk([&](Location loc) {
    auto named = dyn_cast<NameLoc>(loc);
    if (named)
      name = named.getName().str();
    return named ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (!name.empty())
    os << " \"" << name << '"';
}

static void printPlace(raw_ostream &os, Operation *op, AxisPlace place) {
  printOp(os, op);
  if (isa<func::FuncOp>(op))
    os << " argument " << place.index;
  else if (place.isResult)
    os << " result";
  else
    os << " operand " << place.index;
  if (place.isResult && op->getNumResults() > 1)
    os << ' ' << place.index;
  os << " axis " << place.axis;
}

static void printMember(raw_ostream &os, const AxisMember &m, int64_t size) {
  if (m.use) {
    os << "constant ";
    printPlace(os, m.use->getOwner(), {false, m.use->getOperandNumber(), m.axis});
  } else if (auto result = dyn_cast<OpResult>(m.value)) {
    printPlace(os, result.getOwner(), {true, result.getResultNumber(), m.axis});
  } else {
    auto argument = cast<BlockArgument>(m.value);
    printPlace(os, argument.getOwner()->getParentOp(), {false, argument.getArgNumber(), m.axis});
  }
  if (!m.isWhole(size)) {
    os << ' ';
    if (m.outer != 1)
      os << m.outer << 'x';
    os << '[' << size << ']';
    if (m.inner != 1)
      os << 'x' << m.inner;
    bool hasGaps = m.outer != 1 && m.stride != size * m.inner;
    if (hasGaps || m.outer * size * m.inner != m.getType().getDimSize(m.axis))
      os << " from " << m.offset;
    if (hasGaps)
      os << " every " << m.stride;
  }
  if (m.dual)
    os << " dual";
  os << '\n';
}

namespace {
struct PrintAxisClasses final : lpc::impl::PrintAxisClassesPassBase<PrintAxisClasses> {
  using PrintAxisClassesPassBase::PrintAxisClassesPassBase;

  void print(func::FuncOp func, Transform t) {
    raw_ostream &os = llvm::outs();
    os << analysis::nameOf(t) << " classes of @" << func.getName() << '\n';
    for (const AxisClass &c : findAxisClasses(func, t)) {
      if (c.members.size() < 2)
        continue;
      os << "  size " << c.size << (c.isLegal() ? ", legal" : "") << '\n';
      if (!barriersOnly)
        for (const AxisMember &m : c.members)
          printMember(os << "    ", m, c.size);
      for (const AxisBarrier &b : c.barriers) {
        printPlace(os << "    barrier: ", b.op, b.place);
        os << ' ' << b.why << '\n';
      }
    }
  }

  void runOnOperation() override {
    markAllAnalysesPreserved();
    SmallVector<Transform> chosen;
    for (Transform t :
         {Transform::Diagonal, Transform::Permutation, Transform::Orthogonal, Transform::Centering})
      if (transform.empty() || transform == analysis::nameOf(t))
        chosen.push_back(t);
    if (chosen.empty()) {
      getOperation().emitError()
          << "option transform: expected diagonal, permutation, orthogonal or "
             "centering, but got '"
          << transform << "'";
      return signalPassFailure();
    }
    for (auto func : getOperation().getOps<func::FuncOp>())
      for (Transform t : chosen)
        print(func, t);
  }
};
} // namespace
