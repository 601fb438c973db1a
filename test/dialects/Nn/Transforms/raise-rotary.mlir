// RUN: lpc-opt %s --nn-raise-idioms -o %t.mlir
// RUN: FileCheck %s --input-file %t.mlir
// RUN: %python %source_dir/test/e2e/Inputs/same_function.py %build_dir/unit/lpc-eval %s %t.mlir --all
// Rotary embeddings in the forms that exporters write, then chains that must stay. Each is the same function in f64.

// Hugging Face: x*cos + rotate_half(x)*sin, angles put together twice.
// CHECK-LABEL: @rotate_half
// CHECK:         %[[C:.*]] = nn.unary cos %[[A:.*]] : (tensor<5x3xf32>)
// CHECK:         %[[S:.*]] = nn.unary sin %[[A]] : (tensor<5x3xf32>)
// CHECK:         %[[Y:.*]] = nn.rope %arg0, %[[C]], %[[S]] : (tensor<2x4x5x6xf32>
// CHECK-NEXT:    return %[[Y]]
func.func @rotate_half(%x: tensor<2x4x5x6xf32>, %a: tensor<5x3xf32>) -> tensor<2x4x5x6xf32> {
  %twice = nn.concat %a, %a {axis = 1 : i64} : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x6xf32>
  %c = nn.unary cos %twice : (tensor<5x6xf32>) -> tensor<5x6xf32>
  %s = nn.unary sin %twice : (tensor<5x6xf32>) -> tensor<5x6xf32>
  %low = nn.slice %x offsets [0, 0, 0, 0] sizes [2, 4, 5, 3] strides [1, 1, 1, 1] : tensor<2x4x5x6xf32> -> tensor<2x4x5x3xf32>
  %high = nn.slice %x offsets [0, 0, 0, 3] sizes [2, 4, 5, 3] strides [1, 1, 1, 1] : tensor<2x4x5x6xf32> -> tensor<2x4x5x3xf32>
  %neg = nn.unary neg %high : (tensor<2x4x5x3xf32>) -> tensor<2x4x5x3xf32>
  %half = nn.concat %neg, %low {axis = 3 : i64} : (tensor<2x4x5x3xf32>, tensor<2x4x5x3xf32>) -> tensor<2x4x5x6xf32>
  %xc = nn.binary mul %x, %c : (tensor<2x4x5x6xf32>, tensor<5x6xf32>) -> tensor<2x4x5x6xf32>
  %hs = nn.binary mul %half, %s : (tensor<2x4x5x6xf32>, tensor<5x6xf32>) -> tensor<2x4x5x6xf32>
  %y = nn.binary add %xc, %hs : (tensor<2x4x5x6xf32>, tensor<2x4x5x6xf32>) -> tensor<2x4x5x6xf32>
  return %y : tensor<2x4x5x6xf32>
}

// Constant tables, chosen by positions, a scale on them; minus by a product with -1; [b, t, h, d].
// CHECK-LABEL: @tables
// CHECK:         nn.rope %arg0, %{{.*}}, %{{.*}} : (tensor<2x3x4x4xf32>, tensor<2x3x1x2xf32>, tensor<2x3x1x2xf32>)
func.func @tables(%x: tensor<2x3x4x4xf32>, %at: tensor<2x3xi64>) -> tensor<2x3x4x4xf32> {
  %cosines = nn.constant dense_resource<cosines> : tensor<12x4xf32>
  %sines = nn.constant dense_resource<sines> : tensor<12x4xf32>
  %scale = nn.constant dense<1.5> : tensor<f32>
  %minus = nn.constant dense<-1.0> : tensor<f32>
  %ct = nn.gather %cosines, %at {axis = 0 : i64} : (tensor<12x4xf32>, tensor<2x3xi64>) -> tensor<2x3x4xf32>
  %st = nn.gather %sines, %at {axis = 0 : i64} : (tensor<12x4xf32>, tensor<2x3xi64>) -> tensor<2x3x4xf32>
  %cm = nn.binary mul %ct, %scale : (tensor<2x3x4xf32>, tensor<f32>) -> tensor<2x3x4xf32>
  %c = nn.reshape %cm : tensor<2x3x4xf32> -> tensor<2x3x1x4xf32>
  %s = nn.reshape %st : tensor<2x3x4xf32> -> tensor<2x3x1x4xf32>
  %low = nn.slice %x offsets [0, 0, 0, 0] sizes [2, 3, 4, 2] strides [1, 1, 1, 1] : tensor<2x3x4x4xf32> -> tensor<2x3x4x2xf32>
  %high = nn.slice %x offsets [0, 0, 0, 2] sizes [2, 3, 4, 2] strides [1, 1, 1, 1] : tensor<2x3x4x4xf32> -> tensor<2x3x4x2xf32>
  %neg = nn.binary mul %high, %minus : (tensor<2x3x4x2xf32>, tensor<f32>) -> tensor<2x3x4x2xf32>
  %half = nn.concat %neg, %low {axis = 3 : i64} : (tensor<2x3x4x2xf32>, tensor<2x3x4x2xf32>) -> tensor<2x3x4x4xf32>
  %hs = nn.binary mul %s, %half : (tensor<2x3x1x4xf32>, tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %xc = nn.binary mul %c, %x : (tensor<2x3x1x4xf32>, tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %y = nn.binary add %hs, %xc : (tensor<2x3x4x4xf32>, tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  return %y : tensor<2x3x4x4xf32>
}

// Halves turned and put together, sizes known at run time, the rest of the channels behind them.
// CHECK-LABEL: @split
// CHECK:         %[[Y:.*]] = nn.rope %arg0, %arg1, %arg2 : (tensor<?x8xf32>, tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x8xf32>
// CHECK-NEXT:    return %[[Y]]
func.func @split(%x: tensor<?x8xf32> {nn.dims = ["t", ""]}, %c: tensor<?x3xf32> {nn.dims = ["t", ""]}, %s: tensor<?x3xf32> {nn.dims = ["t", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %t = tensor.dim %x, %c0 : tensor<?x8xf32>
  %turned = nn.slice %x offsets [0, 0] sizes [%t, 6] strides [1, 1] : tensor<?x8xf32> -> tensor<?x6xf32>
  %rest = nn.slice %x offsets [0, 6] sizes [%t, 2] strides [1, 1] : tensor<?x8xf32> -> tensor<?x2xf32>
  %a = nn.slice %turned offsets [0, 0] sizes [%t, 3] strides [1, 1] : tensor<?x6xf32> -> tensor<?x3xf32>
  %b = nn.slice %turned offsets [0, 3] sizes [%t, 3] strides [1, 1] : tensor<?x6xf32> -> tensor<?x3xf32>
  %ac = nn.binary mul %a, %c : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %bs = nn.binary mul %b, %s : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %real = nn.binary sub %ac, %bs : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %bc = nn.binary mul %b, %c : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %as = nn.binary mul %a, %s : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %imaginary = nn.binary add %as, %bc : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %both = nn.concat %real, %imaginary {axis = 1 : i64} : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x6xf32>
  %y = nn.concat %both, %rest {axis = 1 : i64} : (tensor<?x6xf32>, tensor<?x2xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// The complex form: [..., n, 2], real and imaginary parts, turned the other way.
// CHECK-LABEL: @complex
// CHECK:         %[[S:.*]] = nn.unary neg %arg2
// CHECK:         %[[Y:.*]] = nn.rope %arg0, %arg1, %[[S]] {interleaved = true} : (tensor<5x6xf32>, tensor<5x3xf32>, tensor<5x3xf32>)
// CHECK-NEXT:    return %[[Y]]
func.func @complex(%x: tensor<5x6xf32>, %c: tensor<5x3xf32>, %s: tensor<5x3xf32>) -> tensor<5x6xf32> {
  %p = nn.reshape %x : tensor<5x6xf32> -> tensor<5x3x2xf32>
  %a1 = nn.slice %p offsets [0, 0, 0] sizes [5, 3, 1] strides [1, 1, 1] : tensor<5x3x2xf32> -> tensor<5x3x1xf32>
  %b1 = nn.slice %p offsets [0, 0, 1] sizes [5, 3, 1] strides [1, 1, 1] : tensor<5x3x2xf32> -> tensor<5x3x1xf32>
  %a = nn.reshape %a1 : tensor<5x3x1xf32> -> tensor<5x3xf32>
  %b = nn.reshape %b1 : tensor<5x3x1xf32> -> tensor<5x3xf32>
  %ac = nn.binary mul %a, %c : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %bs = nn.binary mul %b, %s : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %real = nn.binary add %ac, %bs : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %bc = nn.binary mul %b, %c : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %as = nn.binary mul %a, %s : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %imaginary = nn.binary sub %bc, %as : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %r1 = nn.reshape %real : tensor<5x3xf32> -> tensor<5x3x1xf32>
  %i1 = nn.reshape %imaginary : tensor<5x3xf32> -> tensor<5x3x1xf32>
  %both = nn.concat %r1, %i1 {axis = 2 : i64} : (tensor<5x3x1xf32>, tensor<5x3x1xf32>) -> tensor<5x3x2xf32>
  %y = nn.reshape %both : tensor<5x3x2xf32> -> tensor<5x6xf32>
  return %y : tensor<5x6xf32>
}

// GPT-J: rotate_every_two, tables by repeat_interleave.
// CHECK-LABEL: @every_two
// CHECK:         nn.rope %arg0, %{{.*}}, %{{.*}} {interleaved = true} : (tensor<5x6xf32>, tensor<5x3xf32>, tensor<5x3xf32>)
func.func @every_two(%x: tensor<5x6xf32>, %angles: tensor<5x3x1xf32>) -> tensor<5x6xf32> {
  %c3 = nn.unary cos %angles : (tensor<5x3x1xf32>) -> tensor<5x3x1xf32>
  %c2 = nn.broadcast %c3 : tensor<5x3x1xf32> -> tensor<5x3x2xf32>
  %c = nn.reshape %c2 : tensor<5x3x2xf32> -> tensor<5x6xf32>
  %s3 = nn.unary sin %angles : (tensor<5x3x1xf32>) -> tensor<5x3x1xf32>
  %s2 = nn.concat %s3, %s3 {axis = 2 : i64} : (tensor<5x3x1xf32>, tensor<5x3x1xf32>) -> tensor<5x3x2xf32>
  %s = nn.reshape %s2 : tensor<5x3x2xf32> -> tensor<5x6xf32>
  %even = nn.slice %x offsets [0, 0] sizes [5, 3] strides [1, 2] : tensor<5x6xf32> -> tensor<5x3xf32>
  %odd = nn.slice %x offsets [0, 1] sizes [5, 3] strides [1, 2] : tensor<5x6xf32> -> tensor<5x3xf32>
  %neg = nn.unary neg %odd : (tensor<5x3xf32>) -> tensor<5x3xf32>
  %n1 = nn.reshape %neg : tensor<5x3xf32> -> tensor<5x3x1xf32>
  %e1 = nn.reshape %even : tensor<5x3xf32> -> tensor<5x3x1xf32>
  %both = nn.concat %n1, %e1 {axis = 2 : i64} : (tensor<5x3x1xf32>, tensor<5x3x1xf32>) -> tensor<5x3x2xf32>
  %turned = nn.reshape %both : tensor<5x3x2xf32> -> tensor<5x6xf32>
  %xc = nn.binary mul %x, %c : (tensor<5x6xf32>, tensor<5x6xf32>) -> tensor<5x6xf32>
  %ts = nn.binary mul %turned, %s : (tensor<5x6xf32>, tensor<5x6xf32>) -> tensor<5x6xf32>
  %y = nn.binary add %xc, %ts : (tensor<5x6xf32>, tensor<5x6xf32>) -> tensor<5x6xf32>
  return %y : tensor<5x6xf32>
}

// Pairs whose rows become something else at once.
// CHECK-LABEL: @pairs_reshaped
// CHECK:         %[[Y:.*]] = nn.rope %arg0, %arg1, %arg2 {interleaved = true} : (tensor<5x6xf32>, tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x6xf32>
// CHECK-NEXT:    nn.reshape %[[Y]] : tensor<5x6xf32> -> tensor<5x1x6xf32>
func.func @pairs_reshaped(%x: tensor<5x6xf32>, %c: tensor<5x3xf32>, %s: tensor<5x3xf32>) -> tensor<5x1x6xf32> {
  %a = nn.slice %x offsets [0, 0] sizes [5, 3] strides [1, 2] : tensor<5x6xf32> -> tensor<5x3xf32>
  %b = nn.slice %x offsets [0, 1] sizes [5, 3] strides [1, 2] : tensor<5x6xf32> -> tensor<5x3xf32>
  %ac = nn.binary mul %a, %c : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %bs = nn.binary mul %b, %s : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %real = nn.binary sub %ac, %bs : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %bc = nn.binary mul %b, %c : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %as = nn.binary mul %a, %s : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %imaginary = nn.binary add %as, %bc : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %r1 = nn.reshape %real : tensor<5x3xf32> -> tensor<5x3x1xf32>
  %i1 = nn.reshape %imaginary : tensor<5x3xf32> -> tensor<5x3x1xf32>
  %both = nn.concat %r1, %i1 {axis = 2 : i64} : (tensor<5x3x1xf32>, tensor<5x3x1xf32>) -> tensor<5x3x2xf32>
  %y = nn.reshape %both : tensor<5x3x2xf32> -> tensor<5x1x6xf32>
  return %y : tensor<5x1x6xf32>
}

// One pair, and the rest of the channels.
// CHECK-LABEL: @one_pair
// CHECK:         %[[Y:.*]] = nn.rope %arg0, %arg1, %arg2 {interleaved = true} : (tensor<5x6xf32>, tensor<5x1xf32>, tensor<5x1xf32>) -> tensor<5x6xf32>
// CHECK-NEXT:    return %[[Y]]
func.func @one_pair(%x: tensor<5x6xf32>, %c: tensor<5x1xf32>, %s: tensor<5x1xf32>) -> tensor<5x6xf32> {
  %turned = nn.slice %x offsets [0, 0] sizes [5, 2] strides [1, 1] : tensor<5x6xf32> -> tensor<5x2xf32>
  %rest = nn.slice %x offsets [0, 2] sizes [5, 4] strides [1, 1] : tensor<5x6xf32> -> tensor<5x4xf32>
  %a = nn.slice %turned offsets [0, 0] sizes [5, 1] strides [1, 2] : tensor<5x2xf32> -> tensor<5x1xf32>
  %b = nn.slice %turned offsets [0, 1] sizes [5, 1] strides [1, 2] : tensor<5x2xf32> -> tensor<5x1xf32>
  %ac = nn.binary mul %a, %c : (tensor<5x1xf32>, tensor<5x1xf32>) -> tensor<5x1xf32>
  %bs = nn.binary mul %b, %s : (tensor<5x1xf32>, tensor<5x1xf32>) -> tensor<5x1xf32>
  %real = nn.binary sub %ac, %bs : (tensor<5x1xf32>, tensor<5x1xf32>) -> tensor<5x1xf32>
  %bc = nn.binary mul %b, %c : (tensor<5x1xf32>, tensor<5x1xf32>) -> tensor<5x1xf32>
  %as = nn.binary mul %a, %s : (tensor<5x1xf32>, tensor<5x1xf32>) -> tensor<5x1xf32>
  %imaginary = nn.binary add %as, %bc : (tensor<5x1xf32>, tensor<5x1xf32>) -> tensor<5x1xf32>
  %r1 = nn.reshape %real : tensor<5x1xf32> -> tensor<5x1x1xf32>
  %i1 = nn.reshape %imaginary : tensor<5x1xf32> -> tensor<5x1x1xf32>
  %both = nn.concat %r1, %i1 {axis = 2 : i64} : (tensor<5x1x1xf32>, tensor<5x1x1xf32>) -> tensor<5x1x2xf32>
  %pair = nn.reshape %both : tensor<5x1x2xf32> -> tensor<5x2xf32>
  %y = nn.concat %pair, %rest {axis = 1 : i64} : (tensor<5x2xf32>, tensor<5x4xf32>) -> tensor<5x6xf32>
  return %y : tensor<5x6xf32>
}

// Tables whose halves differ are no angles of pairs.
// CHECK-LABEL: @other_halves
// CHECK-NOT:     nn.rope
// CHECK:         return
func.func @other_halves(%x: tensor<5x6xf32>, %c: tensor<5x6xf32>, %s: tensor<5x6xf32>) -> tensor<5x6xf32> {
  %low = nn.slice %x offsets [0, 0] sizes [5, 3] strides [1, 1] : tensor<5x6xf32> -> tensor<5x3xf32>
  %high = nn.slice %x offsets [0, 3] sizes [5, 3] strides [1, 1] : tensor<5x6xf32> -> tensor<5x3xf32>
  %neg = nn.unary neg %high : (tensor<5x3xf32>) -> tensor<5x3xf32>
  %half = nn.concat %neg, %low {axis = 1 : i64} : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x6xf32>
  %xc = nn.binary mul %x, %c : (tensor<5x6xf32>, tensor<5x6xf32>) -> tensor<5x6xf32>
  %hs = nn.binary mul %half, %s : (tensor<5x6xf32>, tensor<5x6xf32>) -> tensor<5x6xf32>
  %y = nn.binary add %xc, %hs : (tensor<5x6xf32>, tensor<5x6xf32>) -> tensor<5x6xf32>
  return %y : tensor<5x6xf32>
}

// Both products added: a reflection, not a turn.
// CHECK-LABEL: @reflection
// CHECK-NOT:     nn.rope
// CHECK:         return
func.func @reflection(%x: tensor<5x6xf32>, %c: tensor<5x3xf32>, %s: tensor<5x3xf32>) -> tensor<5x6xf32> {
  %a = nn.slice %x offsets [0, 0] sizes [5, 3] strides [1, 1] : tensor<5x6xf32> -> tensor<5x3xf32>
  %b = nn.slice %x offsets [0, 3] sizes [5, 3] strides [1, 1] : tensor<5x6xf32> -> tensor<5x3xf32>
  %ac = nn.binary mul %a, %c : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %bs = nn.binary mul %b, %s : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %real = nn.binary add %ac, %bs : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %bc = nn.binary mul %b, %c : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %as = nn.binary mul %a, %s : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %imaginary = nn.binary add %bc, %as : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x3xf32>
  %y = nn.concat %real, %imaginary {axis = 1 : i64} : (tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x6xf32>
  return %y : tensor<5x6xf32>
}

{-#
  dialect_resources: {
    builtin: {
      cosines: "0x040000000000803f0000803f0000803f0000803f40510a3f98b87e3f40510a3f98b87e3f3311d5bea5e57a3f3311d5bea5e57a3f26707dbfef90743f26707dbfef90743f305527bfa7ca6b3f305527bfa7ca6b3f2c3c913e40a9603f2c3c913e40a9603fb8cd753f3249533fb8cd753f3249533fbdff403fb3cc433fbdff403fb3cc433ff6fd14be5f5b323ff6fd14be5f5b323fd53f69bfd5211f3fd53f69bfd5211f3f64cd56bf40510a3f64cd56bf40510a3f7205913bc03de83e7205913bc03de83e",
      sines: "0x0400000000000000000000000000000000000000a46a573f7675cc3da46a573f7675cc3db7c7683ff96f4b3eb7c7683ff96f4b3ec381103e6d4e973ec381103e6d4e973ecfbd41bfd761c73ecfbd41bfd761c73e107c75bf4477f53e107c75bf4477f53e8c0f8fbe698c103f8c0f8fbe698c103f4630283f73eb243f4630283f73eb243f95467d3fa6a4373f95467d3fa6a4373f3201d33e1d88483f3201d33e1d88483ff8440bbfa46a573ff8440bbfa46a573f5cff7fbf2a26643f5cff7fbf2a26643f"
    }
  }
#-}
