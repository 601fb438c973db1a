// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-expand-math))' | FileCheck %s
// Functions of f32 become polynomials, f16 goes through f32, f64 stays for libm.

// CHECK-LABEL: @f32
// CHECK-NOT: math.exp
// CHECK-NOT: math.tanh
// CHECK-COUNT-6: math.fma
func.func @f32(%x: f32) -> f32 {
  %0 = math.exp %x : f32
  %1 = math.tanh %0 : f32
  return %1 : f32
}
// CHECK-LABEL: @f16
// CHECK: arith.extf
// CHECK-NOT: math.log %{{.*}} : f16
// CHECK: arith.truncf
func.func @f16(%x: f16) -> f16 {
  %0 = math.log %x : f16
  return %0 : f16
}
// CHECK-LABEL: @no_f64
// CHECK: math.erf
func.func @no_f64(%x: f64) -> f64 {
  %0 = math.erf %x : f64
  return %0 : f64
}
