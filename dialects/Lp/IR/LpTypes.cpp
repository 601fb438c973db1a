// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parsing and printing of element format types, and their relation to builtin types.
#include "dialects/Lp/IR/Lp.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::lp;

#include "dialects/Lp/IR/LpTypeInterfaces.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Lp/IR/LpTypes.cpp.inc"

void LpDialect::registerTypes() { addTypes<FormatType>(); }

/// A keyword or a decimal number. MLIR's own numbers have a point before an exponent; ours need
/// not: `1e-05` is four tokens, and `1e5` two.
static ParseResult parseWordOrNumber(DialectAsmParser &parser) {
  StringRef word, text(parser.getCurrentLocation().getPointer());
  int64_t number;
  double real;
  size_t digits = text.find_first_not_of("0123456789", text.starts_with("-") ? 1 : 0);
  if (digits != StringRef::npos && text[digits] == '.' && text[0] != '.')
    return parser.parseFloat(real);
  OptionalParseResult integer = parser.parseOptionalInteger(number);
  if (!integer.has_value())
    return parser.parseKeyword(&word);
  if (failed(*integer) || digits == StringRef::npos || text[digits] != 'e')
    return *integer;
  if (parser.parseKeyword(&word))
    return failure();
  if (word != "e")
    return success();
  (void)parser.parseOptionalPlus();
  return parser.parseInteger(number);
}

/// `keyword` or `keyword<word[=word], ...>`; the text goes to the grammar of the numerics core.
Type LpDialect::parseType(DialectAsmParser &parser) const {
  SMLoc loc = parser.getCurrentLocation();
  StringRef keyword;
  if (parser.parseKeyword(&keyword))
    return {};
  std::string spelling = keyword.str();
  if (succeeded(parser.parseOptionalLess())) {
    spelling += '<';
    auto parseItem = [&]() -> ParseResult {
      if (spelling.back() != '<')
        spelling += ',';
      // The words and numbers of one value, as they are written.
      auto parseValue = [&]() -> ParseResult {
        const char *begin = parser.getCurrentLocation().getPointer();
        if (parseWordOrNumber(parser))
          return failure();
        const char *end = parser.getCurrentLocation().getPointer();
        spelling += StringRef(begin, end - begin).trim();
        return success();
      };
      if (parseValue())
        return failure();
      if (failed(parser.parseOptionalEqual()))
        return success();
      spelling += '=';
      return parseValue();
    };
    if (parser.parseCommaSeparatedList(parseItem) || parser.parseGreater())
      return {};
    spelling += '>';
  }
  std::string error;
  const num::Format *format = num::Format::parse(spelling, &error);
  if (!format) {
    parser.emitError(loc, error);
    return {};
  }
  if (format->width() > num::maxTensorCodeBits) {
    parser.emitError(loc, "expected a format of at most ")
        << num::maxTensorCodeBits << " bits, but got '" << format->name() << "' with "
        << format->width();
    return {};
  }
  return FormatType::get(getContext(), format);
}

void LpDialect::printType(Type type, DialectAsmPrinter &printer) const {
  printer << cast<FormatType>(type).getFormat()->name();
}

const num::Format *lp::formatOf(Type type) {
  auto format = dyn_cast<FormatType>(getElementTypeOrSelf(type));
  return format ? format.getFormat() : nullptr;
}

RankedTensorType lp::codeTensor(MLIRContext *ctx, ArrayRef<int64_t> shape,
                                const num::Format *format) {
  return RankedTensorType::get(shape, FormatType::get(ctx, format));
}

const num::Format *lp::formatOfBuiltin(Type type) {
  if (auto i = dyn_cast<IntegerType>(type))
    return i.getWidth() > 16 || i.getWidth() < 2
               ? nullptr
               : num::IntegerFormat::get(i.getWidth(), !i.isUnsigned());
  StringRef name = TypeSwitch<Type, StringRef>(type)
                       .Case<Float8E4M3FNType>([](auto) { return "e4m3"; })
                       .Case<Float8E4M3FNUZType>([](auto) { return "e4m3fnuz"; })
                       .Case<Float8E5M2Type>([](auto) { return "e5m2"; })
                       .Case<Float8E5M2FNUZType>([](auto) { return "e5m2fnuz"; })
                       .Case<Float8E4M3Type>([](auto) { return "e4m3.ieee"; })
                       .Case<Float8E3M4Type>([](auto) { return "e3m4"; })
                       .Case<Float8E4M3B11FNUZType>([](auto) { return "e4m3b11fnuz"; })
                       .Case<Float8E8M0FNUType>([](auto) { return "e8m0"; })
                       .Case<Float6E2M3FNType>([](auto) { return "e2m3"; })
                       .Case<Float6E3M2FNType>([](auto) { return "e3m2"; })
                       .Case<Float4E2M1FNType>([](auto) { return "e2m1"; })
                       .Case<Float16Type>([](auto) { return "fp16"; })
                       .Case<BFloat16Type>([](auto) { return "bf16"; })
                       .Default([](Type) { return ""; });
  return name.empty() ? nullptr : num::Format::parse(std::string_view(name.data(), name.size()));
}
