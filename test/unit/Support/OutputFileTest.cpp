// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Several files appear together or not at all.
#include "lpc/Support/OutputFile.h"
#include "lpc/Support/TemporaryFolder.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <gtest/gtest.h>

using namespace lpc;

namespace {
class OutputFileTest : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(folder.make()); }

  std::string read(const std::string &name) {
    auto buffer = llvm::MemoryBuffer::getFile(folder.file(name));
    return buffer ? (*buffer)->getBuffer().str() : "none";
  }
  OutputFile write(const std::string &name, llvm::StringRef text) {
    llvm::Expected<OutputFile> file = OutputFile::create(folder.file(name));
    EXPECT_TRUE(static_cast<bool>(file));
    file->os() << text;
    return std::move(*file);
  }
  size_t entries() {
    size_t count = 0;
    std::error_code error;
    for (llvm::sys::fs::directory_iterator it(folder.file("."), error), end; it != end && !error;
         it.increment(error))
      ++count;
    return count;
  }

  TemporaryFolder folder;
};
} // namespace

TEST_F(OutputFileTest, CommitsAll) {
  ASSERT_FALSE(llvm::errorToBool(write("a", "old").commit()));
  OutputFile a = write("a", "new a"), b = write("b", "new b");
  EXPECT_FALSE(llvm::errorToBool(OutputFile::commitAll({&a, &b})));
  EXPECT_EQ(read("a"), "new a");
  EXPECT_EQ(read("b"), "new b");
  EXPECT_EQ(entries(), 2u);
}

TEST_F(OutputFileTest, RestoresWhatWasThereIfALaterOneFails) {
  ASSERT_FALSE(llvm::errorToBool(write("a", "old").commit()));
  OutputFile a = write("a", "new a"), fresh = write("fresh", "new"), b = write("b", "new b");
  ASSERT_FALSE(llvm::sys::fs::create_directory(folder.file("b"))); // no file can take its place
  EXPECT_TRUE(llvm::errorToBool(OutputFile::commitAll({&a, &fresh, &b})));
  EXPECT_EQ(read("a"), "old");
  EXPECT_EQ(read("fresh"), "none");
  ASSERT_FALSE(llvm::sys::fs::remove(folder.file("b")));
}
