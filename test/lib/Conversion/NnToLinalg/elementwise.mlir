// RUN: lpc-opt %s --convert-nn-to-linalg | FileCheck %s
// Elementwise ops are one linalg.generic; operands broadcast by their maps; types become storage types.

// CHECK-DAG: #[[$ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$LAST:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[$ONE:.*]] = affine_map<(d0, d1) -> (d0, 0)>

// CHECK-LABEL: func.func @broadcast_by_maps
func.func @broadcast_by_maps(%x: tensor<?x8xf32>, %b: tensor<8xf32>, %c: tensor<?x1xf32>) -> tensor<?x8xf32> {
  // CHECK: linalg.generic {indexing_maps = [#[[$ID]], #[[$LAST]], #[[$ID]]]
  // CHECK: arith.addf
  %0 = nn.binary add %x, %b : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  // CHECK: linalg.generic {indexing_maps = [#[[$ID]], #[[$ONE]], #[[$ID]]]
  // CHECK: arith.mulf
  %1 = nn.binary mul %0, %c : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// Unsigned types stay in an attribute; division cannot trap.
// CHECK-LABEL: func.func @unsigned_division
// CHECK-SAME: (%{{.*}}: tensor<4xi8> {lpc.type = tensor<4xui8>}, %{{.*}}: tensor<4xi8> {lpc.type = tensor<4xui8>})
// CHECK-SAME: -> (tensor<4xi8> {lpc.type = tensor<4xui8>})
func.func @unsigned_division(%x: tensor<4xui8>, %y: tensor<4xui8>) -> tensor<4xui8> {
  // CHECK: %[[ZERO:.*]] = arith.cmpi eq
  // CHECK: %[[SAFE:.*]] = arith.select %[[ZERO]]
  // CHECK: arith.divui %{{.*}}, %[[SAFE]]
  %0 = nn.binary div %x, %y : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  return %0 : tensor<4xui8>
}

// Narrow integers wrap after each op, by their sign.
// CHECK-LABEL: func.func @narrow_integers
func.func @narrow_integers(%x: tensor<4xi4>, %y: tensor<4xui4>) -> (tensor<4xi4>, tensor<4xui4>) {
  // CHECK: %[[SUM:.*]] = arith.addi
  // CHECK: %[[UP:.*]] = arith.shli %[[SUM]]
  // CHECK: arith.shrsi %[[UP]]
  %0 = nn.binary add %x, %x : (tensor<4xi4>, tensor<4xi4>) -> tensor<4xi4>
  // CHECK: arith.shrui
  %1 = nn.binary add %y, %y : (tensor<4xui4>, tensor<4xui4>) -> tensor<4xui4>
  return %0, %1 : tensor<4xi4>, tensor<4xui4>
}

// f16 is computed in f32 and rounded once.
// CHECK-LABEL: func.func @half_precision
func.func @half_precision(%x: tensor<4xf16>) -> tensor<4xf16> {
  // CHECK: arith.extf %{{.*}} : f16 to f32
  // CHECK: math.exp %{{.*}} : f32
  // CHECK: arith.truncf %{{.*}} : f32 to f16
  %0 = nn.unary exp %x : (tensor<4xf16>) -> tensor<4xf16>
  return %0 : tensor<4xf16>
}

// CHECK-LABEL: func.func @constants
func.func @constants() -> (tensor<2xui8>, tensor<3xi4>) {
  // CHECK: arith.constant dense<[-1, 1]> : tensor<2xi8>
  %0 = nn.constant dense<[255, 1]> : tensor<2xui8>
  // CHECK: arith.constant dense<[-8, 7, -1]> : tensor<3xi8>
  %1 = nn.constant dense<[-8, 7, -1]> : tensor<3xi4>
  return %0, %1 : tensor<2xui8>, tensor<3xi4>
}
