// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pre-scan on bytes that no library would write.
#include "lib/Import/ONNX/WireScan.h"

#include <gtest/gtest.h>

#include <random>

using namespace lpc::import;
using Status = ScanResult::Status;

static std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 128; value >>= 7)
    out += static_cast<char>((value & 127) | 128);
  return out + static_cast<char>(value);
}

static std::string field(unsigned number, const std::string &payload) {
  return varint(number << 3 | 2) + varint(payload.size()) + payload;
}

static std::string repeat(const std::string &text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

static ScanLimits roomy() {
  ScanLimits limits;
  limits.maxNodes = limits.maxAttributes = limits.maxAttributeList = limits.maxNodeValues = 1000;
  limits.maxParsedBytes = 1 << 20;
  limits.maxDepth = 4;
  limits.maxRank = 8;
  return limits;
}

static ScanResult scan(const std::string &bytes, const ScanLimits &limits = roomy()) {
  return scanModel(bytes, limits);
}

static std::string node(const std::string &content) { return field(7, field(1, content)); }

TEST(WireScan, CountsNodesAndAttributes) {
  std::string two = field(1, field(5, "") + field(5, "")) + field(1, "");
  ScanResult result = scan(field(7, two) + field(25, field(7, "")));
  EXPECT_EQ(result.status, Status::Ok);
  EXPECT_EQ(result.nodes, 3u);
  EXPECT_EQ(result.attributes, 2u);
  EXPECT_EQ(result.depth, 0u);
}

TEST(WireScan, CountsTheDepthOfGraphs) {
  std::string graph;
  for (unsigned depth = 0; depth <= 5; ++depth) {
    ScanResult result = scan(field(7, graph));
    EXPECT_EQ(result.status, depth <= 4 ? Status::Ok : Status::Limit) << depth;
    if (depth <= 4)
      EXPECT_EQ(result.depth, depth);
    graph = field(1, field(5, field(6, graph)));
  }
}

TEST(WireScan, LimitsAreExact) {
  EXPECT_EQ(scan(field(7, repeat(field(1, ""), 1000))).status, Status::Ok);
  EXPECT_EQ(scan(field(7, repeat(field(1, ""), 1001))).status, Status::Limit);
  EXPECT_EQ(scan(node(repeat(field(5, ""), 1000))).status, Status::Ok);
  EXPECT_EQ(scan(node(repeat(field(5, ""), 1001))).status, Status::Limit);
  EXPECT_EQ(scan(node(repeat(field(1, "a"), 500) + repeat(field(2, "a"), 500))).status, Status::Ok);
  EXPECT_EQ(scan(node(repeat(field(1, "a"), 500) + repeat(field(2, "a"), 501))).status,
            Status::Limit);
}

TEST(WireScan, ListsCountPackedAndUnpackedElements) {
  // ints = 8: packed, and one by one; floats = 7.
  std::string wide = std::string("\xff\x01", 2);
  EXPECT_EQ(scan(node(field(5, field(8, repeat(wide, 1000))))).status, Status::Ok);
  EXPECT_EQ(scan(node(field(5, field(8, repeat(wide, 1001))))).status, Status::Limit);
  EXPECT_EQ(scan(node(field(5, repeat("\x40\x01", 1001)))).status, Status::Limit);
  EXPECT_EQ(scan(node(field(5, field(7, std::string(4000, '\0'))))).status, Status::Ok);
  EXPECT_EQ(scan(node(field(5, field(7, std::string(4004, '\0'))))).status, Status::Limit);
}

TEST(WireScan, RankIsLimited) {
  EXPECT_EQ(scan(field(7, field(5, field(1, std::string(8, 1))))).status, Status::Ok);
  EXPECT_EQ(scan(field(7, field(5, field(1, std::string(9, 1))))).status, Status::Limit);
  std::string shape = field(2, repeat(field(1, ""), 9));
  EXPECT_EQ(scan(field(7, field(11, field(2, field(1, shape))))).status, Status::Limit);
}

TEST(WireScan, ParsedSizeIsLimited) {
  ScanLimits limits = roomy();
  limits.maxParsedBytes = 10'000;
  EXPECT_EQ(scan(field(7, field(10, std::string(9'000, 'x'))), limits).status, Status::Ok);
  EXPECT_EQ(scan(field(7, field(10, std::string(10'000, 'x'))), limits).status, Status::Limit);
  // Messages that lpc does not look into.
  EXPECT_EQ(scan(field(26, std::string(200, '\0')), limits).status, Status::Limit);
}

TEST(WireScan, RefusesDamage) {
  EXPECT_EQ(scan(std::string("\x00\x00", 2)).status, Status::Malformed);       // field 0
  EXPECT_EQ(scan(std::string("\x0b", 1)).status, Status::Malformed);           // group
  EXPECT_EQ(scan(std::string("\x0f", 1)).status, Status::Malformed);           // wire type 7
  EXPECT_EQ(scan(std::string("\x08", 1)).status, Status::Malformed);           // no value
  EXPECT_EQ(scan(std::string("\x0d\x00", 2)).status, Status::Malformed);       // short fixed32
  EXPECT_EQ(scan(std::string("\x09\x00", 2)).status, Status::Malformed);       // short fixed64
  EXPECT_EQ(scan("\x08" + std::string(11, '\xff')).status, Status::Malformed); // endless varint
  EXPECT_EQ(scan("\x3a" + varint(~uint64_t(0)) + "x").status, Status::Malformed);
  // A message that reaches beyond the one around it.
  EXPECT_EQ(scan(field(7, std::string("\x0a\x05", 2)) + "xxxxx").status, Status::Malformed);
}

TEST(WireScan, EveryPrefixEndsWithoutHarm) {
  std::string model = field(7, field(1, field(5, field(6, field(1, field(1, "x"))))) +
                                   field(5, field(1, "\x01\x02") + field(9, "12345678")));
  for (size_t length = 0; length < model.size(); ++length)
    EXPECT_NE(scan(model.substr(0, length)).status, Status::Limit) << length;
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = model;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    scan(damaged);
  }
}
