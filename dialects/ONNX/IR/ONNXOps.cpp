// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Assembly, verification and names of the ops of the `onnx` dialect.
#include "dialects/ONNX/IR/ONNXOps.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx;

#define GET_OP_CLASSES
#include "dialects/ONNX/IR/ONNXOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Names in locations
//===----------------------------------------------------------------------===//

Location lpc::onnx::getSourceLocation(MLIRContext *context, StringRef name, StringRef file,
                                      int64_t index, ArrayRef<StringRef> outputs) {
  Builder b(context);
  SmallVector<NamedAttribute, 3> entries;
  entries.push_back(b.getNamedAttr("file", b.getStringAttr(file)));
  entries.push_back(b.getNamedAttr("node", b.getI64IntegerAttr(index)));
  entries.push_back(b.getNamedAttr("outputs", b.getStrArrayAttr(outputs)));
  // A location's name must not be empty.
  Location named = NameLoc::get(b.getStringAttr(name.empty() ? "?" : name));
  return FusedLoc::get({named}, b.getDictionaryAttr(entries), context);
}

StringRef lpc::onnx::getSourceName(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().getValue() == "?" ? StringRef() : name.getName().getValue();
  if (auto fused = dyn_cast<FusedLoc>(loc)) {
    for (Location part : fused.getLocations())
      if (StringRef name = getSourceName(part); !name.empty())
        return name;
  }
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return getSourceName(call.getCallee());
  return {};
}

StringRef lpc::onnx::getOutputName(Location loc, unsigned index) {
  auto fused = dyn_cast<FusedLoc>(loc);
  if (!fused)
    return {};
  if (auto dict = dyn_cast_if_present<DictionaryAttr>(fused.getMetadata())) {
    auto names = dict.getAs<ArrayAttr>("outputs");
    if (!names || index >= names.size())
      return {};
    auto name = dyn_cast<StringAttr>(names[index]);
    return name ? name.getValue() : StringRef();
  }
  for (Location part : fused.getLocations())
    if (StringRef name = getOutputName(part, index); !name.empty())
      return name;
  return {};
}

/// Names the results of `op` after the outputs that its location lists.
static void nameResultsAfterOutputs(Operation *op, OpAsmSetValueNameFn setName) {
  for (OpResult result : op->getResults())
    if (StringRef name = getOutputName(op->getLoc(), result.getResultNumber()); !name.empty())
      setName(result, name);
}

//===----------------------------------------------------------------------===//
// NodeOp
//===----------------------------------------------------------------------===//

void NodeOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  nameResultsAfterOutputs(*this, setName);
}

Region *NodeOp::getGraph(StringRef name) {
  for (auto [regionName, region] : llvm::zip(getRegionNames(), getGraphs()))
    if (cast<StringAttr>(regionName).getValue() == name)
      return &region;
  return nullptr;
}

// onnx.node "Op"(%a, %b) domain "d" named "n" {attrs} opset N (graph name {region})* (attributes
// {..})? : type
void NodeOp::print(OpAsmPrinter &p) {
  p << ' ';
  p.printString(getOpType());
  p << '(';
  p.printOperands(getInputs());
  p << ')';
  if (!getDomain().empty()) {
    p << " domain ";
    p.printString(getDomain());
  }
  if (!getNodeName().empty()) {
    p << " named ";
    p.printString(getNodeName());
  }
  if (!getNodeAttrsAttr().empty()) {
    p << ' ';
    p.printAttribute(getNodeAttrsAttr());
  }
  p << " opset " << getOpset();
  for (auto [name, region] : llvm::zip(getRegionNames(), getGraphs())) {
    p << " graph ";
    p.printKeywordOrString(cast<StringAttr>(name).getValue());
    p << ' ';
    p.printRegion(region);
  }
  p.printOptionalAttrDictWithKeyword((*this)->getDiscardableAttrDictionary().getValue());
  p << " : ";
  p.printFunctionalType(getOperation());
}

ParseResult NodeOp::parse(OpAsmParser &parser, OperationState &result) {
  Builder &b = parser.getBuilder();
  auto &props = result.getOrAddProperties<NodeOp::Properties>();
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  std::string text;
  if (parser.parseString(&text) || parser.parseOperandList(operands, OpAsmParser::Delimiter::Paren))
    return failure();
  props.op_type = b.getStringAttr(text);

  text.clear();
  if (succeeded(parser.parseOptionalKeyword("domain")) && parser.parseString(&text))
    return failure();
  props.domain = b.getStringAttr(text);
  text.clear();
  if (succeeded(parser.parseOptionalKeyword("named")) && parser.parseString(&text))
    return failure();
  props.node_name = b.getStringAttr(text);

  NamedAttrList nodeAttrs;
  int64_t opset = 0;
  if (parser.parseOptionalAttrDict(nodeAttrs) || parser.parseKeyword("opset") ||
      parser.parseInteger(opset))
    return failure();
  props.node_attrs = nodeAttrs.getDictionary(b.getContext());
  props.opset = b.getI64IntegerAttr(opset);

  SmallVector<Attribute> regionNames;
  while (succeeded(parser.parseOptionalKeyword("graph"))) {
    std::string name;
    auto region = std::make_unique<Region>();
    if (parser.parseKeywordOrString(&name) || parser.parseRegion(*region))
      return failure();
    regionNames.push_back(b.getStringAttr(name));
    result.addRegion(std::move(region));
  }
  props.region_names = b.getArrayAttr(regionNames);

  FunctionType type;
  SMLoc typeLoc;
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes) || parser.parseColon() ||
      parser.getCurrentLocation(&typeLoc) || parser.parseType(type) ||
      parser.resolveOperands(operands, type.getInputs(), typeLoc, result.operands))
    return failure();
  result.addTypes(type.getResults());
  return success();
}

/// The kinds of value that an ONNX attribute can have, lists aside.
static bool isScalarNodeAttr(Attribute attr) {
  if (auto integer = dyn_cast<IntegerAttr>(attr))
    return integer.getType().isSignlessInteger(64);
  if (auto real = dyn_cast<FloatAttr>(attr))
    return real.getType().isF32();
  return isa<StringAttr, ElementsAttr, TypeAttr>(attr);
}

static bool isNodeAttr(Attribute attr) {
  auto list = dyn_cast<ArrayAttr>(attr);
  if (!list)
    return isScalarNodeAttr(attr);
  return llvm::all_of(list, [&](Attribute element) {
    // Tensors of one list may be stored in different ways; everything else is of one kind.
    return isScalarNodeAttr(element) &&
           (element.getTypeID() == list[0].getTypeID() ||
            (isa<ElementsAttr>(element) && isa<ElementsAttr>(list[0])));
  });
}

LogicalResult NodeOp::verify() {
  // node_c1
  if (getOpType().empty())
    return emitOpError("expected a non-empty operator name");
  // node_c2
  if (getDomain() == "ai.onnx")
    return emitOpError("expected the default domain to be the empty string, but got \"ai.onnx\"");
  // node_c3
  if (getOpset() < 1)
    return emitOpError("expected the opset version to be at least 1, but got ") << getOpset();
  // node_c4
  if (getRegionNames().size() != getGraphs().size())
    return emitOpError("expected one region name for each graph, but got ")
           << getRegionNames().size() << " names for " << getGraphs().size() << " graphs";
  // node_c5
  for (NamedAttribute attr : getNodeAttrsAttr())
    if (!isNodeAttr(attr.getValue()))
      return emitOpError("expected node attribute '")
             << attr.getName().getValue()
             << "' to be an i64, an f32, a string, a tensor, a type or an array of one of these, "
                "but got "
             << attr.getValue();
  for (auto [name, region] : llvm::zip(getRegionNames(), getGraphs())) {
    StringRef regionName = cast<StringAttr>(name).getValue();
    // node_c6
    if (getNodeAttr(regionName))
      return emitOpError("expected '") << regionName << "' to be either an attribute or a graph";
    // node_c7
    if (region.front().empty() || !isa<YieldOp>(region.front().back()))
      return emitOpError("expected graph '") << regionName << "' to end with 'onnx.yield'";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// ConstantOp and NoneOp
//===----------------------------------------------------------------------===//

void ConstantOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  nameResultsAfterOutputs(*this, setName);
}

OpFoldResult ConstantOp::fold(FoldAdaptor adaptor) { return getValue(); }

void NoneOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getOutput(), "none"); }
