// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// docs/AddingAFormat.md quotes the parts of TableNames.cpp between its markers, word for word.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace {

std::string contents(const char *path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(DocsTest, AddingAFormatQuotesTheSource) {
  const std::string source = contents("lib/Numerics/TableNames.cpp");
  const std::string page = contents("docs/AddingAFormat.md");
  ASSERT_FALSE(source.empty() || page.empty()) << "run the test in the root of the checkout";
  for (const char *name : {"ternary", "rows"}) {
    const std::string marker = std::string("// [") + name + "]\n";
    size_t begin = source.find(marker);
    ASSERT_NE(std::string::npos, begin) << marker;
    begin += marker.size();
    size_t end = source.find(marker, begin);
    ASSERT_NE(std::string::npos, end) << marker;
    const std::string part = source.substr(begin, end - begin);
    EXPECT_NE(std::string::npos, page.find("```cpp\n" + part + "```"))
        << "docs/AddingAFormat.md should quote:\n"
        << part;
  }
}

} // namespace
