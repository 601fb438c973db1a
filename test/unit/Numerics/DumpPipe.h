// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How the dump programs talk to Python: raw little-endian arrays on stdin and stdout.
#ifndef LPC_TEST_UNIT_NUMERICS_DUMPPIPE_H
#define LPC_TEST_UNIT_NUMERICS_DUMPPIPE_H

#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace lpc::dump {

[[noreturn]] inline void fail(const std::string &message) {
  std::cerr << program_invocation_short_name << ": " << message << '\n';
  std::exit(1);
}

template <typename T> std::vector<T> readArray(size_t count) {
  std::vector<T> data(count);
  auto size = static_cast<std::streamsize>(count * sizeof(T));
  if (!std::cin.read(reinterpret_cast<char *>(data.data()), size))
    fail("the input ended inside of an array");
  return data;
}

template <typename T> void writeArray(const std::vector<T> &data) {
  std::cout.write(reinterpret_cast<const char *>(data.data()),
                  static_cast<std::streamsize>(data.size() * sizeof(T)));
  std::cout.flush();
}

} // namespace lpc::dump

#endif // LPC_TEST_UNIT_NUMERICS_DUMPPIPE_H
