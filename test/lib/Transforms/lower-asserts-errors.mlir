// RUN: lpc-opt %s --lpc-lower-asserts -verify-diagnostics
// Without a context there is nobody to tell.

func.func @f(%c: i1) {
  // expected-error @below {{expected an assertion to be inside of the entry function}}
  cf.assert %c, "x"
  return
}
