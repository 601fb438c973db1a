// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decodes and encodes on request, for test/oracle/numerics.py. Commands are lines on stdin, arrays
// are raw little-endian bytes:
//   names                                                            -> a line of format names
//   decode <format>                                                  -> 2^width doubles
//   encode <format> <rounding> <overflow> <nan> <bits> <count>      followed by `count` doubles
//   and, with stochastic
//                                                                    rounding, `count` uint32 ->
//                                                                    `count` uint32
#include "DumpPipe.h"
#include "lpc/Numerics/Format.h"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>

using namespace lpc::num;
using namespace lpc::dump;

namespace {

void encode(const Format &format, std::istringstream &arguments) {
  std::string rounding, overflow, nan;
  Conversion policy;
  size_t count = 0;
  if (!(arguments >> rounding >> overflow >> nan >> policy.randomBits >> count))
    fail("expected: encode <format> <rounding> <overflow> <nan> <bits> <count>");
  auto r = parseRounding(rounding);
  auto o = parseOverflow(overflow);
  auto n = parseNaNPolicy(nan);
  if (!r || !o || !n)
    fail("unknown policy word in " + arguments.str());
  policy.rounding = *r;
  policy.overflow = *o;
  policy.nan = *n;
  std::vector<double> x = readArray<double>(count);
  std::vector<uint32_t> random(count);
  if (isStochastic(*r))
    random = readArray<uint32_t>(count);
  std::vector<uint32_t> codes(count);
  for (size_t i = 0; i < count; ++i)
    codes[i] = format.encode(x[i], policy, random[i]);
  writeArray(codes);
}

} // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream arguments(line);
    std::string command, name, error;
    arguments >> command >> name;
    if (command == "names") {
      for (const std::string &known : knownFormatNames())
        std::cout << known << ' ';
      std::cout << std::endl;
      continue;
    }
    const Format *format = Format::parse(name, &error);
    if (!format)
      fail(error);
    if (command == "decode")
      writeArray(format->table());
    else if (command == "encode")
      encode(*format, arguments);
    else
      fail("unknown command " + command);
  }
  return 0;
}
