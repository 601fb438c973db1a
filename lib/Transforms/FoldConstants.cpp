// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Executes operations whose operands are all constants, through the reference evaluator, so that
// folded values are the defined ones. Intermediate results stay in memory of the evaluator and
// become attributes only where an operation that stays uses them. Weights are read in place;
// nothing is hashed or compared.
#include "lpc/Transforms/Passes.h"

#include "dialects/Lp/IR/Lp.h"
#include "dialects/Nn/IR/Nn.h"
#include "lpc/Reference/Evaluate.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

namespace lpc {
#define GEN_PASS_DEF_FOLDCONSTANTSPASS
#include "lpc/Transforms/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;

/// Bytes of a value of static size as the IR stores it; nothing if the evaluator cannot hold it.
static std::optional<int64_t> storedBytes(Type type) {
  std::optional<ref::DType> dtype = ref::dtypeOf(getElementTypeOrSelf(type));
  auto shaped = dyn_cast<ShapedType>(type);
  if (!dtype || (shaped && !shaped.hasStaticShape()))
    return std::nullopt;
  int64_t bits = dtype->isCode() ? dtype->bits : 8 * dtype->size();
  return ((shaped ? shaped.getNumElements() : 1) * bits + 7) / 8;
}

/// The value of a constant that is one element, repeated; else null.
static SplatElementsAttr splatOf(Operation *op) {
  Attribute value;
  return op && matchPattern(op, m_Constant(&value)) ? dyn_cast<SplatElementsAttr>(value)
                                                    : SplatElementsAttr();
}

/// The name of a location, for the blob: that of the ONNX node or initializer if there is one.
static StringRef nameOf(Location loc) {
  StringRef name;
  loc->walk([&](Location inner) {
    if (auto named = dyn_cast<NameLoc>(inner)) {
      name = named.getName();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return name.empty() ? StringRef("folded") : name;
}

static bool isConstantOp(Operation *op) {
  return isa_and_nonnull<nn::ConstantOp, lp::ConstantOp, arith::ConstantOp>(op);
}

namespace {

class Folder {
public:
  Folder(int64_t maxBytes, int64_t maxGrowth) : maxBytes(maxBytes), maxGrowth(maxGrowth) {}

  /// Visits operations in order; folded ones stay in the IR until the end.
  void visit(Operation *op);
  void eraseFolded();
  int64_t numFolded() const { return folded.size(); }

private:
  bool isKnown(Value v) const { return known.contains(v) || isConstantOp(v.getDefiningOp()); }
  bool mayFold(Operation *op) const;
  bool tryFold(Operation *op);
  /// The value of a constant or of a folded operation.
  ref::Result<ref::Tensor> valueOf(Value v);
  /// Gives the result of a folded operation a constant of its own.
  void materialize(Value v);
  void release(Operation *op);

  int64_t maxBytes, maxGrowth;
  llvm::DenseMap<Value, ref::Tensor> known;
  llvm::DenseMap<Value, int64_t> openUses;
  SmallVector<Operation *> folded;
};

} // namespace

/// An element-for-byte growth beyond the limits keeps an operation: broadcasts and iotas are
/// cheaper as operations.
bool Folder::mayFold(Operation *op) const {
  if (!ref::isEvaluable(op) || isConstantOp(op) || op->getNumResults() == 0 ||
      op->getNumRegions() != 0 || !isPure(op))
    return false;
  // The quantized weight itself: folding it would give the float weight back. Codes that a table
  // turns into codes of no more bits stay small.
  if (isa<lp::DequantizeOp, lp::LookupOp>(op) && isKnown(op->getOperand(0)) &&
      !(lp::formatOf(op->getResult(0).getType()) &&
        lp::formatOf(op->getResult(0).getType())->width() <=
            lp::formatOf(op->getOperand(0).getType())->width()))
    return false;
  int64_t before = 0, after = 0;
  for (Value v : op->getOperands()) {
    std::optional<int64_t> bytes = storedBytes(v.getType());
    if (!bytes || !isKnown(v))
      return false;
    // A repeated value is one element in the IR, but the evaluator computes with all of them.
    constexpr int64_t maxUnfolded = 64 << 20;
    if (SplatElementsAttr splat = splatOf(v.getDefiningOp())) {
      if (*bytes > maxUnfolded)
        return false;
      bytes = *storedBytes(splat.getElementType());
    }
    before += *bytes;
  }
  for (Value v : op->getResults()) {
    std::optional<int64_t> bytes = storedBytes(v.getType());
    if (!bytes)
      return false;
    after += *bytes;
  }
  return after <= maxBytes || after <= maxGrowth * before;
}

ref::Result<ref::Tensor> Folder::valueOf(Value v) {
  if (auto it = known.find(v); it != known.end())
    return it->second;
  ref::Result<ref::Tensors> results = ref::evaluateOperation(v.getDefiningOp(), {});
  if (!results)
    return results.takeError();
  return results->front();
}

bool Folder::tryFold(Operation *op) {
  if (!mayFold(op))
    return false;
  ref::Tensors operands;
  for (Value v : op->getOperands()) {
    ref::Result<ref::Tensor> value = valueOf(v);
    if (!value)
      return false; // an elided blob, say
    operands.push_back(*value);
  }
  ref::Result<ref::Tensors> results = ref::evaluateOperation(op, operands);
  // What fails here may never run; if it runs, it fails there.
  if (!results)
    return false;
  for (auto [v, tensor] : llvm::zip_equal(op->getResults(), *results)) {
    known[v] = tensor;
    openUses[v] = std::distance(v.use_begin(), v.use_end());
  }
  return true;
}

void Folder::materialize(Value v) {
  Operation *def = v.getDefiningOp();
  OpBuilder b(def);
  const ref::Tensor &tensor = known.find(v)->second;
  Operation *constant;
  if (auto type = dyn_cast<RankedTensorType>(v.getType())) {
    ElementsAttr value = ref::elementsOf(tensor, type, nameOf(def->getLoc()));
    if (lp::formatOf(type))
      constant = lp::ConstantOp::create(b, def->getLoc(), value);
    else if (type.getElementType().isIndex())
      constant = arith::ConstantOp::create(b, def->getLoc(), value);
    else
      constant = nn::ConstantOp::create(b, def->getLoc(), value);
  } else if (isa<FloatType>(v.getType())) {
    constant =
        arith::ConstantOp::create(b, def->getLoc(), b.getFloatAttr(v.getType(), tensor.at(0)));
  } else {
    unsigned width = v.getType().isIndex() ? 64 : v.getType().getIntOrFloatBitWidth();
    APInt bits(width, static_cast<uint64_t>(tensor.intAt(0)), false, true);
    constant = arith::ConstantOp::create(b, def->getLoc(), b.getIntegerAttr(v.getType(), bits));
  }
  v.replaceAllUsesWith(constant->getResult(0));
  // From here on the value is read from the attribute.
  known.erase(v);
}

void Folder::release(Operation *op) {
  for (Value v : op->getOperands())
    if (auto it = openUses.find(v); it != openUses.end() && --it->second == 0)
      known.erase(v);
}

void Folder::visit(Operation *op) {
  if (tryFold(op)) {
    folded.push_back(op);
    release(op);
    return;
  }
  for (Value v : llvm::to_vector(op->getOperands()))
    if (known.contains(v))
      materialize(v);
}

void Folder::eraseFolded() {
  for (Operation *op : llvm::reverse(folded))
    if (op->use_empty())
      op->erase();
}

namespace {

struct FoldConstants final : public lpc::impl::FoldConstantsPassBase<FoldConstants> {
  using FoldConstantsPassBase::FoldConstantsPassBase;

  void runOnOperation() override {
    Folder folder(maxBytes, maxGrowth);
    getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) { folder.visit(op); });
    folder.eraseFolded();
    numFolded += folder.numFolded();
    // Constants and shape code that nothing uses any more.
    IRRewriter rewriter(&getContext());
    (void)runRegionDCE(rewriter, getOperation()->getRegions());
  }
};

} // namespace
