// RUN: %build_dir/unit/lpc-eval %s | FileCheck %s
// RUN: %build_dir/unit/lpc-eval --real64 %s | FileCheck %s --check-prefix=REAL
// The lp contract executed: codes, exact sums, observers.

func.func @main() -> (tensor<1x4x!lp.int8>, tensor<1x2xf32>, tensor<4xui8>) {
  %x = nn.constant dense<[[0.5, -1.0, 0.26, 2.0]]> : tensor<1x4xf32>
  %s = nn.constant dense<0.25> : tensor<1x1xf32>
  // CHECK: observed 7: 1x4 f32: 0.5 -1 0.25999999 2
  %seen = lp.observe %x {id = 7 : i64} : tensor<1x4xf32>
  // CHECK: 1x4 !lp.int8: 2 -4 1 8
  %q = lp.quantize %seen scales(%s) {scale = #lp.scale<[*, *]>} : tensor<1x4xf32>, (tensor<1x1xf32>) -> tensor<1x4x!lp.int8>
  %w = lp.constant dense_resource<w> : tensor<4x2x!lp.int4>
  %ws = nn.constant dense<[[0.5, 0.1]]> : tensor<1x2xf32>
  // Exact sums 9 and -11; fl32(0.25 * 0.1) times -11, rounded.
  // CHECK: 1x2 f32: 1.125 -0.275000006
  // REAL: 1x2 f64: 1.125 -0.275
  %y = lp.matmul %q scale %s, %w scale %ws
    {lhs_block = #lp.scale<[*, *]>, rhs_block = #lp.scale<[*, 1]>, accumulator = #lp.acc<int<16>>}
    : (tensor<1x4x!lp.int8>, tensor<1x1xf32>, tensor<4x2x!lp.int4>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %b = nn.constant dense<[1, 2, 254, 255]> : tensor<4xui8>
  %c = lp.bitcast %b : tensor<4xui8> -> tensor<4x!lp.uint8>
  // CHECK: 4 ui8: 1 2 254 255
  %d = lp.bitcast %c : tensor<4x!lp.uint8> -> tensor<4xui8>
  return %q, %y, %d : tensor<1x4x!lp.int8>, tensor<1x2xf32>, tensor<4xui8>
}

// Rows (1, 2), (-1, 3), (3, -3), (0, 0): nibbles, low ones first.
{-#
  dialect_resources: {
    builtin: {
      w: "0x40000000213FD300"
    }
  }
#-}
