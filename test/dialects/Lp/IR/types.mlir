// RUN: lpc-opt %s | FileCheck %s
// Formats print by their canonical spelling: what means the same is the same type.

// CHECK: @integers() -> (tensor<1x!lp.int1>, tensor<1x!lp.uint1>, tensor<1x!lp.int4>, tensor<1x!lp.int4.narrow>, tensor<1x!lp.int16>)
func.func private @integers() -> (tensor<1x!lp.int1>, tensor<1x!lp.uint1>, tensor<1x!lp.int4>, tensor<1x!lp.int4.narrow>, tensor<1x!lp.int16>)

// CHECK: @minifloats() -> (tensor<1x!lp.e2m1>, tensor<1x!lp.e2m3>, tensor<1x!lp.e3m2>, tensor<1x!lp.e4m3>, tensor<1x!lp.e5m2>, tensor<1x!lp.e4m3fnuz>)
func.func private @minifloats() -> (tensor<1x!lp.e2m1>, tensor<1x!lp.e2m3>, tensor<1x!lp.e3m2>, tensor<1x!lp.e4m3>, tensor<1x!lp.e5m2>, tensor<1x!lp.e4m3fnuz>)

// Numbers in options may have a sign, a point and an exponent.
// CHECK: @numbers() -> (tensor<1x!lp.fix8<f=-3>>, tensor<1x!lp.lns8<f=2,nozero>>, tensor<1x!lp.table<-1.5,0.1,2,1e-05,1e+20>>)
func.func private @numbers() -> (tensor<1x!lp.fix8<f=-3>>, tensor<1x!lp.lns8<f=2,nozero>>, tensor<1x!lp.table<-1.5,0.1,2,1e-05,1.0e20>>)

// The usual bias need not be said.
// CHECK: @bias() -> (tensor<1x!lp.e3m2>, tensor<1x!lp.e3m2<bias=5>>)
func.func private @bias() -> (tensor<1x!lp.e3m2<bias=3>>, tensor<1x!lp.e3m2<bias=5>>)

// CHECK: @scales
// CHECK-SAME: groups = #lp.scale<[32, 1]>, per_row = #lp.scale<[1, *]>, per_tensor = #lp.scale<[*, *]>, two = #lp.scale<[1, 16], [*, *]>
func.func private @scales() attributes {per_tensor = #lp.scale<[*, *]>, per_row = #lp.scale<[1, *]>, groups = #lp.scale<[32, 1]>, two = #lp.scale<[1, 16], [*, *]>}

// CHECK: @accumulators
// CHECK-SAME: a = #lp.acc<int<2>>, b = #lp.acc<int<64>>, c = #lp.acc<f32_grouped>, d = #lp.acc<f32_relaxed>
func.func private @accumulators() attributes {a = #lp.acc<int<2>>, b = #lp.acc<int<64>>, c = #lp.acc<f32_grouped>, d = #lp.acc<f32_relaxed>}
