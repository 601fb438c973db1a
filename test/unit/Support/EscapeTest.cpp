// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names that would drive a terminal.
#include "lpc/Support/Escape.h"

#include <gtest/gtest.h>

using lpc::escapeControls;
using lpc::escapeMessage;

TEST(Escape, ShowsControlCharactersAndKeepsTheRest) {
  EXPECT_EQ(escapeControls("blocks.0/attn"), "blocks.0/attn");
  EXPECT_EQ(escapeControls("a\x1b[31mb\r\n\t\x7f"), "a\\x1b[31mb\\x0d\\x0a\\x09\\x7f");
  EXPECT_EQ(escapeControls(llvm::StringRef("a\0b", 3)), "a\\x00b");
}

TEST(Escape, KeepsUTF8ButItsControlCharacters) {
  EXPECT_EQ(escapeControls("Größe \xe5\xb1\x82"), "Größe \xe5\xb1\x82");
  EXPECT_EQ(escapeControls("\xc2\x9b"
                           "31m"),
            "\\xc2\\x9b31m");
  EXPECT_EQ(escapeControls("\xc2\xb5"), "\xc2\xb5");
}

TEST(Escape, KeepsTheLinesOfAMessage) {
  EXPECT_EQ(escapeMessage("first\n  second\n  third"), "first\n  second\n  third");
  EXPECT_EQ(escapeMessage("name\nerror: forged"), "name\\x0aerror: forged");
}
