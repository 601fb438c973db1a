// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Facts, pages and number lines of element formats.
#include "lib/Driver/FormatPage.h"
#include "lib/Driver/FormatLine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

using namespace lpc;
using namespace lpc::driver;

namespace {

FormatFacts factsOf(const std::string &name) { return FormatFacts(*num::Format::parse(name)); }

TEST(FormatFactsTest, CodesFallIntoKinds) {
  for (const std::string &name : num::knownFormatNames()) {
    const num::Format &f = *num::Format::parse(name);
    if (f.width() > 16)
      continue;
    FormatFacts facts(f);
    std::set<double> values;
    size_t finite = 0;
    for (uint32_t code = 0; code < f.numCodes(); ++code) {
      num::Exact v = f.decode(code);
      if (!v.isFinite() || v.negativeZero || f.isReserved(code))
        continue;
      ++finite;
      values.insert(f.decodeToDouble(code));
    }
    EXPECT_EQ(values.size(), facts.byValue.size()) << name;
    EXPECT_EQ(f.max(), f.decodeToDouble(facts.max())) << name;
    EXPECT_EQ(f.lowest(), f.decodeToDouble(facts.lowest())) << name;
    EXPECT_EQ(f.numCodes(), finite + facts.nans.size() + facts.infinities.size() +
                                facts.negativeZeros.size() + facts.reserved.size());
    uint64_t inClasses = 0;
    for (const CodeClass &c : facts.classes)
      inClasses += c.count;
    EXPECT_EQ(f.numCodes(), inClasses) << name;
  }
}

TEST(FormatFactsTest, OrderOfCodes) {
  EXPECT_EQ("as unsigned numbers", factsOf("uint4").order);
  EXPECT_EQ("as unsigned numbers", factsOf("e8m0").order);
  EXPECT_EQ("as two's complement", factsOf("int4").order);
  EXPECT_EQ("as sign and magnitude", factsOf("e4m3").order);
  EXPECT_EQ("as sign and magnitude", factsOf("e4m3fnuz").order);
}

TEST(FormatFactsTest, PatternsShowFixedBits) {
  FormatFacts facts = factsOf("e4m3");
  ASSERT_EQ(3u, facts.classes.size());
  EXPECT_EQ("s 0000 mmm", facts.classes[0].pattern);
  EXPECT_EQ("s eeee mmm", facts.classes[1].pattern);
  EXPECT_EQ("s 1111 111", facts.classes[2].pattern);
  EXPECT_EQ("NaN", facts.classes[2].layout.rule);
  EXPECT_EQ(2u, facts.classes[2].count);
  EXPECT_EQ(&facts.classes[1], &facts.mainClass());
}

TEST(FormatPageTest, SmallFormatsShowEveryCode) {
  const num::Format &f = *num::Format::parse("e2m1");
  std::string page = formatPage(f);
  for (const char *entry : {"0 0 ", "1 0.5", "7 6", "8 -0", "F -6"})
    EXPECT_NE(std::string::npos, page.find(entry)) << entry << " in\n" << page;
  EXPECT_NE(std::string::npos, page.find("zero                0, -0: 8\n"));
  EXPECT_NE(std::string::npos, page.find("integer image       5 bits: value * 2^1\n"));
}

TEST(FormatPageTest, ValuesListsAllCodes) {
  EXPECT_EQ("0 0\n1 1\n2 -2\n3 -1\n", formatValues(*num::Format::parse("int2")));
}

/// The marks of an axis: every value has its place, ends included.
TEST(FormatLineTest, MarksStandWhereValuesAre) {
  std::string text = numberLineText(factsOf("int3"), 71);
  std::string line = text.substr(10, text.find('\n') - 10);
  ASSERT_EQ(71u, line.size());
  for (size_t i = 0; i < line.size(); ++i)
    EXPECT_EQ(i % 10 == 0 ? '|' : ' ', line[i]) << i;
}

TEST(FormatLineTest, DenseColumnsShowCounts) {
  std::string text = numberLineText(factsOf("int8"), 16);
  EXPECT_EQ("  linear  9##############9", text.substr(0, text.find('\n')));
}

TEST(FormatLineTest, SvgHasATickForEachValueAndEscapesNames) {
  std::string svg = numberLineSvg(factsOf("e2m1"));
  auto count = [&](const std::string &what) {
    size_t n = 0;
    for (size_t at = svg.find(what); at != std::string::npos; at = svg.find(what, at + 1))
      ++n;
    return n;
  };
  // 15 values on the linear axis; 7 magnitudes above and 7 below the logarithmic one.
  EXPECT_EQ(29u, count("class=\"value\"") + count("class=\"binade\""));
  EXPECT_EQ(0u, svg.find("<svg "));
  std::string odd = numberLineSvg(factsOf("e3m2<bias=5>"));
  EXPECT_NE(std::string::npos, odd.find("<title>e3m2&lt;bias=5&gt;</title>"));
}

TEST(FormatListTest, EachNamedFormatHasARow) {
  size_t rows = 0;
  for (num::Family family : namedFamilies())
    rows += formatTable(family).rows.size();
  EXPECT_EQ(num::knownFormatNames().size(), rows);
}

} // namespace
