// RUN: lpc-opt %s --convert-nn-to-linalg | FileCheck %s
// Ops that move elements.

// One unknown size on each side: it is the same.
// CHECK-LABEL: func.func @reshape_keeps_the_batch
func.func @reshape_keeps_the_batch(%x: tensor<?x1x8x8xf32>, %n: index) -> tensor<?x64xf32> {
  // CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2, 3]]
  %0 = nn.reshape %x [%n] : tensor<?x1x8x8xf32> -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// Equal names are equal sizes.
// CHECK-LABEL: func.func @reshape_with_names
func.func @reshape_with_names(%x: tensor<?x?x64xf32> {nn.dims = ["batch", "seq", ""]},
                              %ids: tensor<?x?xi64> {nn.dims = ["batch", "seq"]}) -> tensor<?x?x4x16xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  // CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0], [1], [2, 3]] output_shape [%{{.*}}, %{{.*}}, 4, 16]
  %0 = nn.reshape %x [%b, %s] : tensor<?x?x64xf32> -> tensor<?x?x4x16xf32>
  return %0 : tensor<?x?x4x16xf32>
}

// CHECK-LABEL: func.func @reshape_general
func.func @reshape_general(%x: tensor<6x4xf32>) -> tensor<8x3xf32> {
  // CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1]] : tensor<6x4xf32> into tensor<24xf32>
  // CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1]] output_shape [8, 3]
  %0 = nn.reshape %x : tensor<6x4xf32> -> tensor<8x3xf32>
  return %0 : tensor<8x3xf32>
}

// A size that may be 1 at run time is tested then.
// CHECK-LABEL: func.func @broadcast_unknown
func.func @broadcast_unknown(%x: tensor<?x8xf32>, %n: index) -> tensor<?x8xf32> {
  // CHECK: %[[ONE:.*]] = arith.cmpi eq
  // CHECK: %[[I:.*]] = arith.select %[[ONE]]
  // CHECK: tensor.extract %{{.*}}[%[[I]], %{{.*}}]
  %0 = nn.broadcast %x [%n] : tensor<?x8xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @slices
func.func @slices(%x: tensor<8x8xf32>, %o: index) -> (tensor<2x4xf32>, tensor<8x4xf32>) {
  // CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, 0] [2, 4] [1, 2]
  %0 = nn.slice %x offsets [%o, 0] sizes [2, 4] strides [1, 2] : tensor<8x8xf32> -> tensor<2x4xf32>
  // CHECK: linalg.generic
  // CHECK: tensor.extract
  %1 = nn.slice %x offsets [0, 7] sizes [8, 4] strides [1, -2] : tensor<8x8xf32> -> tensor<8x4xf32>
  return %0, %1 : tensor<2x4xf32>, tensor<8x4xf32>
}

// CHECK-LABEL: func.func @pads
func.func @pads(%x: tensor<4x4xf32>) -> (tensor<6x4xf32>, tensor<6x4xf32>) {
  // CHECK: tensor.pad %{{.*}} low[1, 0] high[1, 0]
  %0 = nn.pad %x low [1, 0] high [1, 0] : tensor<4x4xf32> -> tensor<6x4xf32>
  // CHECK: arith.remsi
  // CHECK: tensor.extract
  %1 = nn.pad %x low [1, 0] high [1, 0] {mode = #nn.pad_mode<reflect>} : tensor<4x4xf32> -> tensor<6x4xf32>
  return %0, %1 : tensor<6x4xf32>, tensor<6x4xf32>
}

// CHECK-LABEL: func.func @concat
func.func @concat(%x: tensor<?x4xf32>, %y: tensor<?x2xf32>) -> tensor<?x6xf32> {
  // CHECK: tensor.insert_slice %{{.*}}[0, 0] [%{{.*}}, 4] [1, 1]
  // CHECK: tensor.insert_slice %{{.*}}[0, 4] [%{{.*}}, 2] [1, 1]
  %0 = nn.concat %x, %y {axis = 1} : (tensor<?x4xf32>, tensor<?x2xf32>) -> tensor<?x6xf32>
  return %0 : tensor<?x6xf32>
}
