// RUN: lpc-opt %s --convert-nn-to-linalg | FileCheck %s
// Changes of element type.

// Out of range is limited, NaN is 0; what the conversion gives outside is not used.
// CHECK-LABEL: func.func @float_to_int
func.func @float_to_int(%x: tensor<4xf32>) -> tensor<4xi32> {
  // CHECK: math.trunc
  // CHECK: arith.cmpf uno
  // CHECK: %[[INSIDE:.*]] = arith.select
  // CHECK: arith.fptosi %[[INSIDE]] : f32 to i32
  // CHECK: arith.constant -2147483648 : i32
  // CHECK: arith.constant 2147483647 : i32
  %0 = nn.cast %x : (tensor<4xf32>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}

// CHECK-LABEL: func.func @float_to_bool
func.func @float_to_bool(%x: tensor<4xf32>) -> tensor<4xi1> {
  // CHECK: arith.cmpf une
  %0 = nn.cast %x : (tensor<4xf32>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// 8-bit floats are codes.
// CHECK-LABEL: func.func @eight_bit_float
// CHECK-SAME: tensor<4xi8> {lpc.type = tensor<4xf8E4M3FN>}
func.func @eight_bit_float(%x: tensor<4xf8E4M3FN>) -> tensor<4xf32> {
  // CHECK-NOT: f8E4M3FN
  // CHECK: arith.bitcast %{{.*}} : i32 to f32
  %0 = nn.cast %x : (tensor<4xf8E4M3FN>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// One rounding, not two.
// CHECK-LABEL: func.func @double_to_half
func.func @double_to_half(%x: tensor<4xf64>) -> tensor<4xf16> {
  // CHECK-NOT: arith.truncf
  // CHECK: arith.bitcast %{{.*}} : i16 to f16
  %0 = nn.cast %x : (tensor<4xf64>) -> tensor<4xf16>
  return %0 : tensor<4xf16>
}

// CHECK-LABEL: func.func @same_bits
func.func @same_bits(%x: tensor<4xui8>) -> tensor<4xi8> {
  // CHECK-NEXT: return %{{.*}} : tensor<4xi8>
  %0 = nn.bitcast %x : (tensor<4xui8>) -> tensor<4xi8>
  return %0 : tensor<4xi8>
}
