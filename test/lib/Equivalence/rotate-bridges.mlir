// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes{axes=streams bridge=2}))' 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes{axes=streams}))' 2>/dev/null | FileCheck %s --check-prefix=NONE
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes{axes=streams bridge=1}))' 2>&1 | FileCheck %s --check-prefix=FEW
// Streams with barriers: inverse rotations in front of them, rotations behind. That the function stays is shown in test/e2e.

// NONE-NOT: nn.rotate

// The stream is an output, too.
// CHECK-LABEL: @output
// CHECK:         %[[X:.*]] = nn.gather
// CHECK:         %[[O:.*]] = nn.rotate %[[X]] signs %{{.*}} {axis = 1 : i64, inverse = true, order = 4 : i64}
// CHECK:         nn.rms_norm %[[X]]
// CHECK:         return %{{.*}}, %[[O]]
// REMARK: remark: R1.0, 4 channels, is bridged at 1 places: 16 operations for each vector
func.func @output(%ids: tensor<?xi64>) -> (tensor<?x3xf32>, tensor<?x4xf32>) {
  %e = nn.constant dense<[[1.0, 3.0, 5.0, 7.0], [4.0, 5.0, 6.0, 7.0]]> : tensor<2x4xf32>
  %w = nn.constant dense<[[1.0, 2.0, 3.0], [3.0, 4.0, 5.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]> : tensor<4x3xf32>
  %x = nn.gather %e, %ids {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %n = nn.rms_norm %x {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = nn.matmul %n, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %y, %x : tensor<?x3xf32>, tensor<?x4xf32>
}

// It comes from an input, and a branch with a relu reads and writes it: three bridges are one too many for two.
// CHECK-LABEL: @branch
// CHECK-NOT:     nn.rotate
// CHECK:         return
// REMARK: remark: a stream of 4 channels is not rotated: here it is an input of the graph; it takes more than 2 bridges
func.func @branch(%i: tensor<?x4xf32>) -> tensor<?x3xf32> {
  %w = nn.constant dense<1.0> : tensor<4x3xf32>
  %r = nn.unary relu %i : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %s = nn.unary silu %i : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %t = nn.binary mul %s, %r : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %x = nn.binary add %i, %t : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %u = nn.unary exp %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %z = nn.binary add %x, %u : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %n = nn.rms_norm %z {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = nn.matmul %n, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// A gate reads the stream channel by channel; what it makes goes back: the barrier takes one bridge in, one out.
// CHECK-LABEL: @gate
// CHECK:         %[[X:.*]] = nn.gather
// CHECK:         %[[I:.*]] = nn.rotate %[[X]] {{.*}}inverse = true
// CHECK:         %[[T:.*]] = nn.unary tanh %[[I]]
// CHECK:         %[[F:.*]] = nn.rotate %[[T]]
// CHECK-NOT:     inverse
// CHECK:         nn.binary add %[[X]], %[[F]]
// REMARK: remark: R1.0, 4 channels, is bridged at 2 places: 32 operations for each vector
// FEW: remark: a stream of 4 channels is not rotated: here it acts on each channel alone; it takes more than 1 bridges
func.func @gate(%ids: tensor<?xi64>) -> tensor<?x3xf32> {
  %e = nn.constant dense<[[1.0, 3.0, 5.0, 7.0], [4.0, 5.0, 6.0, 7.0]]> : tensor<2x4xf32>
  %w = nn.constant dense<1.0> : tensor<4x3xf32>
  %x = nn.gather %e, %ids {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %t = nn.unary tanh %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %z = nn.binary add %x, %t : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %n = nn.rms_norm %z {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = nn.matmul %n, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
