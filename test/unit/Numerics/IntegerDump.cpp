// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Integer functions on request, for test/oracle/integers.py. Commands are lines on stdin, arrays
// are raw little-endian bytes:
//   rescale <rounding> <count>   followed by int64 values, int32 multipliers, int32 shifts -> int64
//   multiplier <bits> <count>    followed by doubles -> int32 multipliers, int32 shifts
//   isqrt <count>                followed by uint64 -> uint32
//   errors                       -> the table of docs/IntegerOnly.md, and an empty line
#include "DumpPipe.h"
#include "IntegerErrors.h"
#include "lpc/Numerics/IntegerMath.h"
#include "lpc/Numerics/Rescale.h"

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

using namespace lpc::num;
using namespace lpc::dump;

namespace {

void rescaleArrays(std::istringstream &arguments) {
  std::string word;
  size_t count = 0;
  if (!(arguments >> word >> count))
    fail("expected: rescale <rounding> <count>");
  std::optional<RescaleRounding> rounding = parseRescaleRounding(word);
  if (!rounding)
    fail("unknown rounding " + word);
  auto values = readArray<int64_t>(count);
  auto multipliers = readArray<int32_t>(count), shifts = readArray<int32_t>(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = static_cast<int64_t>(rescale(values[i], multipliers[i], shifts[i], *rounding));
  writeArray(values);
}

void makeMultipliers(std::istringstream &arguments) {
  unsigned bits = 0;
  size_t count = 0;
  if (!(arguments >> bits >> count) || (bits != 16 && bits != 32))
    fail("expected: multiplier <16 or 32> <count>");
  auto factors = readArray<double>(count);
  std::vector<int32_t> multipliers, shifts;
  for (double factor : factors) {
    std::optional<Multiplier> m = makeMultiplier(factor, bits);
    multipliers.push_back(m ? m->multiplier : -1);
    shifts.push_back(m ? m->shift : 0);
  }
  writeArray(multipliers);
  writeArray(shifts);
}

} // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream arguments(line);
    std::string command;
    arguments >> command;
    if (command == "rescale") {
      rescaleArrays(arguments);
    } else if (command == "multiplier") {
      makeMultipliers(arguments);
    } else if (command == "isqrt") {
      size_t count = 0;
      arguments >> count;
      std::vector<uint32_t> roots;
      for (uint64_t v : readArray<uint64_t>(count))
        roots.push_back(isqrt(v));
      writeArray(roots);
    } else if (command == "errors") {
      std::cout << errorTable() << std::endl;
    } else {
      fail("unknown command " + command);
    }
  }
  return 0;
}
