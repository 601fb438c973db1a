// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The byte blocks of gguf files. Each type has one function that goes over a block's fields; it
// serves both directions.
#include "lpc/Numerics/GgufBlocks.h"

#include "BlockCoder.h"

#include "lpc/Numerics/PackTernary.h"

#include <algorithm>

namespace lpc::num {

static constexpr GgufType types[] = {
    {"q4_0", 32, 18},   {"q8_0", 32, 34},   {"q4_k", 256, 144},
    {"q6_k", 256, 210}, {"tq1_0", 256, 54}, {"tq2_0", 256, 66},
};

std::span<const GgufType> ggufTypes() { return types; }

const GgufType *findGgufType(std::string_view name) {
  for (const GgufType &t : types)
    if (t.name == name)
      return &t;
  return nullptr;
}

namespace {

/// The parts of one block.
struct Parts {
  std::span<uint16_t> codes;
  std::span<uint16_t> scales, outerScales, offsets, outerOffsets;
};

/// Moves fields between a block's bytes and its parts.
template <bool Packing> struct Fields {
  uint8_t *bytes;

  /// `bits` bits of a byte from `shift` on are bits [from, from + bits) of `code`.
  void bits(size_t byte, unsigned shift, unsigned count, uint16_t &code, unsigned from = 0) const {
    const unsigned mask = (1u << count) - 1;
    if constexpr (Packing)
      bytes[byte] = static_cast<uint8_t>(bytes[byte] | (code >> from & mask) << shift);
    else
      code = static_cast<uint16_t>(code | (bytes[byte] >> shift & mask) << from);
  }
  void half(size_t byte, uint16_t &code) const {
    bits(byte, 0, 8, code);
    bits(byte + 1, 0, 8, code, 8);
  }
};

/// int codes are two's complement; these bytes count from the lowest value.
void flip(std::span<uint16_t> codes, uint16_t top) {
  for (uint16_t &c : codes)
    c ^= top;
}

template <bool Packing> void walkQ4_0(Fields<Packing> f, Parts p) {
  f.half(0, p.scales[0]);
  for (size_t j = 0; j < 16; ++j) {
    f.bits(2 + j, 0, 4, p.codes[j]);
    f.bits(2 + j, 4, 4, p.codes[j + 16]);
  }
}

template <bool Packing> void walkQ8_0(Fields<Packing> f, Parts p) {
  f.half(0, p.scales[0]);
  for (size_t j = 0; j < 32; ++j)
    f.bits(2 + j, 0, 8, p.codes[j]);
}

template <bool Packing> void walkQ4_K(Fields<Packing> f, Parts p) {
  f.half(0, p.outerScales[0]);
  f.half(2, p.outerOffsets[0]);
  // Twelve bytes: the first four scales and offsets fill six bits of eight bytes, the others have
  // their low halves in the last four and their high bits above the first ones.
  constexpr size_t base = 4;
  for (size_t j = 0; j < 4; ++j) {
    f.bits(base + j, 0, 6, p.scales[j]);
    f.bits(base + 4 + j, 0, 6, p.offsets[j]);
    f.bits(base + 8 + j, 0, 4, p.scales[4 + j]);
    f.bits(base + j, 6, 2, p.scales[4 + j], 4);
    f.bits(base + 8 + j, 4, 4, p.offsets[4 + j]);
    f.bits(base + 4 + j, 6, 2, p.offsets[4 + j], 4);
  }
  for (size_t run = 0; run < 4; ++run)
    for (size_t j = 0; j < 32; ++j) {
      f.bits(16 + run * 32 + j, 0, 4, p.codes[run * 64 + j]);
      f.bits(16 + run * 32 + j, 4, 4, p.codes[run * 64 + 32 + j]);
    }
}

template <bool Packing> void walkQ6_K(Fields<Packing> f, Parts p) {
  for (size_t part = 0; part < 2; ++part)
    for (size_t l = 0; l < 32; ++l)
      for (size_t g = 0; g < 4; ++g) {
        uint16_t &code = p.codes[part * 128 + g * 32 + l];
        f.bits(part * 64 + (g % 2) * 32 + l, g / 2 * 4, 4, code);
        f.bits(128 + part * 32 + l, static_cast<unsigned>(2 * g), 2, code, 4);
      }
  for (size_t i = 0; i < 16; ++i)
    f.bits(192 + i, 0, 8, p.scales[i]);
  f.half(208, p.outerScales[0]);
}

/// Digits of byte m in a run of `stride` bytes: elements first + stride * i + m.
template <bool Packing>
void walkTrits(uint8_t *bytes, size_t count, size_t digits, std::span<uint16_t> codes) {
  for (size_t m = 0; m < count; ++m) {
    uint16_t five[5] = {};
    if constexpr (Packing) {
      for (size_t i = 0; i < digits; ++i)
        five[i] = codes[i * count + m];
      packTrits(five, TritByte::Multiply, std::span<uint8_t>(bytes + m, 1));
    } else {
      unpackTrits(std::span<const uint8_t>(bytes + m, 1), TritByte::Multiply, five);
      for (size_t i = 0; i < digits; ++i)
        codes[i * count + m] = five[i];
    }
  }
}

template <bool Packing> void walkTQ1_0(Fields<Packing> f, Parts p) {
  walkTrits<Packing>(f.bytes, 32, 5, p.codes.subspan(0, 160));
  walkTrits<Packing>(f.bytes + 32, 16, 5, p.codes.subspan(160, 80));
  walkTrits<Packing>(f.bytes + 48, 4, 4, p.codes.subspan(240, 16));
  f.half(52, p.scales[0]);
}

template <bool Packing> void walkTQ2_0(Fields<Packing> f, Parts p) {
  for (size_t run = 0; run < 2; ++run)
    for (size_t m = 0; m < 32; ++m)
      for (unsigned l = 0; l < 4; ++l)
        f.bits(run * 32 + m, 2 * l, 2, p.codes[run * 128 + l * 32 + m]);
  f.half(64, p.scales[0]);
}

template <bool Packing> void walkBlock(const GgufType &type, uint8_t *bytes, Parts p) {
  Fields<Packing> f{bytes};
  // Codes whose top bit is inverted in the file.
  const uint16_t top = type.name == "q4_0" ? 8 : type.name == "q6_k" ? 32 : 0;
  if (Packing && top)
    flip(p.codes, top);
  if (type.name == "q4_0")
    walkQ4_0(f, p);
  else if (type.name == "q8_0")
    walkQ8_0(f, p);
  else if (type.name == "q4_k")
    walkQ4_K(f, p);
  else if (type.name == "q6_k")
    walkQ6_K(f, p);
  else if (type.name == "tq1_0")
    walkTQ1_0(f, p);
  else
    walkTQ2_0(f, p);
  if (!Packing && top)
    flip(p.codes, top);
}

/// The parts of block b in whole arrays.
Parts partsOf(const GgufType &type, size_t b, std::vector<uint16_t> &codes,
              std::vector<LevelValues> &scales, std::vector<LevelValues> &offsets) {
  auto share = [&](std::vector<uint16_t> &all, size_t blocks) {
    const size_t n = all.size() / blocks;
    return std::span<uint16_t>(all.data() + b * n, n);
  };
  const size_t blocks = codes.size() / type.elements;
  Parts p;
  p.codes = share(codes, blocks);
  p.scales = share(scales[0].codes, blocks);
  if (scales.size() > 1)
    p.outerScales = share(scales[1].codes, blocks);
  if (!offsets.empty())
    p.offsets = share(offsets[0].codes, blocks);
  if (offsets.size() > 1)
    p.outerOffsets = share(offsets[1].codes, blocks);
  return p;
}

/// gguf subtracts dmin * mn, lpc adds an offset: the same number with the sign bit inverted.
void negateHalf(std::vector<LevelValues> &offsets) {
  if (offsets.size() > 1)
    flip(offsets[1].codes, 0x8000);
}

} // namespace

static std::string checkRows(const GgufType &type, std::span<const int64_t> shape) {
  if (shape.empty() || shape.back() % static_cast<int64_t>(type.elements) != 0)
    return "rows of " + std::string(type.name) + " are whole blocks of " +
           std::to_string(type.elements) + " elements, not of " +
           (shape.empty() ? "a scalar" : std::to_string(shape.back())) + " elements";
  return {};
}

bool packGguf(const GgufType &type, const BlockQuantized &q, std::vector<uint8_t> &bytes,
              std::string &error) {
  error = checkRows(type, q.shape);
  std::optional<FormatSpec> preset = FormatSpec::parse(type.name);
  FormatSpec given = q.spec;
  if (preset)
    given.rule = preset->rule; // How scales were chosen does not matter to their layout.
  if (error.empty() && (!preset || given != *preset))
    error = "a tensor in '" + q.spec.str() + "' does not fit blocks of " + std::string(type.name);
  if (error.empty() && q.scales[0].block.back() != static_cast<int64_t>(q.spec.levels[0].along))
    error = "blocks of " + std::string(type.name) + " go along the last axis of a tensor";
  if (!error.empty())
    return false;
  BlockQuantized work = q;
  negateHalf(work.offsets);
  const size_t blocks = q.codes.size() / type.elements;
  bytes.assign(blocks * type.bytes, 0);
  for (size_t b = 0; b < blocks; ++b)
    walkBlock<true>(type, bytes.data() + b * type.bytes,
                    partsOf(type, b, work.codes, work.scales, work.offsets));
  return true;
}

bool unpackGguf(const GgufType &type, std::span<const uint8_t> bytes,
                std::span<const int64_t> shape, BlockQuantized &q, std::string &error) {
  error = checkRows(type, shape);
  size_t count = 1;
  for (int64_t d : shape)
    count *= static_cast<size_t>(d);
  if (error.empty() && bytes.size() != count / type.elements * type.bytes)
    error = "expected " + std::to_string(count / type.elements * type.bytes) + " bytes of " +
            std::string(type.name) + ", but got " + std::to_string(bytes.size());
  if (!error.empty())
    return false;
  // An all-zero tensor has the structure; its numbers are then replaced.
  std::optional<FormatSpec> preset = FormatSpec::parse(type.name, &error);
  if (!preset ||
      !quantizeBlocks(*preset, std::vector<float>(count), shape, rowRoles(shape.size()), q, error))
    return false;
  std::fill(q.codes.begin(), q.codes.end(), uint16_t(0));
  for (auto *levels : {&q.scales, &q.offsets})
    for (LevelValues &level : *levels)
      std::fill(level.codes.begin(), level.codes.end(), uint16_t(0));
  std::vector<uint8_t> block(type.bytes);
  for (size_t b = 0; b < count / type.elements; ++b) {
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(b * type.bytes), type.bytes, block.begin());
    walkBlock<false>(type, block.data(), partsOf(type, b, q.codes, q.scales, q.offsets));
  }
  negateHalf(q.offsets);
  for (auto *levels : {&q.scales, &q.offsets})
    for (LevelValues &level : *levels) {
      std::vector<float> table = detail::floatTable(*level.format);
      for (size_t i = 0; i < level.codes.size(); ++i)
        level.values[i] = table[level.codes[i]];
    }
  return true;
}

} // namespace lpc::num
