// RUN: lpc-opt %s --lpc-insert-observers --split-input-file | FileCheck %s
// RUN: lpc-opt %s --lpc-insert-observers=keep=head --split-input-file --mlir-print-debuginfo | FileCheck %s --check-prefix=KEEP
// One observer for each distinct activation of contractions with constant weights, numbered in program order.

// CHECK-LABEL: func.func @one_matmul
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>)
func.func @one_matmul(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  // CHECK-DAG: %[[W:.*]] = nn.constant
  // CHECK-DAG: %[[O:.*]] = lp.observe %[[X]] {id = 0 : i64} : tensor<?x4xf32>
  // CHECK: nn.matmul %[[O]], %[[W]]
  %w = nn.constant dense<1.0> : tensor<4x2xf32>
  %y = nn.matmul %x, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// Three projections of one value share its observer; the next contraction has the next number.
// CHECK-LABEL: func.func @shared_value
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>)
func.func @shared_value(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK: %[[O:.*]] = lp.observe %[[X]] {id = 0 : i64}
  // CHECK-NOT: lp.observe
  // CHECK: %[[Q:.*]] = nn.matmul %[[O]]
  // CHECK: %[[K:.*]] = nn.matmul %[[O]]
  // CHECK: %[[S:.*]] = nn.binary mul %[[Q]], %[[K]]
  // CHECK: %[[T:.*]] = lp.observe %[[S]] {id = 1 : i64}
  // CHECK: nn.matmul %[[T]]
  // CHECK-NOT: lp.observe
  %a = nn.constant dense<1.0> : tensor<4x4xf32>
  %b = nn.constant dense<2.0> : tensor<4x4xf32>
  %q = nn.matmul %x, %a : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
  %k = nn.matmul %x, %b : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
  %s = nn.binary mul %q, %k : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = nn.matmul %s, %a : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @conv
// CHECK-SAME: (%[[X:.*]]: tensor<?x1x8x8xf32>)
func.func @conv(%x: tensor<?x1x8x8xf32>) -> tensor<?x2x8x8xf32> {
  // CHECK: %[[O:.*]] = lp.observe %[[X]] {id = 0 : i64}
  // CHECK: nn.conv %[[O]]
  %w = nn.constant dense<1.0> : tensor<2x1x3x3xf32>
  %y = nn.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<?x1x8x8xf32>, tensor<2x1x3x3xf32>) -> tensor<?x2x8x8xf32>
  return %y : tensor<?x2x8x8xf32>
}

// -----

// A weight that came in quantized is a weight too.
// CHECK-LABEL: func.func @dequantized_weight
func.func @dequantized_weight(%x: tensor<?x3xf32>) -> tensor<?x1xf32> {
  // CHECK: lp.observe
  %c = lp.constant dense_resource<w> : tensor<3x1x!lp.int4>
  %s = nn.constant dense<0.5> : tensor<1x1xf32>
  %w = lp.dequantize %c scales(%s) {scale = #lp.scale<[*, *]>} : tensor<3x1x!lp.int4>, (tensor<1x1xf32>) -> tensor<3x1xf32>
  %y = nn.matmul %x, %w : (tensor<?x3xf32>, tensor<3x1xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}
{-# dialect_resources: { builtin: { w: "0x040000002103" } } #-}

// -----

// CHECK-LABEL: func.func @no_observer_for_two_activations
func.func @no_observer_for_two_activations(%x: tensor<?x4xf32>, %w: tensor<4x2xf32>) -> tensor<?x2xf32> {
  // CHECK-NOT: lp.observe
  %y = nn.matmul %x, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// CHECK-LABEL: func.func @no_observer_for_other_types
func.func @no_observer_for_other_types(%x: tensor<?x4xf16>) -> tensor<?x2xf16> {
  // CHECK-NOT: lp.observe
  %w = nn.constant dense<1.0> : tensor<4x2xf16>
  %y = nn.matmul %x, %w : (tensor<?x4xf16>, tensor<4x2xf16>) -> tensor<?x2xf16>
  return %y : tensor<?x2xf16>
}

// -----

// Weights that a rewrite keeps in f64.
// CHECK-LABEL: func.func @exact_weight
func.func @exact_weight(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  // CHECK: lp.observe
  %wide = nn.constant dense<1.0> : tensor<4x2xf64>
  %w = nn.cast %wide : (tensor<4x2xf64>) -> tensor<4x2xf32>
  %y = nn.matmul %x, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// Names come from locations; the kept one has no observer, but keeps its number: files serve every choice of keep.
// CHECK-LABEL: func.func @keep_by_name
// KEEP-LABEL: func.func @keep_by_name
// KEEP-SAME: (%[[X:[a-z0-9]+]]: tensor<?x4xf32>
// KEEP: nn.matmul %[[X]]
// KEEP: lp.observe {{.*}} {id = 1 : i64}
// KEEP-NOT: lp.observe
func.func @keep_by_name(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %w = nn.constant dense<1.0> : tensor<4x4xf32>
  %h = nn.matmul %x, %w : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32> loc("head/MatMul")
  %y = nn.matmul %h, %w : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32> loc("body/MatMul")
  return %y : tensor<?x4xf32>
}
