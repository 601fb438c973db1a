// RUN: lpc-opt %s --lpc-insert-observers=keep=[ -verify-diagnostics
// The only way to fail is a bad option.

// expected-error @below {{option keep: '[' is no regular expression:}}
func.func @bad_regular_expression() {
  return
}
