// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Walks the bytes of an ONNX file before the generated parser sees them, without allocating
// anything per field.
//
// The generated parser turns a node of two bytes into an object of two hundred: a small hostile
// file would take gigabytes. The scan knows which fields are messages, counts what the parser would
// build, and stops at the first limit.
#ifndef LPC_LIB_IMPORT_ONNX_WIRESCAN_H
#define LPC_LIB_IMPORT_ONNX_WIRESCAN_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lpc::import {

struct ScanLimits {
  uint64_t maxNodes;
  uint64_t maxAttributes;
  uint64_t maxAttributeList;
  uint64_t maxNodeValues;
  uint64_t maxParsedBytes;
  unsigned maxDepth;
  unsigned maxRank;
};

struct ScanResult {
  enum class Status { Ok, Malformed, Limit };
  Status status = Status::Ok;
  /// One sentence without the file's name; empty if the status is Ok.
  std::string message;

  uint64_t nodes = 0;
  uint64_t attributes = 0;
  /// Upper estimate of the memory that the generated parser takes.
  uint64_t parsedBytes = 0;
  /// Deepest subgraph; the main graph is 0.
  unsigned depth = 0;
};

ScanResult scanModel(std::string_view bytes, const ScanLimits &limits);

/// Upper bounds of the sizes of the generated classes, checked against them where both are known.
struct ParsedSizes {
  static constexpr size_t graph = 240, node = 192, attribute = 264, tensor = 264, sparseTensor = 64,
                          valueInfo = 80, type = 56, shape = 56, dimension = 56, function = 256,
                          stringEntry = 48, opset = 48, other = 96;
  /// A string with its entry in a list, its allocation, and what an operand or attribute name takes
  /// later.
  static constexpr size_t text = 64;
};

} // namespace lpc::import

#endif // LPC_LIB_IMPORT_ONNX_WIRESCAN_H
