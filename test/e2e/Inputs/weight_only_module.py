#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes an lp module of products of floats with constant weights in many formats, and inputs.

usage: weight_only_module.py MODULE.mlir INPUTS.npz ROWS
"""
import sys

import numpy

rng = numpy.random.default_rng(7)
DEPTH, COLUMNS = 70, 21
lines, results, blobs = [], [], []


def blob(name, codes, bits):
    stream = (numpy.asarray(codes, numpy.uint32).reshape(-1, 1) >> numpy.arange(bits)) & 1
    data = numpy.packbits(stream.astype(numpy.uint8).reshape(-1), bitorder="little").tobytes()
    blobs.append(f'{name}: "0x{(1).to_bytes(4, "little").hex()}{data.hex()}"')
    return f"dense_resource<{name}>"


# The codes that are no finite values or that encoders never make, and about the logarithm of the largest value.
EXCLUDED = {"e4m3": [0x7F, 0xFF], "e5m2": [*range(0x7C, 0x80), *range(0xFC, 0x100)], "posit3": [4], "posit8": [0x80],
            "hif8": [0x6F, 0x80, 0xEF], "lns8<f=4>": [0xC0], "ternary": [3], "table<-1.5,0.1,2>": [3]}
REACH = {"e4m3": 8, "e5m2": 15, "posit8": 24, "hif8": 15, "lns8<f=4>": 4, "nf4": 0, "ternary": 0, "binary": 0,
         "fp4.bnb": 0, "fix8<f=4>": 3, "pot4": 1, "table<-1.5,0.1,2>": 1, "posit3": 4, "e3m1": 4}


def product(fmt, bits, group=0, zero=False):
    i = len(results)
    allowed = numpy.setdiff1d(numpy.arange(1 << bits), EXCLUDED.get(fmt, []))
    codes = allowed[rng.integers(0, allowed.size, DEPTH * COLUMNS)]
    w_type = f"tensor<{DEPTH}x{COLUMNS}x!lp.{fmt}>"
    lines.append(f"%w{i} = lp.constant {blob(f'w{i}', codes, bits)} : {w_type}")
    groups = -(-DEPTH // group) if group else 1
    scale = float(2.0 ** -REACH.get(fmt, bits))
    values = (scale * rng.uniform(0.5, 1.0, groups * COLUMNS)).astype("<f4")
    blobs.append(f's{i}: "0x{(4).to_bytes(4, "little").hex()}{values.tobytes().hex()}"')
    lines.append(f"%s{i} = arith.constant dense_resource<s{i}> : tensor<{groups}x{COLUMNS}xf32>")
    use, zero_type = "", ""
    if zero:
        lines.append(f"%z{i} = lp.constant {blob(f'z{i}', numpy.full(groups * COLUMNS, 7), bits)} : "
                     f"tensor<{groups}x{COLUMNS}x!lp.{fmt}>")
        use, zero_type = f" zero_point %z{i}", f", tensor<{groups}x{COLUMNS}x!lp.{fmt}>"
    block = f"[{group}, 1]" if group else "[*, 1]"
    lines.append(f"%y{i} = lp.matmul %x, %w{i} scale %s{i}{use} {{rhs_block = #lp.scale<{block}>, "
                 f"accumulator = #lp.acc<f32_relaxed>}} : (tensor<?x{DEPTH}xf32>, {w_type}, "
                 f"tensor<{groups}x{COLUMNS}xf32>{zero_type}) -> tensor<?x{COLUMNS}xf32>")
    results.append(f"%y{i}")


product("int8", 8)
product("int4", 4)
product("int4", 4, group=32)
product("int4", 4, group=7)
product("int3", 3, group=16)
product("int6", 6)
product("uint4", 4, group=32, zero=True)
product("e2m1", 4, group=16)
product("e2m3", 6, group=32)
product("e4m3", 8)
product("e5m2", 8)
product("nf4", 4)
product("nf4", 4, group=64)
product("fp4.bnb", 4, group=32)
product("posit3", 3)
product("posit8", 8)
product("hif8", 8, group=16)
product("lns8<f=4>", 8)
product("fix8<f=4>", 8)
product("binary", 1)
product("ternary", 2, group=32)
product("pot4", 4)
product("e3m1", 5)
product("table<-1.5,0.1,2>", 2)

result_type = f"tensor<?x{COLUMNS}xf32>"
with open(sys.argv[1], "w", encoding="utf-8") as f:
    named = ", ".join(f'{result_type} {{onnx.name = "y{i}"}}' for i in range(len(results)))
    f.write(f'func.func @main(%x: tensor<?x{DEPTH}xf32> {{nn.dims = ["rows", ""], onnx.name = "x"}}) -> ({named}) {{\n  ')
    f.write("\n  ".join(lines))
    f.write(f"\n  return {', '.join(results)} : {', '.join([result_type] * len(results))}\n}}\n")
    f.write("{-# dialect_resources: { builtin: {\n  " + ",\n  ".join(blobs) + "\n} } #-}\n")
rows = int(sys.argv[3])
numpy.savez(sys.argv[2], x=rng.standard_normal((rows, DEPTH)).astype(numpy.float32))
