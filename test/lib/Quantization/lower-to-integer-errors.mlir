// RUN: lpc-opt %s --lpc-lower-to-integer=strict --split-input-file -verify-diagnostics
// What stays in float is refused in strict programs; wrong options.

func.func @reduction_of_unknown_size(%q: tensor<?x2x!lp.int8>) -> tensor<2x!lp.int8> {
  %s = nn.constant dense<0.05> : tensor<1x1xf32>
  %t = nn.constant dense<0.05> : tensor<1xf32>
  %x = lp.dequantize %q scales(%s) {scale = #lp.scale<[*, *]>} : tensor<?x2x!lp.int8>, (tensor<1x1xf32>) -> tensor<?x2xf32>
  // expected-error @below {{'nn.reduce' stays in float in front of a quantize: it has no integer form for these operands}}
  %m = nn.reduce mean %x {axes = array<i64: 0>} : (tensor<?x2xf32>) -> tensor<2xf32>
  %y = lp.quantize %m scales(%t) {scale = #lp.scale<[*]>} : tensor<2xf32>, (tensor<1xf32>) -> tensor<2x!lp.int8>
  return %y : tensor<2x!lp.int8>
}

// -----

func.func @output(%q: tensor<4x2x!lp.int8>) -> tensor<4x2xf32> {
  %s = nn.constant dense<0.05> : tensor<1x1xf32>
  %x = lp.dequantize %q scales(%s) {scale = #lp.scale<[*, *]>} : tensor<4x2x!lp.int8>, (tensor<1x1xf32>) -> tensor<4x2xf32>
  // expected-error @below {{'nn.softmax' stays in float in front of an output: it has no integer form for these operands}}
  %y = nn.softmax %x {axis = 1} : (tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}
