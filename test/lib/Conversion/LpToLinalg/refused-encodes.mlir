// RUN: lpc-opt %s --convert-lp-to-linalg --split-input-file -verify-diagnostics
// Each refusal names what stands in the way, and what helps.

func.func @many_bits(%x: tensor<8xf32>) -> tensor<8x!lp.nf4> {
  // expected-error @below {{rounding 'stochastic' to nf4 with overflow 'saturate': distances between its values times so many random bits exceed f64; use fewer bits}}
  // expected-error @below {{failed to legalize operation 'lp.quantize'}}
  %q = lp.quantize %x scales() {rounding = #lp.rounding<stochastic>, seed = 1, random_bits = 32 : i32, scale = #lp.scale<[*]>} : tensor<8xf32> -> tensor<8x!lp.nf4>
  return %q : tensor<8x!lp.nf4>
}

// -----

func.func @no_zero(%x: tensor<8xf32>) -> tensor<8x!lp.table<-3,-1,0.5,2>> {
  // expected-error @below {{with overflow 'saturate': the format has no zero; use a rounding that is not stochastic}}
  // expected-error @below {{failed to legalize operation 'lp.quantize'}}
  %q = lp.quantize %x scales() {rounding = #lp.rounding<stochastic>, seed = 1, scale = #lp.scale<[*]>} : tensor<8xf32> -> tensor<8x!lp.table<-3,-1,0.5,2>>
  return %q : tensor<8x!lp.table<-3,-1,0.5,2>>
}

// -----

func.func @irrational(%x: tensor<8xf32>) -> tensor<8x!lp.lns6> {
  // expected-error @below {{the format has irrational values; use a rounding that is not stochastic}}
  // expected-error @below {{failed to legalize operation 'lp.quantize'}}
  %q = lp.quantize %x scales() {rounding = #lp.rounding<stochastic>, seed = 1, scale = #lp.scale<[*]>} : tensor<8xf32> -> tensor<8x!lp.lns6>
  return %q : tensor<8x!lp.lns6>
}

// -----

func.func @overflow(%x: tensor<8xf32>) -> tensor<8x!lp.e2m1> {
  // expected-error @below {{with overflow 'infinity': use overflow 'saturate'}}
  // expected-error @below {{failed to legalize operation 'lp.quantize'}}
  %q = lp.quantize %x scales() {rounding = #lp.rounding<stochastic>, overflow = #lp.overflow<infinity>, seed = 1, scale = #lp.scale<[*]>} : tensor<8xf32> -> tensor<8x!lp.e2m1>
  return %q : tensor<8x!lp.e2m1>
}
