// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dense layouts of ternary codes (0, 1, 2 for -1, 0, +1): five to a byte, or two planes of bits.
#ifndef LPC_NUMERICS_PACKTERNARY_H
#define LPC_NUMERICS_PACKTERNARY_H

#include <cstddef>
#include <cstdint>
#include <span>

namespace lpc::num {

/// The byte of five codes c0..c4. q = c0 * 81 + c1 * 27 + c2 * 9 + c3 * 3 + c4, 0 to 242.
enum class TritByte : uint8_t {
  Plain,    ///< q
  Multiply, ///< ceil(256 q / 243): digit i is (3 * ((b * 3^i) mod 256)) >> 8 (gguf's TQ1_0)
};

constexpr size_t tritBytes(size_t count) { return (count + 4) / 5; }
/// Missing codes of the last byte are 0. Codes are 0, 1 or 2.
void packTrits(std::span<const uint16_t> codes, TritByte kind, std::span<uint8_t> bytes);
/// Bytes that no five codes make are legal: Plain takes them modulo 243, Multiply by its formula.
void unpackTrits(std::span<const uint8_t> bytes, TritByte kind, std::span<uint16_t> codes);

/// Bit i of `nonzero` is set where code i is not 1, bit i of `negative` where it is 0; low bits
/// first, (count + 7) / 8 bytes each, unused bits 0.
void packTernaryPlanes(std::span<const uint16_t> codes, std::span<uint8_t> nonzero,
                       std::span<uint8_t> negative);
/// `negative` is ignored where `nonzero` is clear.
void unpackTernaryPlanes(std::span<const uint8_t> nonzero, std::span<const uint8_t> negative,
                         std::span<uint16_t> codes);

} // namespace lpc::num

#endif // LPC_NUMERICS_PACKTERNARY_H
