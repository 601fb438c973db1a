// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Result.h: a value or one sentence that says what went wrong; the error type of runtime/io (no
// exceptions).
#ifndef LPC_RUNTIME_IO_RESULT_H
#define LPC_RUNTIME_IO_RESULT_H

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace lpc::rt {

/// The sentence of a failure: lower-case start, names the file, no final period.
struct Error {
  std::string message;
};

/// Success, or an Error. Tests as true on success.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Error error) : message(std::move(error.message)), failed(true) {}
  explicit operator bool() const { return !failed; }
  const std::string &error() const { return message; }

private:
  std::string message;
  bool failed = false;
};

/// A T, or an Error. Tests as true on success.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : value(std::move(value)) {}
  Result(Error error) : message(std::move(error.message)) {}
  Result(const Status &failure) : message(failure.error()) { assert(!failure); }
  explicit operator bool() const { return value.has_value(); }
  T &operator*() { return *value; }
  const T &operator*() const { return *value; }
  T *operator->() { return &*value; }
  const T *operator->() const { return &*value; }
  const std::string &error() const { return message; }
  Error takeError() const { return Error{message}; }

private:
  std::optional<T> value;
  std::string message;
};

} // namespace lpc::rt

#endif // LPC_RUNTIME_IO_RESULT_H
