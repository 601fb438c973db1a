// RUN: lpc-opt %s --split-input-file --lpc-prove-integer-ranges=report -verify-diagnostics
// Intervals of integer tensors, and what cannot be proved.

func.func @widths(%x: tensor<?x8x!lp.uint4>, %w: tensor<?x8x!lp.int8>) -> tensor<?x8x!lp.int8> {
  // expected-remark @below {{'lp.to_integer' has values in [-3, 12]: 5 bits}}
  %a = lp.to_integer %x {zero_point = 3} : tensor<?x8x!lp.uint4> -> tensor<?x8xi32>
  // expected-remark @below {{'lp.to_integer' has values in [-128, 127]: 8 bits}}
  %b = lp.to_integer %w : tensor<?x8x!lp.int8> -> tensor<?x8xi32>
  // expected-remark @below {{'nn.binary' has values in [-1536, 1524]: 12 bits}}
  %p = nn.binary mul %a, %b : (tensor<?x8xi32>, tensor<?x8xi32>) -> tensor<?x8xi32>
  // expected-remark @below {{'nn.binary' has values in [-1664, 1651]: 12 bits}}
  %s = nn.binary add %p, %b : (tensor<?x8xi32>, tensor<?x8xi32>) -> tensor<?x8xi32>
  // expected-remark @below {{'nn.reduce' has values in [-13312, 13208]: 15 bits}}
  %r = nn.reduce sum %s {axes = array<i64: 1>, keep_dims = true} : (tensor<?x8xi32>) -> tensor<?x1xi32>
  %m = nn.constant dense<1000> : tensor<1x1xi32>
  %t = nn.constant dense<10> : tensor<1x1xi8>
  // expected-remark @below {{'lp.rescale' has values in [0, 127]: 8 bits}}
  %y = lp.rescale %s, %m, %t {lo = 0} : (tensor<?x8xi32>, tensor<1x1xi32>, tensor<1x1xi8>) -> tensor<?x8x!lp.int8>
  return %y : tensor<?x8x!lp.int8>
}

// -----

func.func @sum_wraps(%x: tensor<8x!lp.int16>) -> tensor<8xi16> {
  // expected-remark @below {{'lp.to_integer' has values in [-32768, 32767]: 16 bits}}
  %a = lp.to_integer %x : tensor<8x!lp.int16> -> tensor<8xi16>
  // expected-error @below {{cannot prove that the values fit 'i16': they lie in [-65536, 65534]}}
  %s = nn.binary add %a, %a : (tensor<8xi16>, tensor<8xi16>) -> tensor<8xi16>
  return %s : tensor<8xi16>
}

// -----

func.func @product_wraps(%x: tensor<8x!lp.int16>) -> tensor<8x!lp.int8> {
  // expected-remark @below {{'lp.to_integer' has values in [-32768, 32767]: 16 bits}}
  %a = lp.to_integer %x : tensor<8x!lp.int16> -> tensor<8xi64>
  // expected-remark @below {{'nn.binary' has values in [-1073709056, 1073741824]: 32 bits}}
  %p = nn.binary mul %a, %a : (tensor<8xi64>, tensor<8xi64>) -> tensor<8xi64>
  // expected-remark @below {{'nn.binary' has values in [-35184372088832, 35183298347008]: 46 bits}}
  %q = nn.binary mul %p, %a : (tensor<8xi64>, tensor<8xi64>) -> tensor<8xi64>
  %m = nn.constant dense<2147483647> : tensor<1xi32>
  %t = nn.constant dense<62> : tensor<1xi8>
  // expected-error @below {{cannot prove that the products of a rescale fit 64 bits}}
  %y = lp.rescale %q, %m, %t : (tensor<8xi64>, tensor<1xi32>, tensor<1xi8>) -> tensor<8x!lp.int8>
  return %y : tensor<8x!lp.int8>
}

// -----

func.func @shift(%x: tensor<8xi32>, %m: tensor<1xi32>) -> tensor<8x!lp.int8> {
  %t = nn.constant dense<0> : tensor<1xi8>
  // expected-error @below {{expected multipliers that are not negative and shifts of 1 to 62, but got [0, 2147483647] and [0, 0]}}
  %y = lp.rescale %x, %m, %t : (tensor<8xi32>, tensor<1xi32>, tensor<1xi8>) -> tensor<8x!lp.int8>
  return %y : tensor<8x!lp.int8>
}

// -----

func.func @exponentials(%x: tensor<8x!lp.int1>) -> tensor<8x!lp.uint8> {
  %e = nn.constant dense<[1073741824, 5]> : tensor<2xi32>
  // expected-error @below {{cannot prove that sums of exponentials fit 32 bits: they lie in [0, 8589934592]}}
  %y = lp.int_softmax %x table(%e : tensor<2xi32>) {axis = 0, fraction = 8} : tensor<8x!lp.int1> -> tensor<8x!lp.uint8>
  return %y : tensor<8x!lp.uint8>
}

// -----

func.func @norm(%x: tensor<?x2x!lp.int8>, %m: tensor<2xi32>) -> tensor<?x2x!lp.int8> {
  %b = nn.constant dense<4611686018427387904> : tensor<2xi64>
  // expected-error @below {{cannot prove that the scaled values of a norm fit 63 bits}}
  %y = lp.int_norm %x, %m, %b {kind = #lp.norm_kind<layer>, epsilon = 1, shift = 40} : (tensor<?x2x!lp.int8>, tensor<2xi32>, tensor<2xi64>) -> tensor<?x2x!lp.int8>
  return %y : tensor<?x2x!lp.int8>
}
