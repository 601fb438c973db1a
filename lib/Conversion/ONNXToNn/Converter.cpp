// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The walk over a graph, sizes of dimensions in normal form, and the elements of shape tensors.
#include "lib/Conversion/ONNXToNn/ConverterImpl.h"

#include "lpc/Support/TensorSize.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

//===- constants
//--------------------------------------------------------------------------------------===//

/// Bits of element i of a blob, in which every element takes whole bytes.
static APInt readBits(ArrayRef<char> data, int64_t i, unsigned width) {
  unsigned bytes = (width + 7) / 8;
  uint64_t bits = 0;
  for (unsigned k = 0; k < bytes; ++k)
    bits |= uint64_t(static_cast<unsigned char>(data[i * bytes + k])) << (8 * k);
  return APInt(8 * bytes, bits).zextOrTrunc(width);
}

ElementsAttr lpc::onnx_to_nn::toDense(ElementsAttr value, int64_t limit) {
  auto resource = dyn_cast_if_present<DenseResourceElementsAttr>(value);
  if (!resource)
    return value;
  auto type = cast<RankedTensorType>(resource.getType());
  Type element = type.getElementType();
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  if (!blob || type.getNumElements() > limit || !element.isIntOrFloat() ||
      element.getIntOrFloatBitWidth() > 64)
    return value;
  unsigned width = element.getIntOrFloatBitWidth();
  int64_t n = type.getNumElements();
  if (static_cast<int64_t>(blob->getData().size()) < n * ((width + 7) / 8))
    return value;
  if (auto f = dyn_cast<FloatType>(element)) {
    SmallVector<APFloat> numbers;
    for (int64_t i = 0; i < n; ++i)
      numbers.emplace_back(f.getFloatSemantics(), readBits(blob->getData(), i, width));
    return DenseElementsAttr::get(type, numbers);
  }
  SmallVector<APInt> numbers;
  for (int64_t i = 0; i < n; ++i)
    numbers.push_back(readBits(blob->getData(), i, width));
  return DenseElementsAttr::get(type, numbers);
}

std::optional<SmallVector<int64_t>> lpc::onnx_to_nn::readIntegers(ElementsAttr value,
                                                                  int64_t limit) {
  if (!value || value.getNumElements() > limit)
    return std::nullopt;
  auto type = dyn_cast<IntegerType>(value.getElementType());
  auto dense = dyn_cast<DenseElementsAttr>(toDense(value, limit));
  if (!type || !dense || type.getWidth() > 64)
    return std::nullopt;
  bool zext = type.isUnsigned() || type.getWidth() == 1;
  SmallVector<int64_t> result;
  for (const APInt &x : dense.getValues<APInt>())
    result.push_back(zext ? static_cast<int64_t>(x.getZExtValue()) : x.getSExtValue());
  return result;
}

std::optional<std::vector<Poly>> Converter::known(Value v) {
  if (!v)
    return std::nullopt;
  if (auto it = elementsOf.find(v); it != elementsOf.end())
    return it->second;
  auto type = cast<RankedTensorType>(v.getType());
  if (type.hasStaticShape() && type.getNumElements() == 0 &&
      isa<IntegerType>(type.getElementType()))
    return std::vector<Poly>();
  auto constant = v.getDefiningOp<nn::ConstantOp>();
  if (!constant)
    return std::nullopt;
  std::optional<SmallVector<int64_t>> integers = readIntegers(constant.getValue(), kMaxKnown);
  if (!integers)
    return std::nullopt;
  std::vector<Poly> result;
  for (int64_t x : *integers)
    result.push_back(SymbolicIndex::constant(x));
  return result;
}

//===- sizes
//------------------------------------------------------------------------------------------===//

Converter::Converter(func::FuncOp main, SmallVectorImpl<Refusal> &refusals)
    : main(main), refusals(refusals) {
  populateAll(registry);
  for (BlockArgument arg : main.getArguments()) {
    auto names = main.getArgAttrOfType<ArrayAttr>(arg.getArgNumber(), "nn.dims");
    if (!names)
      continue;
    for (auto [axis, name] : llvm::enumerate(names.getAsRange<StringAttr>()))
      if (!name.getValue().empty())
        argumentDimNames[{arg, static_cast<int64_t>(axis)}] = name.getValue();
  }
}

Poly Converter::sizeAtom(OpBuilder &b, Value v, int64_t axis) {
  OpBuilder::InsertionGuard guard(b);
  // Right after the value, so that the size is visible wherever the value is.
  b.setInsertionPointAfterValue(v);
  bool ofArgument = isa<BlockArgument>(v) && v.getParentBlock() == &main.getBody().front();
  if (ofArgument && sizeOfArgument)
    b.setInsertionPointAfter(sizeOfArgument);
  Value index = arith::ConstantIndexOp::create(b, v.getLoc(), axis);
  auto size = tensor::DimOp::create(b, v.getLoc(), v, index);
  if (ofArgument)
    sizeOfArgument = size;
  return symbols.size(size);
}

Poly Converter::dim(OpBuilder &b, Value v, int64_t axis) {
  int64_t size = cast<RankedTensorType>(v.getType()).getDimSize(axis);
  if (!ShapedType::isDynamic(size))
    return SymbolicIndex::constant(size);
  if (auto it = dims.find({v, axis}); it != dims.end())
    return it->second;
  Poly p = computeDim(b, v, axis);
  dims[{v, axis}] = p;
  return p;
}

Poly Converter::computeDim(OpBuilder &b, Value v, int64_t axis) {
  if (auto it = argumentDimNames.find({v, axis}); it != argumentDimNames.end()) {
    auto [named, inserted] = namedDims.try_emplace(it->second, std::make_pair(v, axis));
    auto [firstValue, firstAxis] = named->second;
    if (firstValue != v || firstAxis != axis)
      return dim(b, firstValue, firstAxis);
  }
  auto reifiable = v.getDefiningOp<ReifyRankedShapedTypeOpInterface>();
  if (!reifiable || isa<tensor::TensorDialect>(reifiable->getDialect()))
    return sizeAtom(b, v, axis);

  // The operations that reification leaves here are only read, and then removed.
  Block *block = b.getInsertionBlock();
  Operation *before =
      b.getInsertionPoint() == block->begin() ? nullptr : &*std::prev(b.getInsertionPoint());
  ReifiedRankedShapedTypeDims reified;
  std::optional<Poly> result;
  if (succeeded(reifiable.reifyResultShapes(b, reified))) {
    OpFoldResult size = reified[cast<OpResult>(v).getResultNumber()][axis];
    if (auto value = dyn_cast<Value>(size))
      result = evaluate(b, value);
    else
      result = symbols.of(size);
  }
  Block::iterator it = b.getInsertionPoint();
  while (it != block->begin()) {
    Operation *op = &*std::prev(it);
    if (op == before)
      break;
    if (isOpTriviallyDead(op) &&
        llvm::none_of(op->getResults(), [&](Value r) { return symbols.isKnown(r); }))
      op->erase();
    else
      --it;
  }
  return result ? *result : sizeAtom(b, v, axis);
}

std::optional<Poly> Converter::evaluate(OpBuilder &b, Value v) {
  if (std::optional<int64_t> c = getConstantIntValue(v))
    return SymbolicIndex::constant(*c);
  if (auto dimOp = v.getDefiningOp<tensor::DimOp>()) {
    if (symbols.isKnown(v))
      return symbols.of(v);
    if (std::optional<int64_t> axis = dimOp.getConstantIndex())
      return dim(b, dimOp.getSource(), *axis);
  }
  if (auto apply = v.getDefiningOp<affine::AffineApplyOp>()) {
    SmallVector<Poly> operands;
    for (Value operand : apply.getMapOperands()) {
      std::optional<Poly> p = evaluate(b, operand);
      if (!p)
        return std::nullopt;
      operands.push_back(*p);
    }
    AffineMap map = apply.getAffineMap();
    ArrayRef<Poly> all(operands);
    return evaluate(map.getResult(0), all.take_front(map.getNumDims()),
                    all.drop_front(map.getNumDims()));
  }
  // Operands of ops (sizes of a reshape, say) are values of this conversion, which stay.
  return symbols.of(v);
}

std::optional<Poly> Converter::evaluate(AffineExpr e, ArrayRef<Poly> dimensions,
                                        ArrayRef<Poly> parameters) {
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return SymbolicIndex::constant(c.getValue());
  if (auto d = dyn_cast<AffineDimExpr>(e))
    return dimensions[d.getPosition()];
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return parameters[s.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(e);
  std::optional<Poly> x = evaluate(binary.getLHS(), dimensions, parameters);
  std::optional<Poly> y = evaluate(binary.getRHS(), dimensions, parameters);
  if (!x || !y)
    return std::nullopt;
  switch (e.getKind()) {
  case AffineExprKind::Add:
    return symbols.add(*x, *y);
  case AffineExprKind::Mul:
    return symbols.mul(*x, *y);
  case AffineExprKind::FloorDiv:
    return symbols.divide(AtomKind::FloorDiv, *x, *y);
  case AffineExprKind::CeilDiv:
    return symbols.divide(AtomKind::CeilDiv, *x, *y);
  case AffineExprKind::Mod:
    return symbols.remainder(AtomKind::FloorMod, *x, *y);
  default:
    return std::nullopt;
  }
}

//===- nodes
//------------------------------------------------------------------------------------------===//

std::string Converter::describeUnknown(onnx::NodeOp node) {
  StringRef domain = node.getDomain().empty() ? "ai.onnx" : node.getDomain();
  std::string text =
      ("no handler for operator '" + node.getOpType() + "' of domain '" + domain + "'").str();
  // Of a domain that is unknown as a whole, no operator is a slip of the pen.
  bool knownDomain = llvm::any_of(
      registry.names(), [&](StringRef name) { return name.rsplit(':').first == node.getDomain(); });
  if (!knownDomain)
    return text + ", of which no operator is known; express it with other operators when exporting";
  std::string best, bestDomain;
  unsigned bestDistance = ~0u;
  for (StringRef name : registry.names()) {
    auto [otherDomain, op] = name.rsplit(':');
    // Letter case first: a wrong case is the likeliest slip.
    unsigned distance =
        2 * op.edit_distance(node.getOpType(), true, 0) - (op.lower() == node.getOpType().lower());
    // A name in the same domain wins over an equally near one elsewhere.
    distance = 2 * distance + (otherDomain != node.getDomain());
    if (distance < bestDistance || (distance == bestDistance && op < best))
      std::tie(bestDistance, best, bestDomain) =
          std::make_tuple(distance, op.str(), otherDomain.str());
  }
  // A name that shares too little is no help.
  if (best.empty() || bestDistance > 4 * std::max<unsigned>(1, node.getOpType().size() / 3) + 1)
    return text + "; express it with other operators when exporting";
  text += "; nearest known operator: '" + best + "'";
  if (bestDomain != node.getDomain())
    text += " of domain '" + (bestDomain.empty() ? std::string("ai.onnx") : bestDomain) + "'";
  return text;
}

/// Sizes made of window attributes within this limit do not overflow.
static std::optional<std::string> describeHugeWindow(onnx::NodeOp node) {
  constexpr int64_t kLimit = int64_t(1) << 30;
  for (StringRef name :
       {"pads", "paddings", "dilations", "kernel_shape", "output_padding", "output_shape"}) {
    SmallVector<int64_t> values;
    Attribute attr = node.getNodeAttr(name);
    if (auto dense = dyn_cast_if_present<DenseI64ArrayAttr>(attr))
      values.assign(dense.asArrayRef().begin(), dense.asArrayRef().end());
    else if (auto array = dyn_cast_if_present<ArrayAttr>(attr))
      for (Attribute x : array)
        if (auto i = dyn_cast<IntegerAttr>(x))
          values.push_back(i.getInt());
    for (int64_t value : values)
      if (value > kLimit || value < -kLimit)
        return ("attribute '" + name + "' has the value " + Twine(value) +
                ", beyond the limit of 2^30")
            .str();
  }
  return std::nullopt;
}

void Converter::refuse(onnx::NodeOp node, Refusal::Kind kind, const Twine &reason) {
  StringRef name =
      node.getNodeName().empty() ? onnx::getSourceName(node.getLoc()) : node.getNodeName();
  refusals.push_back(
      {name.str(), node.getOpType().str(), node.getDomain().str(), reason.str(), kind});
  std::string op = node.getDomain().empty() ? node.getOpType().str()
                                            : (node.getDomain() + "." + node.getOpType()).str();
  llvm::SaveAndRestore guard(reporting, true);
  std::string subject = name.empty() ? "node (" : ("node '" + name + "' (").str();
  emitError(node.getLoc()) << subject << op << ", opset " << node.getOpset()
                           << "): " << refusals.back().reason;
}

void Converter::refuseValue(StringRef what, StringRef name, Location loc, const Twine &reason,
                            Refusal::Kind kind) {
  refusals.push_back({name.str(), what.str(), "", reason.str(), kind});
  llvm::SaveAndRestore guard(reporting, true);
  emitError(loc) << what << " '" << name << "': " << refusals.back().reason;
}

LogicalResult Converter::convertNode(onnx::NodeOp node, OpBuilder &b) {
  for (Value v : node.getInputs())
    if (!isa<NoneType>(v.getType()) && !lookup(v))
      return failure();
  Handler handler = registry.find(node.getDomain(), node.getOpType());
  if (!handler) {
    refuse(node, Refusal::Kind::UnknownOperator, describeUnknown(node));
    return failure();
  }

  Block *block = b.getInsertionBlock();
  Operation *before =
      b.getInsertionPoint() == block->begin() ? nullptr : &*std::prev(b.getInsertionPoint());
  std::string outerReason = std::exchange(pendingReason, {});
  llvm::scope_exit restore([&] { pendingReason = outerReason; });
  if (std::optional<std::string> reason = describeHugeWindow(node)) {
    refuse(node, Refusal::Kind::Limit, *reason);
    for (OpResult r : node.getResults())
      map(r, {});
    return failure();
  }
  NodeContext context(*this, node, b);
  std::string message;
  LogicalResult result = success();
  {
    // What verifiers say about the new ops belongs into the sentence about the node.
    ScopedDiagnosticHandler diagnostics(b.getContext(), [&](Diagnostic &d) {
      if (d.getSeverity() != DiagnosticSeverity::Error || reporting)
        return failure();
      if (message.empty())
        message = d.str();
      return success();
    });
    result = handler(context);
    for (auto it = before ? std::next(before->getIterator()) : block->begin();
         succeeded(result) && pendingReason.empty() && it != b.getInsertionPoint(); ++it)
      if (!isa<onnx::NodeOp, onnx::ConstantOp, onnx::NoneOp>(*it) && failed(verify(&*it)))
        result = failure();
  }
  if (!pendingReason.empty()) {
    refuse(node, pendingKind, pendingReason);
    return failure();
  }
  if (failed(result)) {
    // A node with subgraphs whose inner refusals are reported already needs no second report.
    if (message.empty() && !node.getGraphs().empty())
      return failure();
    refuse(node, Refusal::Kind::Malformed,
           message.empty() ? "the node breaks a rule of its operator" : message);
    return failure();
  }
  // Also what a tensor between the new ops takes; ops that the handler has not kept are gone.
  for (auto it = before ? std::next(before->getIterator()) : block->begin();
       it != b.getInsertionPoint(); ++it)
    for (Type type : it->getResultTypes())
      if (std::optional<std::string> reason = describeIfTooLarge(type)) {
        refuse(node, Refusal::Kind::Limit, *reason);
        for (OpResult r : node.getResults())
          map(r, {}); // what depends on it is skipped
        return failure();
      }
  for (OpResult r : node.getResults())
    if (!r.use_empty() && !lookup(r)) {
      refuse(node, Refusal::Kind::Unsupported,
             "output " + Twine(r.getResultNumber()) + " is not supported");
      return failure();
    }
  return success();
}

LogicalResult Converter::convertBlock(Block &from, OpBuilder &b) {
  bool failedAny = false;
  SmallVector<Operation *> nodes;
  for (Operation &op : from.without_terminator())
    nodes.push_back(&op);
  for (Operation *op : nodes) {
    if (auto node = dyn_cast<onnx::NodeOp>(op)) {
      if (failed(convertNode(node, b)))
        failedAny = true;
      continue;
    }
    if (auto constant = dyn_cast<onnx::ConstantOp>(op)) {
      auto type = dyn_cast<RankedTensorType>(constant.getType());
      if (!type || !type.getElementType().isIntOrFloat()) {
        if (constant->use_empty())
          continue;
        refuseValue("initializer", onnx::getSourceName(op->getLoc()), op->getLoc(),
                    "type " + printed(constant.getType()) + " is not supported");
        failedAny = true;
        continue;
      }
      map(constant, nn::ConstantOp::create(b, op->getLoc(), constant.getValue()));
    }
  }
  return failure(failedAny);
}

std::string lpc::onnx_to_nn::printed(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << '\'' << type << '\'';
  return text;
}
