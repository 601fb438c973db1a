// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compare.cpp: agreement of two tensors, with the first mismatch in words.
#include "lpc-runtime/io/Compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace lpc::rt;

namespace {

/// Wide enough for every int64 and uint64.
long double valueOf(int32_t dtype, uint64_t bits) {
  if (dtype == LPC_DTYPE_I64)
    return (long double)(int64_t(bits));
  if (dtype == LPC_DTYPE_U64)
    return (long double)(bits);
  return decodeElement(dtype, bits);
}

std::string indexText(const std::vector<int64_t> &shape, int64_t element) {
  std::string text;
  for (size_t d = shape.size(); d-- > 0;) {
    text = std::to_string(element % shape[d]) + (text.empty() ? "" : ", ") + text;
    element /= shape[d];
  }
  return "[" + text + "]";
}

std::string valueText(int32_t dtype, uint64_t bits, bool withBits) {
  char text[64], hex[32];
  if (isFloatDType(dtype))
    std::snprintf(text, sizeof(text), dtype == LPC_DTYPE_F64 ? "%.17g" : "%.9g",
                  decodeElement(dtype, bits));
  else
    std::snprintf(text, sizeof(text), "%.0Lf", valueOf(dtype, bits));
  if (!withBits)
    return text;
  std::snprintf(hex, sizeof(hex), " (bits 0x%0*llx)", (dtypeBits(dtype) + 3) / 4,
                (unsigned long long)bits);
  return std::string(text) + hex;
}

bool withinTolerance(long double found, long double expected, const CompareOptions &options) {
  if (std::isnan(found) || std::isnan(expected))
    return std::isnan(found) && std::isnan(expected);
  if (std::isinf(found) || std::isinf(expected))
    return found == expected;
  return std::fabs(found - expected) <= options.atol + options.rtol * std::fabs(expected);
}

} // namespace

uint64_t lpc::rt::ulpDistance(int32_t dtype, uint64_t aBits, uint64_t bBits) {
  if (aBits == bBits)
    return 0;
  int width = dtypeBits(dtype);
  if (!isFloatDType(dtype)) {
    uint64_t offset =
        isSignedIntDType(dtype) ? uint64_t(1) << (width - 1) : 0; // orders signed codes
    uint64_t a = aBits ^ offset, b = bBits ^ offset;
    return a > b ? a - b : b - a;
  }
  bool aNaN = std::isnan(decodeElement(dtype, aBits)),
       bNaN = std::isnan(decodeElement(dtype, bBits));
  if (aNaN || bNaN)
    return aNaN && bNaN ? 0 : UINT64_MAX;
  if (dtype == LPC_DTYPE_F8E8M0)
    return aBits > bBits ? aBits - bBits : bBits - aBits;
  uint64_t sign = uint64_t(1) << (width - 1), a = aBits & ~sign, b = bBits & ~sign;
  if ((aBits & sign) != (bBits & sign))
    return a + b;
  return a > b ? a - b : b - a;
}

CompareReport lpc::rt::compare(const HostTensor &found, const HostTensor &expected,
                               const CompareOptions &options) {
  CompareReport report;
  auto different = [&](std::string message) {
    report.equal = false;
    report.message = std::move(message);
    return report;
  };
  if (found.dtype != expected.dtype)
    return different("expected " + dtypeName(expected.dtype) + ", but found " +
                     dtypeName(found.dtype));
  if (found.shape != expected.shape)
    return different("expected shape " + shapeText(expected.shape) + ", but found shape " +
                     shapeText(found.shape));
  report.numElements = expected.numElements();
  if (found.bytes == expected.bytes)
    return report;

  int32_t dtype = expected.dtype;
  uint64_t firstUlp = 0;
  for (int64_t i = 0; i < report.numElements; ++i) {
    uint64_t foundBits = found.bitsAt(i), expectedBits = expected.bitsAt(i);
    if (foundBits == expectedBits)
      continue;
    long double foundValue = valueOf(dtype, foundBits),
                expectedValue = valueOf(dtype, expectedBits);
    uint64_t ulp = ulpDistance(dtype, foundBits, expectedBits);
    if (std::isfinite(foundValue) && std::isfinite(expectedValue)) {
      long double error = std::fabs(foundValue - expectedValue);
      report.maxAbsError = std::max(report.maxAbsError, double(error));
      if (expectedValue != 0)
        report.maxRelError = std::max(report.maxRelError, double(error / std::fabs(expectedValue)));
    }
    if (ulp != UINT64_MAX)
      report.maxUlpError = std::max(report.maxUlpError, ulp);
    bool agrees = options.rule == CompareOptions::Rule::Tolerance
                      ? withinTolerance(foundValue, expectedValue, options)
                  : options.rule == CompareOptions::Rule::Ulp ? ulp <= options.maxUlp
                                                              : false;
    if (agrees)
      continue;
    if (report.numMismatches++ == 0) {
      report.firstMismatch = i;
      firstUlp = ulp;
    }
  }
  if (report.numMismatches == 0)
    return report;

  int64_t first = report.firstMismatch;
  bool withBits = options.rule == CompareOptions::Rule::BitExact && isFloatDType(dtype);
  std::string message = "element " + indexText(expected.shape, first) + ": expected " +
                        valueText(dtype, expected.bitsAt(first), withBits) + ", but found " +
                        valueText(dtype, found.bitsAt(first), withBits);
  if (firstUlp != UINT64_MAX && isFloatDType(dtype))
    message += " (" + std::to_string(firstUlp) + " ulp apart)";
  message += "; " + std::to_string(report.numMismatches) + " of " +
             std::to_string(report.numElements) +
             (report.numElements == 1 ? " element differs" : " elements differ");
  if (report.maxAbsError > 0) {
    char text[64];
    std::snprintf(text, sizeof(text), ", by at most %.3g", report.maxAbsError);
    message += text;
  }
  return different(message);
}
