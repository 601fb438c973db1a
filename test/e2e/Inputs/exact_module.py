#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes an lp module of contractions with exact accumulators, and random inputs.

usage: exact_module.py MODULE.mlir INPUTS.npz

One result for each pair of formats: static per-tensor and dynamic per-token activations against weights per channel and
in groups, with and without zero points, and convolutions.
"""
import sys

import numpy

K, N = 96, 10
WIDTHS = {"e2m1": 4, "e2m3": 6, "e3m2": 6}
rng = numpy.random.default_rng(3)
lines, results, types, blobs = [], [], [], []


def width(fmt):
    return WIDTHS.get(fmt) or int("".join(c for c in fmt if c.isdigit()))


def blob(name, codes, bits):
    """A resource of packed codes: 4 bytes of alignment, then the bit stream."""
    number = 0
    for i, code in enumerate(codes):
        number |= int(code) << (i * bits)
    data = number.to_bytes((len(codes) * bits + 7) // 8, "little")
    blobs.append(f'{name}: "0x{(1).to_bytes(4, "little").hex()}{data.hex()}"')
    return f"dense_resource<{name}>"


def floats(name, values):
    data = numpy.asarray(values, "<f4")
    blobs.append(f'{name}: "0x{(4).to_bytes(4, "little").hex()}{data.tobytes().hex()}"')
    return f"dense_resource<{name}>"


def codes(name, fmt, shape):
    values = rng.integers(0, 1 << width(fmt), int(numpy.prod(shape)))
    text = "x".join(map(str, shape))
    lines.append(f"%{name} = lp.constant {blob(name, values, width(fmt))} : tensor<{text}x!lp.{fmt}>")
    return f"tensor<{text}x!lp.{fmt}>"


def scale(name, shape):
    text = "x".join(map(str, shape))
    values = rng.uniform(0.01, 0.1, int(numpy.prod(shape)))
    lines.append(f"%{name} = nn.constant {floats(name, values)} : tensor<{text}xf32>")
    return f"tensor<{text}xf32>"


def finish(value, type_):
    results.append(value)
    types.append(type_)


def matmul(index, act, weight, dynamic, group, zero):
    """Activation `act` times weight `weight`; `group` 0: one scale per column."""
    i = index
    w_type = codes(f"w{i}", weight, (K, N))
    s_shape = (K // group, N) if group else (1, N)
    s_type = scale(f"ws{i}", s_shape)
    x_type = f"tensor<?x{K}x!lp.{act}>"
    zero_text, zero_type, zero_use = "", "", ""
    if dynamic:
        block = "[1, *]"
        xs_type = "tensor<?x1xf32>"
        if zero:
            zero_type = f"tensor<?x1x!lp.{act}>"
            lines.append(f"%xs{i}, %xz{i} = lp.block_scale %x {{format = !lp.{act}, scale = #lp.scale<{block}>, "
                         f"rule = #lp.scale_rule<minmax>}} : tensor<?x{K}xf32> -> {xs_type} zero_point {zero_type}")
        else:
            lines.append(f"%xs{i} = lp.block_scale %x {{format = !lp.{act}, scale = #lp.scale<{block}>}} : "
                         f"tensor<?x{K}xf32> -> {xs_type}")
    else:
        block = "[*, *]"
        xs_type = scale(f"xs{i}", (1, 1))
        if zero:
            zero_type = codes(f"xz{i}", act, (1, 1))
    if zero:
        zero_text, zero_use = f" zero_point(%xz{i} : {zero_type})", f" zero_point %xz{i}"
    lines.append(f"%q{i} = lp.quantize %x scales(%xs{i}){zero_text} {{scale = #lp.scale<{block}>}} : "
                 f"tensor<?x{K}xf32>, ({xs_type}) -> {x_type}")
    acc = "f32_grouped" if group else "int<40>"
    rhs = f"[{group}, 1]" if group else "[*, 1]"
    operand_types = [x_type, xs_type] + ([zero_type] if zero else []) + [w_type, s_type]
    lines.append(f"%y{i} = lp.matmul %q{i} scale %xs{i}{zero_use}, %w{i} scale %ws{i} {{lhs_block = #lp.scale<{block}>, "
                 f"rhs_block = #lp.scale<{rhs}>, accumulator = #lp.acc<{acc}>}} : ({', '.join(operand_types)}) "
                 f"-> tensor<?x{N}xf32>")
    finish(f"%y{i}", f"tensor<?x{N}xf32>")


def conv(index, act, weight, zero):
    i = index
    w_type, s_type = codes(f"w{i}", weight, (4, 3, 3, 3)), scale(f"ws{i}", (4, 1, 1, 1))
    xs_type = scale(f"xs{i}", (1, 1, 1, 1))
    x_type = f"tensor<?x3x8x8x!lp.{act}>"
    zero_text, zero_use, zero_type = "", "", []
    if zero:
        zero_type = [codes(f"xz{i}", act, (1, 1, 1, 1))]
        zero_text, zero_use = f" zero_point(%xz{i} : {zero_type[0]})", f" zero_point %xz{i}"
    lines.append(f"%q{i} = lp.quantize %image scales(%xs{i}){zero_text} {{scale = #lp.scale<[*, *, *, *]>}} : "
                 f"tensor<?x3x8x8xf32>, ({xs_type}) -> {x_type}")
    lines.append(f"%y{i} = lp.conv %q{i} scale %xs{i}{zero_use}, %w{i} scale %ws{i} {{input_block = #lp.scale<[*, *, *, *]>, "
                 f"filter_block = #lp.scale<[1, *, *, *]>, strides = array<i64: 2, 1>, pads = array<i64: 1, 1, 1, 1>, "
                 f"dilations = array<i64: 1, 1>, accumulator = #lp.acc<int<40>>}} : "
                 f"({', '.join([x_type, xs_type] + zero_type + [w_type, s_type])}) -> tensor<?x4x4x8xf32>")
    finish(f"%y{i}", "tensor<?x4x4x8xf32>")


def main():
    cases = [
        ("int8", "int8", False, 0, False), ("int8", "int8", True, 0, False), ("int8", "int4", True, 32, False),
        ("uint8", "int8", False, 0, True), ("uint8", "int4", True, 16, True), ("int4", "int4", True, 0, False),
        ("int8", "int2", True, 0, False), ("int3", "int5", False, 0, False), ("int8", "e2m1", True, 32, False),
        ("e2m1", "e2m1", True, 0, False), ("int8", "e3m2", True, 32, False), ("e2m3", "int8", False, 0, False),
        ("int12", "int9", True, 0, False), ("uint1", "int1", False, 0, False),
    ]  # fmt: skip
    for i, case in enumerate(cases):
        matmul(i, *case)
    conv(100, "int8", "int8", False)
    conv(101, "uint8", "int4", True)
    conv(102, "int4", "e2m1", False)
    names = ", ".join(f'{t} {{onnx.name = "y{i}"}}' for i, t in enumerate(types))
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write('func.func @main(%x: tensor<?x96xf32> {nn.dims = ["rows", ""], onnx.name = "x"}, '
                   '%image: tensor<?x3x8x8xf32> {nn.dims = ["batch", "", "", ""], onnx.name = "image"}) '
                   f"-> ({names}) {{\n")
        file.write("".join(f"  {line}\n" for line in lines))
        file.write(f"  return {', '.join(results)} : {', '.join(types)}\n}}\n")
        file.write("{-#\n  dialect_resources: {\n    builtin: {\n      " + ",\n      ".join(blobs) + "\n    }\n  }\n#-}\n")
    x = rng.standard_normal((37, K)).astype(numpy.float32)
    x[5] = 0  # a token of zeros
    x[6] *= 1e4  # saturates static scales
    numpy.savez(sys.argv[2], x=x, image=rng.standard_normal((3, 3, 8, 8)).astype(numpy.float32))


if __name__ == "__main__":
    main()
