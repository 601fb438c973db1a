// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scale structures, accumulation contracts and code constants.
#include "dialects/Lp/IR/Lp.h"
#include "lpc/Numerics/Bulk.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::lp;

#include "dialects/Lp/IR/LpEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Lp/IR/LpAttributes.cpp.inc"

void LpDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Lp/IR/LpAttributes.cpp.inc"
      >();
}

//===- ScaleAttr
//--------------------------------------------------------------------------------------===//

ScaleAttr ScaleAttr::singleLevel(MLIRContext *ctx, ArrayRef<int64_t> block) {
  return get(ctx, {DenseI64ArrayAttr::get(ctx, block)});
}

ScaleAttr ScaleAttr::perTensor(MLIRContext *ctx, int64_t rank) {
  return singleLevel(ctx, SmallVector<int64_t>(rank, kAll));
}

ScaleAttr ScaleAttr::perAxis(MLIRContext *ctx, int64_t rank, int64_t axis) {
  SmallVector<int64_t> block(rank, kAll);
  block[axis] = 1;
  return singleLevel(ctx, block);
}

bool ScaleAttr::isPerTensor() const {
  return getLevels().size() == 1 && llvm::all_of(getBlock(), [](int64_t b) { return b == kAll; });
}

SmallVector<int64_t> ScaleAttr::getScaleShape(ArrayRef<int64_t> shape, unsigned level) const {
  SmallVector<int64_t> result;
  for (auto [dim, block] : llvm::zip(shape, getBlock(level)))
    result.push_back(block == kAll                ? 1
                     : ShapedType::isDynamic(dim) ? ShapedType::kDynamic
                                                  : (dim + block - 1) / block);
  return result;
}

LogicalResult ScaleAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                ArrayRef<DenseI64ArrayAttr> levels) {
  if (levels.empty())
    return emitError() << "expected a scale structure with at least one level";
  for (DenseI64ArrayAttr level : levels) {
    if (level.size() != levels.front().size())
      return emitError() << "expected levels of one rank, but got " << levels.front().size()
                         << " and " << level.size();
    for (int64_t block : level.asArrayRef())
      if (block < 0)
        return emitError() << "expected block sizes of at least 1, but got " << block;
  }
  return success();
}

Attribute ScaleAttr::parse(AsmParser &parser, Type) {
  SmallVector<DenseI64ArrayAttr> levels;
  auto parseLevel = [&]() -> ParseResult {
    SmallVector<int64_t> block;
    auto parseBlock = [&]() -> ParseResult {
      if (succeeded(parser.parseOptionalStar())) {
        block.push_back(kAll);
        return success();
      }
      SMLoc loc = parser.getCurrentLocation();
      if (parser.parseInteger(block.emplace_back()))
        return failure();
      return block.back() >= 1 ? success()
                               : ParseResult(parser.emitError(
                                     loc, "expected a block size of at least 1, or '*'"));
    };
    if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseBlock))
      return failure();
    levels.push_back(DenseI64ArrayAttr::get(parser.getContext(), block));
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater, parseLevel))
    return {};
  return parser.getChecked<ScaleAttr>(parser.getContext(), levels);
}

void ScaleAttr::print(AsmPrinter &printer) const {
  printer << '<';
  llvm::interleaveComma(getLevels(), printer, [&](DenseI64ArrayAttr level) {
    printer << '[';
    llvm::interleaveComma(level.asArrayRef(), printer, [&](int64_t block) {
      if (block == kAll)
        printer << '*';
      else
        printer << block;
    });
    printer << ']';
  });
  printer << '>';
}

//===- AccumulatorAttr
//--------------------------------------------------------------------------------===//

LogicalResult AccumulatorAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                      AccumulatorKind kind, unsigned width) {
  bool isInt = kind == AccumulatorKind::Int;
  if (isInt ? width >= 2 && width <= 64 : width == 0)
    return success();
  return emitError() << "expected an accumulator 'int<N>' with N in [2, 64], 'f32_grouped' or "
                        "'f32_relaxed'";
}

Attribute AccumulatorAttr::parse(AsmParser &parser, Type) {
  StringRef word;
  unsigned width = 0;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseKeyword(&word))
    return {};
  std::optional<AccumulatorKind> kind = symbolizeAccumulatorKind(word);
  if (!kind) {
    parser.emitError(loc, "expected 'int<N>', 'f32_grouped' or 'f32_relaxed', but got '")
        << word << "'";
    return {};
  }
  if (*kind == AccumulatorKind::Int &&
      (parser.parseLess() || parser.parseInteger(width) || parser.parseGreater()))
    return {};
  if (parser.parseGreater())
    return {};
  return parser.getChecked<AccumulatorAttr>(parser.getContext(), *kind, width);
}

void AccumulatorAttr::print(AsmPrinter &printer) const {
  printer << '<' << stringifyAccumulatorKind(getKind());
  if (getKind() == AccumulatorKind::Int)
    printer << '<' << getWidth() << '>';
  printer << '>';
}

//===- constants
//--------------------------------------------------------------------------------------===//

DenseResourceElementsAttr lp::makeCodes(RankedTensorType type, ArrayRef<uint16_t> codes,
                                        StringRef name) {
  unsigned width = formatOf(type)->width();
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(packedBytes(codes.size(), width), 64);
  MutableArrayRef<char> data = blob.getMutableData();
  num::packBits({codes.data(), codes.size()}, width,
                {reinterpret_cast<uint8_t *>(data.data()), data.size()});
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

std::optional<std::vector<uint16_t>> lp::readCodes(ElementsAttr value) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob)
    return std::nullopt;
  unsigned width = formatOf(value.getElementType())->width();
  std::vector<uint16_t> codes(value.getNumElements());
  ArrayRef<char> data = blob->getData();
  if (static_cast<int64_t>(data.size()) < packedBytes(codes.size(), width))
    return std::nullopt;
  num::unpackBits({reinterpret_cast<const uint8_t *>(data.data()), data.size()}, width, codes);
  return codes;
}
