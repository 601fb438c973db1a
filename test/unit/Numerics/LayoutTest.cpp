// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rules that layouts print are formulas: evaluated, they give the value that decode gives.
#include "lpc/Numerics/Layout.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <map>

using namespace lpc::num;

namespace {

/// A calculator for the rules: + - * / ^, brackets, numbers and the letters of fields.
class Formula {
public:
  Formula(const std::string &text, const std::map<char, double> &fields)
      : p(text.c_str()), fields(fields) {}

  double value() {
    double v = sum();
    EXPECT_EQ('\0', peek()) << "unread rest: " << p;
    return v;
  }

private:
  char peek() {
    while (*p == ' ')
      ++p;
    return *p;
  }
  bool take(char c) { return peek() == c && ++p; }
  double sum() {
    double v = product();
    while (true) {
      if (take('+'))
        v += product();
      else if (take('-'))
        v -= product();
      else
        return v;
    }
  }
  double product() {
    double v = power();
    while (true) {
      if (take('*'))
        v *= power();
      else if (take('/'))
        v /= power();
      else
        return v;
    }
  }
  double power() {
    double v = atom();
    return take('^') ? std::pow(v, power()) : v;
  }
  double atom() {
    if (take('-'))
      return -atom();
    if (take('(')) {
      double v = sum();
      EXPECT_TRUE(take(')'));
      return v;
    }
    if (std::isdigit(peek())) {
      char *end;
      double v = std::strtod(p, &end);
      p = end;
      return v;
    }
    char c = *p;
    auto it = fields.find(c);
    if (it == fields.end()) {
      ADD_FAILURE() << "no field '" << c << "'";
      return NAN;
    }
    ++p;
    return it->second;
  }

  const char *p;
  const std::map<char, double> &fields;
};

/// The fields of a code as numbers; the integer of a signed format reads as two's complement.
std::map<char, double> fieldValues(const Format &format, const CodeLayout &layout, uint32_t code) {
  std::map<char, double> values;
  unsigned at = format.width();
  for (const BitField &field : layout.fields) {
    at -= field.bits;
    double v = (code >> at) & ((1u << field.bits) - 1);
    if (field.name.starts_with("two's complement") && v >= std::exp2(field.bits - 1))
      v -= std::exp2(field.bits);
    values[field.symbol] = v;
  }
  EXPECT_EQ(0u, at) << "the fields do not fill the code";
  return values;
}

TEST(LayoutTest, RulesGiveTheValues) {
  std::vector<std::string> names = knownFormatNames();
  for (const char *more :
       {"e0m4", "e1m2", "e3m0", "ue0m5", "ue3m0<nosubnormals>", "e3m3<bias=0>", "posit5<es=4>",
        "posit7<es=0>", "lns6<f=1>", "fix5<f=-3>", "e2m2<specials=extended>",
        "ue2m2<specials=extended>", "e3m2<specials=ieee>", "e4m2<specials=fnuz>", "e3m2<bias=-3>"})
    names.push_back(more);
  for (const std::string &name : names) {
    const Format &format = *Format::parse(name);
    if (format.width() > 12 && name != "fp16" && name != "bf16")
      continue;
    for (uint32_t code = 0; code < format.numCodes(); ++code) {
      CodeLayout layout = layoutOf(format, code);
      double v = format.decodeToDouble(code);
      std::map<char, double> fields = fieldValues(format, layout, code);
      if (std::isnan(v)) {
        EXPECT_TRUE(layout.rule.starts_with("NaN")) << name << " code " << code;
        continue;
      }
      if (format.isReserved(code)) {
        EXPECT_TRUE(layout.rule.find("encode never makes") != std::string::npos);
      }
      if (layout.rule.starts_with("entry i")) {
        EXPECT_EQ(Family::Table, format.family());
        continue;
      }
      if (layout.rule.starts_with("minus")) {
        EXPECT_EQ(-v, format.decodeToDouble(format.numCodes() - code));
        continue;
      }
      std::string rule = layout.rule.substr(0, layout.rule.find(','));
      if (size_t at = rule.find("inf"); at != std::string::npos) {
        fields['I'] = HUGE_VAL;
        rule.replace(at, 3, "I");
      }
      double found = Formula(rule, fields).value();
      // The calculator rounds irrational powers.
      double tolerance = format.isDyadic() ? 0 : std::fabs(v) * 1e-15;
      ASSERT_TRUE(v == found || std::fabs(v - found) <= tolerance)
          << name << " code " << code << " rule " << layout.rule << ": " << v << " and " << found;
    }
  }
}

} // namespace
