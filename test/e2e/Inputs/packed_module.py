#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes an lp module of products with constant weights that have micro-kernels, and inputs that drive sums to their limits.

usage: packed_module.py MODULE.mlir INPUTS.npz

Shapes leave remainders of rows, columns and steps; codes are random, all the lowest, all the highest, and of one sign in the
weight only. All sums fit 32 bits.
"""
import sys

import numpy

rng = numpy.random.default_rng(5)
lines, results, types, blobs, inputs, arrays = [], [], [], [], [], {}


def blob(name, codes, bits):
    """A resource of packed codes: 4 bytes of alignment, then the bit stream."""
    stream = (numpy.asarray(codes, numpy.uint32).reshape(-1, 1) >> numpy.arange(bits)) & 1
    data = numpy.packbits(stream.astype(numpy.uint8).reshape(-1), bitorder="little").tobytes()
    blobs.append(f'{name}: "0x{(1).to_bytes(4, "little").hex()}{data.hex()}"')
    return f"dense_resource<{name}>"


def pattern(kind, signed, bits, count):
    lowest, highest = (1 << (bits - 1), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    if kind == "random":
        return rng.integers(0, 1 << bits, count)
    return numpy.full(count, lowest if kind == "lowest" else highest)


def product(rows, depth, columns, act, weight, bits, kind, group=0, zero=False):
    i = len(results)
    signed = act.startswith("int")
    builtin = "i8" if signed else "ui8"
    x = pattern(kind, signed, 8, rows * depth).astype(numpy.uint8).reshape(rows, depth)
    arrays[f"x{i}"] = x.view(numpy.int8) if signed else x
    arrays[f"s{i}"] = rng.uniform(0.01, 0.1, (rows, 1)).astype(numpy.float32)
    inputs.append(f'%x{i}: tensor<{rows}x{depth}x{builtin}> {{onnx.name = "x{i}"}}')
    inputs.append(f'%s{i}: tensor<{rows}x1xf32> {{onnx.name = "s{i}"}}')
    lines.append(f"%q{i} = lp.bitcast %x{i} : tensor<{rows}x{depth}x{builtin}> -> tensor<{rows}x{depth}x!lp.{act}>")
    w_type = f"tensor<{depth}x{columns}x!lp.{weight}>"
    lines.append(f"%w{i} = lp.constant {blob(f'w{i}', pattern(kind, True, bits, depth * columns), bits)} : {w_type}")
    groups = -(-depth // group) if group else 1
    scales = rng.uniform(0.01, 0.1, groups * columns).astype("<f4")
    blobs.append(f'ws{i}: "0x{(4).to_bytes(4, "little").hex()}{scales.tobytes().hex()}"')
    lines.append(f"%ws{i} = arith.constant dense_resource<ws{i}> : tensor<{groups}x{columns}xf32>")
    operands = [f"tensor<{rows}x{depth}x!lp.{act}>", f"tensor<{rows}x1xf32>"]
    zero_use = ""
    if zero:
        lines.append(f"%z{i} = lp.constant {blob(f'z{i}', pattern('random', signed, 8, rows), 8)} : tensor<{rows}x1x!lp.{act}>")
        operands.append(f"tensor<{rows}x1x!lp.{act}>")
        zero_use = f" zero_point %z{i}"
    operands += [w_type, f"tensor<{groups}x{columns}xf32>"]
    block, acc = (f"[{group}, 1]", "f32_grouped") if group else ("[*, 1]", "int<32>")
    lines.append(f"%y{i} = lp.matmul %q{i} scale %s{i}{zero_use}, %w{i} scale %ws{i} {{lhs_block = #lp.scale<[1, *]>, "
                 f"rhs_block = #lp.scale<{block}>, accumulator = #lp.acc<{acc}>}} : ({', '.join(operands)}) "
                 f"-> tensor<{rows}x{columns}xf32>")
    results.append(f"%y{i}")
    types.append(f"tensor<{rows}x{columns}xf32>")


for kind in ("random", "lowest", "highest"):
    for rows, depth, columns in ((1, 64, 16), (1, 33, 5), (6, 70, 37), (13, 129, 48), (200, 40, 20)):
        product(rows, depth, columns, "int8", "int8", 8, kind)
        product(rows, depth, columns, "int8", "int4", 4, kind)
        product(rows, depth, columns, "uint8", "e2m1", 4, kind)
        product(rows, depth, columns, "int8", "int4", 4, kind, group=32)
        product(rows, depth, columns, "uint8", "int8", 8, kind, zero=True)
    product(7, 50, 18, "uint8", "int3", 3, kind)
    product(7, 50, 18, "int8", "int5", 5, kind, group=16)

with open(sys.argv[1], "w") as f:
    named = ", ".join(f'{t} {{onnx.name = "y{i}"}}' for i, t in enumerate(types))
    f.write(f"func.func @main({', '.join(inputs)}) -> ({named}) {{\n  ")
    f.write("\n  ".join(lines))
    f.write(f"\n  return {', '.join(results)} : {', '.join(types)}\n}}\n")
    f.write("{-# dialect_resources: { builtin: {\n  " + ",\n  ".join(blobs) + "\n} } #-}\n")
numpy.savez(sys.argv[2], **arrays)
