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


def product(fmt, bits, group=0, zero=False):
    i = len(results)
    limit = (1 << bits) - 1
    codes = rng.integers(0, limit, DEPTH * COLUMNS)
    # Formats with infinities and NaN: the codes of finite values only.
    if fmt == "e4m3":
        codes = codes % 0x7F + rng.integers(0, 2, codes.size) * 0x80
    if fmt == "e5m2":
        codes = codes % 0x7C + rng.integers(0, 2, codes.size) * 0x80
    w_type = f"tensor<{DEPTH}x{COLUMNS}x!lp.{fmt}>"
    lines.append(f"%w{i} = lp.constant {blob(f'w{i}', codes, bits)} : {w_type}")
    groups = -(-DEPTH // group) if group else 1
    scale = float(2.0 ** -(8 if fmt == "e4m3" else 15 if fmt == "e5m2" else bits))
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

result_type = f"tensor<?x{COLUMNS}xf32>"
with open(sys.argv[1], "w", encoding="utf-8") as f:
    named = ", ".join(f'{result_type} {{onnx.name = "y{i}"}}' for i in range(len(results)))
    f.write(f'func.func @main(%x: tensor<?x{DEPTH}xf32> {{nn.dims = ["rows", ""], onnx.name = "x"}}) -> ({named}) {{\n  ')
    f.write("\n  ".join(lines))
    f.write(f"\n  return {', '.join(results)} : {', '.join([result_type] * len(results))}\n}}\n")
    f.write("{-# dialect_resources: { builtin: {\n  " + ",\n  ".join(blobs) + "\n} } #-}\n")
rows = int(sys.argv[3])
numpy.savez(sys.argv[2], x=rng.standard_normal((rows, DEPTH)).astype(numpy.float32))
