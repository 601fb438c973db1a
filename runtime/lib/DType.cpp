// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DType.cpp: widths, names and sizes of the element types of the C ABI.
#include "Model.h"

using namespace lpc::rt;

namespace {
struct DType {
  int32_t bits;
  const char *name;
};
constexpr DType kTypes[] = {{0, nullptr},
                            {32, "float32"},
                            {8, "uint8"},
                            {8, "int8"},
                            {16, "uint16"},
                            {16, "int16"},
                            {32, "int32"},
                            {64, "int64"},
                            {0, nullptr},
                            {8, "bool"},
                            {16, "float16"},
                            {64, "float64"},
                            {32, "uint32"},
                            {64, "uint64"},
                            {0, nullptr},
                            {0, nullptr},
                            {16, "bfloat16"},
                            {8, "float8_e4m3fn"},
                            {8, "float8_e4m3fnuz"},
                            {8, "float8_e5m2"},
                            {8, "float8_e5m2fnuz"},
                            {4, "uint4"},
                            {4, "int4"},
                            {4, "float4_e2m1fn"},
                            {8, "float8_e8m0fnu"},
                            {2, "uint2"},
                            {2, "int2"}};
constexpr int32_t kNumTypes = sizeof(kTypes) / sizeof(kTypes[0]);
} // namespace

int lpc::rt::bitsOf(int32_t dtype) {
  return dtype < 0 || dtype >= kNumTypes ? 0 : kTypes[dtype].bits;
}

const char *lpc::rt::nameOf(int32_t dtype) {
  return bitsOf(dtype) ? kTypes[dtype].name : "an unknown element type";
}

bool lpc::rt::bytesOf(int32_t dtype, int32_t rank, const int64_t *shape, uint64_t &bytes) {
  uint64_t n = 1;
  bool overflow = false, empty = false;
  for (int32_t i = 0; i < rank; ++i) {
    if (shape[i] < 0)
      return false;
    empty |= shape[i] == 0;
    overflow |= __builtin_mul_overflow(n, uint64_t(shape[i]), &n);
  }
  if (empty) {
    bytes = 0;
    return true;
  }
  uint64_t bits;
  if (overflow || __builtin_mul_overflow(n, uint64_t(bitsOf(dtype)), &bits) ||
      bits > UINT64_MAX - 7)
    return false;
  bytes = (bits + 7) / 8;
  return true;
}
