// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TempFolder.h: a folder for the files of one test.
#ifndef LPC_TEST_UNIT_RUNTIME_TEMPFOLDER_H
#define LPC_TEST_UNIT_RUNTIME_TEMPFOLDER_H

#include "gtest/gtest.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdlib.h>
#include <string>

class TempFolder : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/lpc-runtime-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string path(const std::string &name) { return folder + "/" + name; }
  std::string write(const std::string &name, std::span<const uint8_t> bytes) {
    std::ofstream(path(name), std::ios::binary)
        .write(reinterpret_cast<const char *>(bytes.data()), std::streamsize(bytes.size()));
    return path(name);
  }
  std::string folder;
};

#endif // LPC_TEST_UNIT_RUNTIME_TEMPFOLDER_H
