// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dense layouts of ternary codes.
#include "lpc/Numerics/PackTernary.h"

#include <algorithm>
#include <cassert>

namespace lpc::num {

static constexpr size_t perByte = 5;

void packTrits(std::span<const uint16_t> codes, TritByte kind, std::span<uint8_t> bytes) {
  assert(bytes.size() >= tritBytes(codes.size()) && "the packed bytes are too few");
  for (size_t b = 0; b < tritBytes(codes.size()); ++b) {
    unsigned q = 0;
    for (size_t i = 0; i < perByte; ++i) {
      size_t at = b * perByte + i;
      q = q * 3 + (at < codes.size() ? codes[at] : 0);
    }
    bytes[b] = static_cast<uint8_t>(kind == TritByte::Plain ? q : (q * 256 + 242) / 243);
  }
}

void unpackTrits(std::span<const uint8_t> bytes, TritByte kind, std::span<uint16_t> codes) {
  assert(bytes.size() >= tritBytes(codes.size()) && "the packed bytes are too few");
  for (size_t at = 0; at < codes.size(); at += perByte) {
    unsigned b = bytes[at / perByte];
    const size_t count = std::min(perByte, codes.size() - at);
    if (kind == TritByte::Multiply) {
      for (size_t i = 0; i < count; ++i) {
        codes[at + i] = static_cast<uint16_t>(b * 3 >> 8);
        b = b * 3 & 0xff;
      }
      continue;
    }
    b %= 243;
    for (size_t i = 0, power = 81; i < count; ++i, power /= 3)
      codes[at + i] = static_cast<uint16_t>(b / power % 3);
  }
}

void packTernaryPlanes(std::span<const uint16_t> codes, std::span<uint8_t> nonzero,
                       std::span<uint8_t> negative) {
  const size_t bytes = (codes.size() + 7) / 8;
  assert(nonzero.size() >= bytes && negative.size() >= bytes && "the planes are too short");
  for (size_t b = 0; b < bytes; ++b) {
    unsigned any = 0, minus = 0;
    for (size_t i = 0; i < std::min<size_t>(8, codes.size() - b * 8); ++i) {
      any |= unsigned(codes[b * 8 + i] != 1) << i;
      minus |= unsigned(codes[b * 8 + i] == 0) << i;
    }
    nonzero[b] = static_cast<uint8_t>(any);
    negative[b] = static_cast<uint8_t>(minus);
  }
}

void unpackTernaryPlanes(std::span<const uint8_t> nonzero, std::span<const uint8_t> negative,
                         std::span<uint16_t> codes) {
  for (size_t i = 0; i < codes.size(); ++i) {
    unsigned any = nonzero[i / 8] >> (i % 8) & 1, minus = negative[i / 8] >> (i % 8) & 1;
    codes[i] = static_cast<uint16_t>(any ? (minus ? 0 : 2) : 1);
  }
}

} // namespace lpc::num
