// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Codes of 1 to 16 bits in a little-endian stream of bits.
#include "lpc/Numerics/Bulk.h"

#include <cassert>

namespace lpc::num {

/// Packs groups of 8 codes: a group fills exactly `Width` bytes, so each starts on a byte and loops
/// have constant bounds.
template <unsigned Width>
static void packGroups(const uint16_t *codes, size_t groups, uint8_t *bytes) {
  for (size_t g = 0; g < groups; ++g, codes += 8, bytes += Width) {
    unsigned __int128 word = 0;
    for (unsigned i = 0; i < 8; ++i)
      word |= static_cast<unsigned __int128>(codes[i]) << (i * Width);
    for (unsigned i = 0; i < Width; ++i)
      bytes[i] = static_cast<uint8_t>(word >> (8 * i));
  }
}

template <unsigned Width>
static void unpackGroups(const uint8_t *bytes, size_t groups, uint16_t *codes) {
  for (size_t g = 0; g < groups; ++g, codes += 8, bytes += Width) {
    unsigned __int128 word = 0;
    for (unsigned i = 0; i < Width; ++i)
      word |= static_cast<unsigned __int128>(bytes[i]) << (8 * i);
    for (unsigned i = 0; i < 8; ++i)
      codes[i] = static_cast<uint16_t>((word >> (i * Width)) & ((1u << Width) - 1));
  }
}

using PackFn = void (*)(const uint16_t *, size_t, uint8_t *);
using UnpackFn = void (*)(const uint8_t *, size_t, uint16_t *);

static constexpr PackFn packers[] = {
    nullptr,        packGroups<1>,  packGroups<2>,  packGroups<3>,  packGroups<4>,  packGroups<5>,
    packGroups<6>,  packGroups<7>,  packGroups<8>,  packGroups<9>,  packGroups<10>, packGroups<11>,
    packGroups<12>, packGroups<13>, packGroups<14>, packGroups<15>, packGroups<16>};

static constexpr UnpackFn unpackers[] = {
    nullptr,          unpackGroups<1>,  unpackGroups<2>,  unpackGroups<3>,  unpackGroups<4>,
    unpackGroups<5>,  unpackGroups<6>,  unpackGroups<7>,  unpackGroups<8>,  unpackGroups<9>,
    unpackGroups<10>, unpackGroups<11>, unpackGroups<12>, unpackGroups<13>, unpackGroups<14>,
    unpackGroups<15>, unpackGroups<16>};

void packBits(std::span<const uint16_t> codes, unsigned width, std::span<uint8_t> bytes) {
  assert(width >= 1 && width <= 16 && "codes have 1 to 16 bits");
  assert(bytes.size() >= packedBytes(codes.size(), width) && "the packed bytes need more room");
  size_t groups = codes.size() / 8, rest = codes.size() % 8;
  packers[width](codes.data(), groups, bytes.data());
  if (rest == 0)
    return;
  uint16_t tail[8] = {};
  uint8_t tailBytes[16];
  for (size_t i = 0; i < rest; ++i)
    tail[i] = codes[groups * 8 + i];
  packers[width](tail, 1, tailBytes);
  for (size_t i = 0; i < (rest * width + 7) / 8; ++i)
    bytes[groups * width + i] = tailBytes[i];
}

void unpackBits(std::span<const uint8_t> bytes, unsigned width, std::span<uint16_t> codes) {
  assert(width >= 1 && width <= 16 && "codes have 1 to 16 bits");
  assert(bytes.size() >= packedBytes(codes.size(), width) && "the packed bytes are too few");
  size_t groups = codes.size() / 8, rest = codes.size() % 8;
  unpackers[width](bytes.data(), groups, codes.data());
  if (rest == 0)
    return;
  uint8_t tailBytes[16] = {};
  uint16_t tail[8];
  for (size_t i = 0; i < (rest * width + 7) / 8; ++i)
    tailBytes[i] = bytes[groups * width + i];
  unpackers[width](tailBytes, 1, tail);
  for (size_t i = 0; i < rest; ++i)
    codes[groups * 8 + i] = tail[i];
}

} // namespace lpc::num
