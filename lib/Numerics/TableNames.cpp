// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The formats that are lists of values: one row and one function each, and lists written out by
// users. docs/AddingAFormat.md quotes this file.
#include "Families.h"
#include "Text.h"

#include "lpc/Numerics/FormatFamilies.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

namespace lpc::num {
namespace {

/// What a row says of a format.
struct Values {
  std::vector<double> values; ///< of each code
  Rounding rounding = Rounding::NearestEven;
  uint32_t used = 0; ///< encode makes only the first ones; all of them if 0
};

/// NormalFloat4: quantiles of the normal distribution. A number in the middle goes to the lower
/// one.
Values nf4(unsigned) {
  return {{-1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f,
           -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0.0f,
           0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
           0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f},
          Rounding::NearestDown};
}

/// The 4-bit float of bitsandbytes, scaled to [-1, 1] in float. Its codes are not in order.
Values fp4Bnb(unsigned) {
  Values v{{}, Rounding::NearestDown};
  for (float sign : {1.0f, -1.0f})
    for (float x : {0.0f, 0.0625f, 8.0f, 12.0f, 4.0f, 6.0f, 2.0f, 3.0f})
      v.values.push_back(sign * (x / 12.0f));
  return v;
}

/// n digits, each +1 or -1: the odd numbers.
Values bipolar(unsigned width) {
  Values v;
  for (int code = 0; code < 1 << width; ++code)
    v.values.push_back(2 * code - ((1 << width) - 1));
  return v;
}

// [ternary]
/// -1, 0 and 1 as 0, 1 and 2. The fourth code decodes as the row goes on, and is never made.
Values ternary(unsigned) { return {{-1, 0, 1, 2}, Rounding::NearestEven, /*used=*/3}; }
// [ternary]

/// Sign and magnitude: 0, then powers of two up to 1; there is a -0.
Values powersOfTwo(unsigned width) {
  Values v{{}, Rounding::NearestLog};
  const int top = (1 << (width - 1)) - 1;
  for (int sign : {1, -1})
    for (int field = 0; field <= top; ++field)
      v.values.push_back(field == 0 ? sign * 0.0 : sign * std::ldexp(1.0, field - top));
  return v;
}

/// Sign and shift: powers of two from 1 on, without zero.
Values denseShift(unsigned width) {
  Values v{{}, Rounding::NearestLog};
  for (int sign : {1, -1})
    for (int shift = 0; shift < 1 << (width - 1); ++shift)
      v.values.push_back(sign * std::ldexp(1.0, shift));
  return v;
}

/// Two's complement integers whose inner values moved toward zero to make room for halves: code
/// +-1 is +-1/2, code +-k is +-(k - 1). The lowest code has no partner.
Values integersWithHalves(unsigned width) {
  Values v;
  const int codes = 1 << width;
  for (int code = 0; code < codes; ++code) {
    int q = code < codes / 2 ? code : code - codes;
    double magnitude = std::abs(q) == 1 ? 0.5 : std::max(std::abs(q) - 1, 0);
    v.values.push_back(q < 0 ? -magnitude : magnitude);
  }
  return v;
}

// [rows]
/// A name that ends in '#' has a width behind it.
struct Row {
  std::string_view name;
  unsigned leastWidth, mostWidth;
  Values (*make)(unsigned width);
};
constexpr Row rows[] = {
    {"nf4", 4, 4, nf4},
    {"fp4.bnb", 4, 4, fp4Bnb},
    {"binary", 1, 1, bipolar},
    {"bipolar#", 2, 16, bipolar},
    {"ternary", 2, 2, ternary},
    {"pot#", 2, 8, powersOfTwo},
    {"denseshift#", 2, 8, denseShift},
    {"dint#", 3, 16, integersWithHalves},
};
// [rows]

std::string nameOf(const Row &row, unsigned width) {
  if (!row.name.ends_with('#'))
    return std::string(row.name);
  return std::string(row.name.substr(0, row.name.size() - 1)) + std::to_string(width);
}

const Format *makeRow(const Row &row, unsigned width) {
  std::string name = nameOf(row, width);
  if (const Format *known = detail::findFormat(name))
    return known;
  Values made = row.make(width);
  uint32_t used = made.used != 0 ? made.used : 1u << width;
  return TableFormat::get({std::move(name), width, std::move(made.values), used, made.rounding});
}

/// Magnitudes within those of minifloats, so that doubles hold every middle exactly.
bool isAllowed(double v) { return v == 0 || (std::fabs(v) >= 0x1p-959 && std::fabs(v) <= 0x1p959); }

std::string shortest(double v) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), v).ptr};
}

detail::ParseResult parseUserTable(const detail::Spelling &spelling) {
  using detail::ParseResult;
  std::vector<double> values;
  for (const detail::Spelling::Option &option : spelling.options) {
    double v = 0;
    const char *end = option.key.data() + option.key.size();
    auto [stop, failure] = std::from_chars(option.key.data(), end, v);
    if (option.value || failure != std::errc() || stop != end || !isAllowed(v))
      return ParseResult::refuse("a table lists decimal numbers whose magnitudes are 0 or within "
                                 "2^-959 to 2^959, not " +
                                 detail::quoted(option.key));
    for (double other : values)
      if (other == v && std::signbit(other) == std::signbit(v))
        return ParseResult::refuse("the value " + shortest(v) + " stands twice in the table");
    values.push_back(v);
  }
  if (values.size() < 2)
    return ParseResult::refuse("a table lists at least two values, as in 'table<-3,-1,1,3>'");
  std::string name = "table<";
  for (double v : values)
    name += (name.back() == '<' ? "" : ",") + shortest(v);
  const auto used = static_cast<uint32_t>(values.size());
  const auto width = static_cast<unsigned>(std::bit_width(used - 1));
  // Codes without a value repeat the last one.
  values.resize(size_t(1) << width, values.back());
  return ParseResult::found(
      TableFormat::get({name + ">", width, std::move(values), used, Rounding::NearestDown}));
}

} // namespace

namespace detail {

ParseResult parseTable(const Spelling &spelling) {
  if (spelling.head == "table")
    return parseUserTable(spelling);
  std::string_view head = spelling.head;
  if (head == "bipolar1")
    head = "binary";
  for (const Row &row : rows) {
    unsigned width = row.leastWidth;
    if (row.name.ends_with('#')) {
      std::string_view stem = row.name.substr(0, row.name.size() - 1);
      if (!head.starts_with(stem))
        continue;
      auto [number, rest] = leadingNumber(head.substr(stem.size()), row.mostWidth);
      if (!rest.empty())
        continue;
      if (!number || *number < row.leastWidth)
        return ParseResult::refuse(std::string(stem) + " has " + std::to_string(row.leastWidth) +
                                   " to " + std::to_string(row.mostWidth) + " bits");
      width = *number;
    } else if (head != row.name) {
      continue;
    }
    if (!spelling.options.empty())
      return ParseResult::refuse(nameOf(row, width) + " takes no options in angle brackets");
    return ParseResult::found(makeRow(row, width));
  }
  return ParseResult::notMine();
}

void listTableNames(std::vector<std::string> &names) {
  for (const Row &row : rows)
    for (unsigned width = row.leastWidth; width <= std::min(row.mostWidth, 4u); ++width)
      names.push_back(nameOf(row, width));
}

CodeLayout tableLayout(const Format &format, uint32_t code) {
  if (format.isReserved(code))
    return {{{'i', "index", format.width(), true}},
            shortest(format.decodeToDouble(code)) + ", which encode never makes"};
  return {{{'i', "index", format.width(), false}}, "entry i of the list of values"};
}

} // namespace detail
} // namespace lpc::num
