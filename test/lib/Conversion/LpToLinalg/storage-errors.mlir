// RUN: lpc-opt %s --convert-lp-to-linalg --split-input-file -verify-diagnostics

func.func @missing_blob() -> tensor<2x!lp.int4> {
  // expected-error @below {{'lp.constant' op expected the codes to be present, but the resource 'gone' has no data}}
  // expected-error @below {{failed to legalize operation 'lp.constant'}}
  %w = lp.constant dense_resource<gone> : tensor<2x!lp.int4>
  return %w : tensor<2x!lp.int4>
}

// -----

func.func @image_too_wide(%a: tensor<2x2x!lp.e7m8<specials=finite>>, %b: tensor<2x2x!lp.int8>) -> tensor<2x2xf32> {
  // expected-error @below {{'lp.matmul' op expected formats whose integer images fit 64 bits, or accumulator 'f32_relaxed'}}
  // expected-error @below {{failed to legalize operation 'lp.matmul'}}
  %y = lp.matmul %a, %b {accumulator = #lp.acc<int<64>>} : (tensor<2x2x!lp.e7m8<specials=finite>>, tensor<2x2x!lp.int8>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
