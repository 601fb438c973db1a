// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Control characters as text.
#include "lpc/Support/Escape.h"

#include "llvm/ADT/StringExtras.h"

using llvm::StringRef;

static void append(std::string &to, StringRef text) {
  for (size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too; in UTF-8 they begin with 0xc2.
    bool second = c == 0xc2 && i + 1 < text.size() && (text[i + 1] & 0xe0) == 0x80;
    if (c >= 0x20 && c != 0x7f && !second) {
      to += text[i];
      continue;
    }
    to += "\\x" + llvm::utohexstr(c, /*LowerCase=*/true, /*Width=*/2);
    if (second)
      to += "\\x" + llvm::utohexstr(static_cast<unsigned char>(text[++i]), /*LowerCase=*/true, 2);
  }
}

std::string lpc::escapeControls(StringRef text) {
  std::string result;
  append(result, text);
  return result;
}

std::string lpc::escapeMessage(StringRef text) {
  std::string result;
  while (true) {
    size_t end = text.find("\n  ");
    append(result, text.take_front(end));
    if (end == StringRef::npos)
      return result;
    result += "\n  ";
    text = text.drop_front(end + 3);
  }
}
