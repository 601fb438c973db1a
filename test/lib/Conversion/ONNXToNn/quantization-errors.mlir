// What quantization operators refuse.
// RUN: lpc-opt %s -split-input-file -verify-diagnostics -convert-onnx-to-nn

func.func @main(%x: tensor<4xf32>, %s: tensor<f32>, %z: tensor<i8>) -> tensor<*xi8> {
  // expected-error @+1 {{(QuantizeLinear, opset 21): attribute 'output_dtype' (ui8) and the zero point (i8) differ}}
  %0 = onnx.node "QuantizeLinear"(%x, %s, %z) {output_dtype = 2} opset 21 : (tensor<4xf32>, tensor<f32>, tensor<i8>) -> tensor<*xi8>
  return %0 : tensor<*xi8>
}

// -----

func.func @main(%x: tensor<4x5xf32>, %s: tensor<4x3xf32>) -> tensor<*xi8> {
  // expected-error @+1 {{(QuantizeLinear, opset 21): a scale of rank 2 for data of rank 2 needs attribute 'block_size'}}
  %0 = onnx.node "QuantizeLinear"(%x, %s) opset 21 : (tensor<4x5xf32>, tensor<4x3xf32>) -> tensor<*xi8>
  return %0 : tensor<*xi8>
}

// -----

func.func @main(%x: tensor<4x5xf32>, %s: tensor<4xf32>) -> tensor<*xi8> {
  // expected-error @+1 {{(QuantizeLinear, opset 21): expected 5 elements of the scale along axis 1, but got 4}}
  %0 = onnx.node "QuantizeLinear"(%x, %s) opset 21 : (tensor<4x5xf32>, tensor<4xf32>) -> tensor<*xi8>
  return %0 : tensor<*xi8>
}

// -----

func.func @main(%x: tensor<4xf8E4M3FN>, %s: tensor<f32>) -> tensor<*xf32> {
  %z = onnx.constant dense<1.0> : tensor<f8E4M3FN>
  // expected-error @+1 {{(DequantizeLinear, opset 21): the zero point of a float format must be zero}}
  %0 = onnx.node "DequantizeLinear"(%x, %s, %z) opset 21 : (tensor<4xf8E4M3FN>, tensor<f32>, tensor<f8E4M3FN>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<4xi64>, %s: tensor<f32>) -> tensor<*xf32> {
  // expected-error @+1 {{(DequantizeLinear, opset 21): cannot dequantize elements of type i64}}
  %0 = onnx.node "DequantizeLinear"(%x, %s) opset 21 : (tensor<4xi64>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%a: tensor<4x3xui8>, %b: tensor<2x2xui8>) -> tensor<*xi32> {
  // expected-error @+1 {{expected equal contracted dimensions, but got 3 and 2}}
  %0 = onnx.node "MatMulInteger"(%a, %b) opset 10 : (tensor<4x3xui8>, tensor<2x2xui8>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}
