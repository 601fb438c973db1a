// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The byte blocks of gguf files, to and from tensors in the preset of the same name.
#ifndef LPC_NUMERICS_GGUFBLOCKS_H
#define LPC_NUMERICS_GGUFBLOCKS_H

#include "lpc/Numerics/BlockQuantizer.h"

namespace lpc::num {

/// Blocks along the last axis, little-endian. docs/Formats.md shows the layouts.
struct GgufType {
  std::string_view name;  ///< `q4_0`, ...: the preset
  size_t elements, bytes; ///< of a block
};
std::span<const GgufType> ggufTypes();
const GgufType *findGgufType(std::string_view name);

/// The bytes of a tensor of rows (the last axis is contracted) in the preset's format. False, with
/// one sentence, if it is in another format or its rows are not whole blocks.
bool packGguf(const GgufType &type, const BlockQuantized &q, std::vector<uint8_t> &bytes,
              std::string &error);
/// The inverse. dequantizeBlocks (with rowRoles) of the result is what gguf decodes.
bool unpackGguf(const GgufType &type, std::span<const uint8_t> bytes,
                std::span<const int64_t> shape, BlockQuantized &q, std::string &error);

} // namespace lpc::num

#endif // LPC_NUMERICS_GGUFBLOCKS_H
