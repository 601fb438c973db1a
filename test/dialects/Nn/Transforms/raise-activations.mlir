// RUN: lpc-opt %s --nn-raise-idioms | FileCheck %s
// SiLU, sigmoid and GELU in the forms that exporters write, then chains that must stay.

// x * sigmoid(x)
// CHECK-LABEL: @silu
// CHECK-NEXT:    nn.unary silu %arg0
// CHECK-NEXT:    return
func.func @silu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %s = nn.unary sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  %y = nn.binary mul %s, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// x / (1 + exp(-x))
// CHECK-LABEL: @silu_quotient
// CHECK-NEXT:    nn.unary silu %arg0
// CHECK-NEXT:    return
func.func @silu_quotient(%x: tensor<4xf32>) -> tensor<4xf32> {
  %one = nn.constant dense<1.0> : tensor<f32>
  %n = nn.unary neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %e = nn.unary exp %n : (tensor<4xf32>) -> tensor<4xf32>
  %d = nn.binary add %one, %e : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %y = nn.binary div %x, %d : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// 1 / (1 + exp(-x)), as a quotient
// CHECK-LABEL: @sigmoid
// CHECK-NEXT:    nn.unary sigmoid %arg0
// CHECK-NEXT:    return
func.func @sigmoid(%x: tensor<4xf32>) -> tensor<4xf32> {
  %one = nn.constant dense<1.0> : tensor<f32>
  %n = nn.unary neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %e = nn.unary exp %n : (tensor<4xf32>) -> tensor<4xf32>
  %d = nn.binary add %e, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %y = nn.binary div %one, %d : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// and as a reciprocal
// CHECK-LABEL: @sigmoid_reciprocal
// CHECK-NEXT:    nn.unary sigmoid %arg0
// CHECK-NEXT:    return
func.func @sigmoid_reciprocal(%x: tensor<4xf32>) -> tensor<4xf32> {
  %one = nn.constant dense<1.0> : tensor<f32>
  %n = nn.unary neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %e = nn.unary exp %n : (tensor<4xf32>) -> tensor<4xf32>
  %d = nn.binary add %e, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %y = nn.unary reciprocal %d : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// PyTorch: x * (0.5 * (erf(x / sqrt(2)) + 1))
// CHECK-LABEL: @gelu
// CHECK-NEXT:    nn.unary gelu %arg0
// CHECK-NEXT:    return
func.func @gelu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %root = nn.constant dense<1.41421354> : tensor<f32>
  %half = nn.constant dense<0.5> : tensor<f32>
  %one = nn.constant dense<1.0> : tensor<f32>
  %d = nn.binary div %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %e = nn.unary erf %d : (tensor<4xf32>) -> tensor<4xf32>
  %a = nn.binary add %e, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %h = nn.binary mul %half, %a : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %y = nn.binary mul %x, %h : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// TensorFlow: (0.5 * x) * (1 + erf(x * 0.70710678))
// CHECK-LABEL: @gelu_half_first
// CHECK-NEXT:    nn.unary gelu %arg0
// CHECK-NEXT:    return
func.func @gelu_half_first(%x: tensor<4xf32>) -> tensor<4xf32> {
  %root = nn.constant dense<0.707106769> : tensor<f32>
  %half = nn.constant dense<0.5> : tensor<f32>
  %one = nn.constant dense<1.0> : tensor<f32>
  %h = nn.binary mul %half, %x : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %d = nn.binary mul %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %e = nn.unary erf %d : (tensor<4xf32>) -> tensor<4xf32>
  %a = nn.binary add %one, %e : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %y = nn.binary mul %h, %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// The half last, as a division.
// CHECK-LABEL: @gelu_half_last
// CHECK-NEXT:    nn.unary gelu %arg0
// CHECK-NEXT:    return
func.func @gelu_half_last(%x: tensor<4xf32>) -> tensor<4xf32> {
  %root = nn.constant dense<0.707106769> : tensor<f32>
  %two = nn.constant dense<2.0> : tensor<f32>
  %one = nn.constant dense<1.0> : tensor<f32>
  %d = nn.binary mul %root, %x : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %e = nn.unary erf %d : (tensor<4xf32>) -> tensor<4xf32>
  %a = nn.binary add %e, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %p = nn.binary mul %x, %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %y = nn.binary div %p, %two : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// The half inside of the sum.
// CHECK-LABEL: @gelu_half_inside
// CHECK-NEXT:    nn.unary gelu %arg0
// CHECK-NEXT:    return
func.func @gelu_half_inside(%x: tensor<4xf32>) -> tensor<4xf32> {
  %root = nn.constant dense<0.707106769> : tensor<f32>
  %half = nn.constant dense<0.5> : tensor<f32>
  %d = nn.binary mul %root, %x : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %e = nn.unary erf %d : (tensor<4xf32>) -> tensor<4xf32>
  %m = nn.binary mul %e, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %a = nn.binary add %m, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %y = nn.binary mul %x, %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// GPT-2: 0.5 * x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3)))
// CHECK-LABEL: @gelu_tanh
// CHECK-NEXT:    nn.unary gelu_tanh %arg0
// CHECK-NEXT:    return
func.func @gelu_tanh(%x: tensor<4xf32>) -> tensor<4xf32> {
  %half = nn.constant dense<0.5> : tensor<f32>
  %one = nn.constant dense<1.0> : tensor<f32>
  %three = nn.constant dense<3.0> : tensor<f32>
  %k = nn.constant dense<0.044715> : tensor<f32>
  %slope = nn.constant dense<0.797884583> : tensor<f32>
  %h = nn.binary mul %half, %x : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %p = nn.binary pow %x, %three : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %q = nn.binary mul %k, %p : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %s = nn.binary add %x, %q : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %u = nn.binary mul %slope, %s : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %t = nn.unary tanh %u : (tensor<4xf32>) -> tensor<4xf32>
  %a = nn.binary add %one, %t : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %y = nn.binary mul %h, %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// The cube as a product: x * (1 + 0.044715 * x * x)
// CHECK-LABEL: @gelu_tanh_factored
// CHECK-NEXT:    nn.unary gelu_tanh %arg0
// CHECK-NEXT:    return
func.func @gelu_tanh_factored(%x: tensor<4xf32>) -> tensor<4xf32> {
  %half = nn.constant dense<0.5> : tensor<f32>
  %one = nn.constant dense<1.0> : tensor<f32>
  %k = nn.constant dense<0.044715> : tensor<f32>
  %slope = nn.constant dense<0.797884583> : tensor<f32>
  %q = nn.binary mul %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %r = nn.binary mul %k, %q : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %s = nn.binary add %r, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %m = nn.binary mul %x, %slope : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %u = nn.binary mul %m, %s : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %t = nn.unary tanh %u : (tensor<4xf32>) -> tensor<4xf32>
  %a = nn.binary add %t, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %p = nn.binary mul %x, %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %y = nn.binary mul %p, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// x * sigmoid(1.702 x) is another function.
// CHECK-LABEL: @quick_gelu
// CHECK-NOT:     silu
// CHECK-NOT:     gelu
func.func @quick_gelu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %k = nn.constant dense<1.702> : tensor<f32>
  %m = nn.binary mul %k, %x : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %s = nn.unary sigmoid %m : (tensor<4xf32>) -> tensor<4xf32>
  %y = nn.binary mul %x, %s : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// So is erf(x / 1.5), and erf with a factor of 1.
// CHECK-LABEL: @wrong_constant
// CHECK-NOT:     gelu
func.func @wrong_constant(%x: tensor<4xf32>) -> tensor<4xf32> {
  %root = nn.constant dense<1.5> : tensor<f32>
  %half = nn.constant dense<0.5> : tensor<f32>
  %one = nn.constant dense<1.0> : tensor<f32>
  %d = nn.binary div %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %e = nn.unary erf %d : (tensor<4xf32>) -> tensor<4xf32>
  %a = nn.binary add %e, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %h = nn.binary mul %half, %a : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %y = nn.binary mul %x, %h : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// Without the half.
// CHECK-LABEL: @wrong_half
// CHECK-NOT:     gelu
func.func @wrong_half(%x: tensor<4xf32>) -> tensor<4xf32> {
  %root = nn.constant dense<1.41421354> : tensor<f32>
  %one = nn.constant dense<1.0> : tensor<f32>
  %d = nn.binary div %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %e = nn.unary erf %d : (tensor<4xf32>) -> tensor<4xf32>
  %a = nn.binary add %e, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %y = nn.binary mul %x, %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// 1 - erf.
// CHECK-LABEL: @wrong_sign
// CHECK-NOT:     gelu
func.func @wrong_sign(%x: tensor<4xf32>) -> tensor<4xf32> {
  %root = nn.constant dense<1.41421354> : tensor<f32>
  %half = nn.constant dense<0.5> : tensor<f32>
  %one = nn.constant dense<1.0> : tensor<f32>
  %d = nn.binary div %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %e = nn.unary erf %d : (tensor<4xf32>) -> tensor<4xf32>
  %a = nn.binary sub %one, %e : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %h = nn.binary mul %half, %a : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %y = nn.binary mul %x, %h : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
