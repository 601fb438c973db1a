// Refusals of QONNX nodes.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn -verify-diagnostics

func.func @main(%x: tensor<8xf32>, %b: tensor<f32>) -> tensor<*xf32> {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<0.0> : tensor<f32>
  // expected-error @+1 {{a bit width that is computed at run time; make it an initializer}}
  %0 = onnx.node "Quant"(%x, %s, %z, %b) domain "qonnx.custom_op.general" {narrow = 0 : i64, signed = 1 : i64} opset 1 : (tensor<8xf32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<8xf32>) -> tensor<*xf32> {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<0.0> : tensor<f32>
  %b = onnx.constant dense<2.5> : tensor<f32>
  // expected-error @+1 {{expected one whole number as bit width (input 3)}}
  %0 = onnx.node "Quant"(%x, %s, %z, %b) domain "qonnx.custom_op.general" {narrow = 0 : i64, signed = 1 : i64} opset 1 : (tensor<8xf32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<8xf32>) -> tensor<*xf32> {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<0.0> : tensor<f32>
  %b = onnx.constant dense<24.0> : tensor<f32>
  // expected-error @+1 {{integers of 24 bits; lpc has 1 to 16}}
  %0 = onnx.node "Quant"(%x, %s, %z, %b) domain "qonnx.custom_op.general" {narrow = 0 : i64, signed = 1 : i64} opset 1 : (tensor<8xf32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<8xf32>) -> tensor<*xf32> {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<0.0> : tensor<f32>
  %b = onnx.constant dense<4.0> : tensor<f32>
  // expected-error @+1 {{the attributes 'signed' and 'narrow' must be given}}
  %0 = onnx.node "Quant"(%x, %s, %z, %b) domain "qonnx.custom_op.general" {signed = 1 : i64} opset 1 : (tensor<8xf32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<8xf32>) -> tensor<*xf32> {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<0.0> : tensor<f32>
  %b = onnx.constant dense<4.0> : tensor<f32>
  // expected-error @+1 {{a narrow unsigned format; use narrow=0}}
  %0 = onnx.node "Quant"(%x, %s, %z, %b) domain "qonnx.custom_op.general" {narrow = 1 : i64, signed = 0 : i64} opset 1 : (tensor<8xf32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<8xf32>) -> tensor<*xf32> {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<0.0> : tensor<f32>
  %b = onnx.constant dense<4.0> : tensor<f32>
  // expected-error @+1 {{rounding_mode 'ODD'; use ROUND}}
  %0 = onnx.node "Quant"(%x, %s, %z, %b) domain "qonnx.custom_op.general" {narrow = 0 : i64, rounding_mode = "odd", signed = 1 : i64} opset 1 : (tensor<8xf32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<8xf32>) -> tensor<*xf32> {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %e = onnx.constant dense<4.0> : tensor<f32>
  %max = onnx.constant dense<100.0> : tensor<f32>
  // expected-error @+1 {{a minifloat of 4 exponent and 4 mantissa bits with bias 4 and the largest value}}
  %0 = onnx.node "FloatQuant"(%x, %s, %e, %e, %e, %max) domain "qonnx.custom_op.general" opset 1 : (tensor<8xf32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
