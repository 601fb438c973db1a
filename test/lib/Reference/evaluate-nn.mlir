// RUN: %build_dir/unit/lpc-eval %s | FileCheck %s
// Broadcasting, dynamic shapes and structured control flow through the evaluator.

func.func @main() -> (tensor<?x3xf32>, tensor<2xi64>, tensor<f32>, tensor<4xi4>, tensor<2x2xf32>, tensor<3xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %a = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = nn.constant dense<[[1.0, 0.5, -1.0], [0.0, 2.0, 1.0]]> : tensor<2x3xf32>
  %dyn = tensor.cast %a : tensor<2x2xf32> to tensor<?x2xf32>

  // CHECK: 2x3 f32: 1 4.5 1 3 9.5 1
  %mm = nn.matmul %dyn, %b : (tensor<?x2xf32>, tensor<2x3xf32>) -> tensor<?x3xf32>
  // CHECK: 2 i64: 0 1
  %arg = nn.arg_reduce max %b {axis = 1} : (tensor<2x3xf32>) -> tensor<2xi64>
  %size = tensor.dim %mm, %c0 : tensor<?x3xf32>
  %flat = nn.reshape %mm : tensor<?x3xf32> -> tensor<6xf32>
  %begin = arith.addi %size, %c1 : index
  %tail = nn.slice %flat offsets [%begin] sizes [2] strides [-2] : tensor<6xf32> -> tensor<2xf32>
  %zero = nn.constant dense<0.0> : tensor<f32>
  // 1..4 summed by a loop over a tensor, doubled twice by a while.
  %sum = scf.for %i = %c0 to %c4 step %c1 iter_args(%acc = %zero) -> tensor<f32> {
    %n = affine.apply affine_map<(d0) -> (d0 + 1)>(%i)
    %i64 = arith.index_cast %n : index to i64
    %t = tensor.from_elements %i64 : tensor<i64>
    %f = nn.cast %t : (tensor<i64>) -> tensor<f32>
    %next = nn.binary add %acc, %f : (tensor<f32>, tensor<f32>) -> tensor<f32>
    scf.yield %next : tensor<f32>
  }
  %limit = nn.constant dense<30.0> : tensor<f32>
  %loop = scf.while (%x = %sum) : (tensor<f32>) -> tensor<f32> {
    %less = nn.compare lt %x, %limit : (tensor<f32>, tensor<f32>) -> tensor<i1>
    %go = tensor.extract %less[] : tensor<i1>
    scf.condition(%go) %x : tensor<f32>
  } do {
  ^bb0(%x: tensor<f32>):
    %twice = nn.binary add %x, %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
    scf.yield %twice : tensor<f32>
  }
  %big = arith.cmpi sgt, %size, %c4 : index
  %picked = scf.if %big -> tensor<f32> {
    scf.yield %zero : tensor<f32>
  } else {
    scf.yield %loop : tensor<f32>
  }
  // CHECK: scalar f32: 40
  // CHECK: 4 i4: -8 -1 0 7
  %nibbles = nn.constant dense<[-8, -1, 0, 7]> : tensor<4xi4>
  %pad = nn.pad %tail low [1] high [1] : tensor<2xf32> -> tensor<4xf32>
  // CHECK: 2x2 f32: 0 3 4.5 0
  %square = nn.reshape %pad : tensor<4xf32> -> tensor<2x2xf32>
  // CHECK: 3 i64: 0 1 2
  %iota = nn.iota {axis = 0 : i64} : tensor<3xi64>
  return %mm, %arg, %picked, %nibbles, %square, %iota
    : tensor<?x3xf32>, tensor<2xi64>, tensor<f32>, tensor<4xi4>, tensor<2x2xf32>, tensor<3xi64>
}
