// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The largest tensor that lpc compiles.
#include "lpc/Support/TensorSize.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

std::optional<std::string> lpc::describeIfTooLarge(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || llvm::is_contained(tensor.getShape(), 0))
    return std::nullopt;
  Type element = tensor.getElementType();
  // Codes of lpc's formats take one or two bytes each.
  unsigned bits = element.isIntOrFloat() ? element.getIntOrFloatBitWidth()
                  : element.isIndex()    ? 64
                                         : 8;
  uint64_t bytes = llvm::divideCeil(bits, 8);
  for (int64_t size : tensor.getShape())
    if (!ShapedType::isDynamic(size))
      bytes = llvm::SaturatingMultiply(bytes, static_cast<uint64_t>(size));
  if (bytes <= static_cast<uint64_t>(kMaxTensorBytes))
    return std::nullopt;
  std::string text;
  llvm::raw_string_ostream(text) << '\'' << type << "' takes more than 1 TiB";
  return text;
}
