// RUN: lpc-opt %s --lpc-lower-entry --split-input-file -verify-diagnostics
// What the entry cannot be.

// expected-error @below {{expected a function @main}}
module {
}

// -----

func.func @main() {
  return
}
// expected-error @below {{expected one function after inlining, but found a second one}}
func.func @other() {
  return
}
