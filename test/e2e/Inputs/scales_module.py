#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes an lp module of everything between real numbers, codes and scales, and inputs with every special value.

usage: scales_module.py MODULE.mlir INPUTS.npz

block_scale by every rule, in several scale formats and block shapes with short ends; quantize with reciprocals, scales
that depend on the sign, real zero points and random bits; dequantize with offsets of two levels; lookups along every
axis; products with unequal groups, tiles and scales made at run time.
"""
import sys

import numpy

K, N = 75, 10  # neither is a multiple of a block
WIDTHS = {"e2m1": 4, "e4m3": 8, "ue5m3": 8, "e8m0": 8, "e3m2": 6, "fp16": 16, "e5m2": 8}
rng = numpy.random.default_rng(5)
lines, results, types, blobs = [], [], [], []
counter = 0


def name():
    global counter
    counter += 1
    return f"v{counter}"


def width(fmt):
    return WIDTHS.get(fmt) or int("".join(c for c in fmt if c.isdigit()))


def tensor(shape, element):
    return f"tensor<{'x'.join('?' if d is None else str(d) for d in shape)}x{element}>"


def codes(fmt, shape, low=0, high=None):
    """A constant of random codes."""
    bits, number = width(fmt), 0
    values = rng.integers(low, high or (1 << bits), int(numpy.prod(shape)))
    for i, code in enumerate(values):
        number |= int(code) << (i * bits)
    data = number.to_bytes((len(values) * bits + 7) // 8, "little")
    v, t = name(), tensor(shape, f"!lp.{fmt}")
    blobs.append(f'{v}: "0x{(1).to_bytes(4, "little").hex()}{data.hex()}"')
    lines.append(f"%{v} = lp.constant dense_resource<{v}> : {t}")
    return f"%{v}", t


def floats(shape, low, high):
    data = numpy.asarray(rng.uniform(low, high, int(numpy.prod(shape))), "<f4")
    v, t = name(), tensor(shape, "f32")
    blobs.append(f'{v}: "0x{(4).to_bytes(4, "little").hex()}{data.tobytes().hex()}"')
    lines.append(f"%{v} = nn.constant dense_resource<{v}> : {t}")
    return f"%{v}", t


def grid(shape, block):
    return [1 if b == "*" else (None if d is None else -(-d // b)) for d, b in zip(shape, block)]


def structure(levels):
    return "#lp.scale<" + ", ".join("[" + ", ".join(map(str, level)) + "]" for level in levels) + ">"


def finish(value, shape, element="f32"):
    results.append(value)
    types.append(tensor(shape, element))


def decode(value, type_, shape):
    """Codes as their values; floats as they are."""
    if "!lp." in type_:
        v = f"%{name()}"
        free = structure([["*"] * len(shape)])
        lines.append(f"{v} = lp.dequantize {value} scales() {{scale = {free}}} : {type_} -> {tensor(shape, 'f32')}")
        return finish(v, shape)
    finish(value, shape, "f16" if "f16" in type_ else "f32")


def scale_type(shape, element):
    return tensor(shape, element if element in ("f32", "f16") else f"!lp.{element}")


def block_scale(x, shape, fmt, levels, elements, rule, outer=None, zero=None):
    """The scales of the levels that are not given, with their types."""
    made = [(f"%{name()}", scale_type(grid(shape, b), e)) for b, e in zip(levels, elements)]
    head, tail = ", ".join(v for v, _ in made), ", ".join(t for _, t in made)
    if zero:
        z = (f"%{name()}", scale_type(grid(shape, levels[0]), zero))
        head, tail = f"{head}, {z[0]}", f"{tail} zero_point {z[1]}"
    given = f" outer({outer[0]} : {outer[1]})" if outer else ""
    lines.append(f"{head} = lp.block_scale {x}{given} {{format = !lp.{fmt}, scale = {structure(levels)}, "
                 f"rule = #lp.scale_rule<{rule}>}} : {tensor(shape, 'f32')} -> {tail}")
    return made + ([z] if zero else [])


def quantize(x, shape, fmt, scales, levels, negative=None, zero=None, attrs=""):
    v, t = f"%{name()}", tensor(shape, f"!lp.{fmt}")
    listed = lambda word, ops: f" {word}({', '.join(o for o, _ in ops)} : {', '.join(y for _, y in ops)})"
    text = f"{v} = lp.quantize {x} scales({', '.join(s for s, _ in scales)})"
    text += listed("negative_scales", negative) if negative else ""
    text += listed("zero_point", [zero]) if zero else ""
    text += f" {{scale = {structure(levels)}{attrs}}} : {tensor(shape, 'f32')}"
    text += f", ({', '.join(y for _, y in scales)})" if scales else ""
    lines.append(f"{text} -> {t}")
    return v, t


def dequantize(c, shape, scales, levels, negative=None, zero=None, offsets=None, offset_levels=None, result="f32"):
    v = f"%{name()}"
    listed = lambda word, ops: f" {word}({', '.join(o for o, _ in ops)} : {', '.join(y for _, y in ops)})"
    text = f"{v} = lp.dequantize {c[0]} scales({', '.join(s for s, _ in scales)})"
    text += listed("negative_scales", negative) if negative else ""
    text += listed("zero_point", [zero]) if zero else ""
    text += listed("offsets", offsets) if offsets else ""
    text += f" {{scale = {structure(levels)}" + (f", offset = {structure(offset_levels)}" if offsets else "") + "}"
    text += f" : {c[1]}" + (f", ({', '.join(y for _, y in scales)})" if scales else "")
    lines.append(f"{text} -> {tensor(shape, result)}")
    finish(v, shape, result)


ROWS = [None, K]


def scales_of_blocks():
    rows, groups, tiles, whole = ["1", "*"], ["1", 16], [4, 8], ["*", "*"]
    rows, groups = [1, "*"], [1, 16]
    one = [("absmax", "int8", "f32"), ("absmax", "int4", "e4m3"), ("absmax", "e2m1", "fp16"), ("absmax", "e4m3", "f16")]
    one += [(r, f, "e8m0") for r in ("floor", "ceil", "even", "rceil", "log2", "raise") for f in ("e2m1", "e4m3", "int8", "e3m2")]
    one += [("floor", "int4", "f32"), ("pow2", "e4m3", "f32"), ("even", "e5m2", "fp16"), ("nv", "e2m1", "ue5m3"), ("nv", "int8", "f32")]
    # A largest value below 1 makes scales that are larger than the data, which may be the largest floats.
    one += [(r, "fix8", "e8m0") for r in ("floor", "ceil", "even", "rceil", "log2", "raise", "pow2", "rceil", "log2", "pow2")]
    one += [("absmax", "fix8", "f32")] * 2 + [("nv", "fix8", "f32")] * 2
    # Scales that are too small or too large for their format.
    one += [("absmax", e, s) for s in ("fp16", "f16") for e in ("e4m3", "int8")] + [("rceil", "int8", "e4m3"), ("floor", "e4m3", "f16")]
    for i, (rule, fmt, element) in enumerate(one):
        level = (rows, groups, tiles, whole)[i % 4]
        made = block_scale("%x", ROWS, fmt, [level], [element], rule)
        decode(*made[0], grid(ROWS, level))
        c = quantize("%x", ROWS, fmt, made, [level])
        dequantize(c, ROWS, made, [level])
    for zero in ("uint4", "f32"):
        for level, element in ((groups, "f32"), (tiles, "fp16"), (rows, "fp16"), (rows, "f16"), (rows, "f32")):
            s, z = block_scale("%x", ROWS, "uint4", [level], [element], "minmax", zero=zero)
            decode(*z, grid(ROWS, level))
            order = ", order = #lp.zero_point_order<before_rounding>" if zero == "f32" else ""
            c = quantize("%x", ROWS, "uint4", [s], [level], zero=z, attrs=order)
            dequantize(c, ROWS, [s], [level], zero=z)
            dequantize(c, ROWS, [s], [level], zero=z, result="f16")
    for x in ("%x", "%tame"):
        for rule in ("nv", "nv_divide", "absmax"):
            for fmt, level in (("e2m1", whole), ("int4", rows)):
                made = block_scale(x, ROWS, fmt, [groups, level], ["e4m3", "f32"], rule)
                for (v, t), block in zip(made, (groups, level)):
                    decode(v, t, grid(ROWS, block))
                c = quantize(x, ROWS, fmt, made, [groups, level], attrs=", reciprocal")
                dequantize(c, ROWS, made, [groups, level])
            outer = floats([1, 1], 0.001, 0.002)
            made = block_scale(x, ROWS, "e2m1", [tiles, whole], ["e4m3"], rule, outer=outer)
            decode(*made[0], grid(ROWS, tiles))


def conversions():
    groups = [1, 16]
    s, n = floats([1, 5], 0.05, 0.2), floats([1, 5], 0.01, 0.05)
    level = ["*", 16]
    for fmt in ("int4", "e2m1", "e4m3"):
        c = quantize("%x", ROWS, fmt, [s], [level], negative=[n])
        dequantize(c, ROWS, [s], [level], negative=[n])
        dequantize(c, ROWS, [s], [level], negative=[n], result="f16")
        dequantize(quantize("%x", ROWS, fmt, [s], [level], attrs=", reciprocal"), ROWS, [s], [level])
    before = ", order = #lp.zero_point_order<before_rounding>"
    z = floats([1, 5], -3, 9)
    for fmt in ("uint4", "e3m2"):
        dequantize(quantize("%x", ROWS, fmt, [s], [level], zero=z, attrs=before), ROWS, [s], [level], zero=z)
    for word in ("stochastic", "stochastic_fast", "stochastic_even"):
        for fmt, bits in (("int8", 3), ("e2m1", 8), ("e4m3", 32), ("uint4", 1)):
            attrs = f", rounding = #lp.rounding<{word}>, seed = 12345678901, random_bits = {bits} : i32"
            dequantize(quantize("%tame", ROWS, fmt, [s], [level], attrs=attrs), ROWS, [s], [level])
    zero = codes("uint4", [1, 5])
    attrs = ", rounding = #lp.rounding<stochastic>, seed = -7"
    dequantize(quantize("%tame", ROWS, "uint4", [s], [level], zero=zero, attrs=attrs), ROWS, [s], [level], zero=zero)
    # gguf's super-blocks: integer scales and offsets below scales in fp16.
    inner, outer = [16, 1], [48, 1]
    w, shape = codes("uint4", [K, N]), [K, N]
    scales = [codes("uint6", grid(shape, inner)), codes("fp16", grid(shape, outer), 0x1000, 0x3C00)]
    offsets = [codes("uint6", grid(shape, inner)), codes("fp16", grid(shape, outer), 0x9000, 0xBC00)]
    for result in ("f32", "f16", "f64"):
        dequantize(w, shape, scales, [inner, outer], offsets=offsets, offset_levels=[inner, outer], result=result)
    real = floats(shape, -1, 1)
    dequantize(real, shape, scales, [inner, outer], offsets=offsets[1:], offset_levels=[outer])


def lookups():
    shape = [4, 3, 5]
    c = codes("uint3", shape)
    for axes in ([], [0], [2], [0, 2], [2, 0], [0, 1, 2]):
        for element in ("f32", "fp16", "int4"):
            size = [shape[a] for a in axes] + [8]
            t = floats(size, -1, 1) if element == "f32" else codes(element, size)
            v, y = f"%{name()}", scale_type(shape, element)
            where = f" axes {axes}" if axes else ""
            lines.append(f"{v} = lp.lookup {c[0]} table({t[0]} : {t[1]}){where} : {c[1]} -> {y}")
            decode(v, y, shape)
    # A function of a code that is made at run time.
    q = quantize("%tame", ROWS, "int8", [floats([1, 1], 0.02, 0.03)], [["*", "*"]])
    table = codes("int8", [256])
    v, y = f"%{name()}", tensor(ROWS, "!lp.int8")
    lines.append(f"{v} = lp.lookup {q[0]} table({table[0]} : {table[1]}) : {q[1]} -> {y}")
    decode(v, y, ROWS)


def matmul(act, lhs, weight, rhs, scale=None, zeros=False):
    s = block_scale("%tame", ROWS, act, [lhs], ["f32"], "minmax" if zeros else "absmax", zero=act if zeros else None)
    q = quantize("%tame", ROWS, act, s[:1], [lhs], zero=s[1] if zeros else None)
    w = codes(weight, [K, N])
    ws = scale or floats(grid([K, N], rhs), 0.01, 0.1)
    operands = [q, s[0]] + ([s[1]] if zeros else []) + [w, ws]
    left = f"{q[0]} scale {s[0][0]}" + (f" zero_point {s[1][0]}" if zeros else "")
    right = f"{w[0]} scale {ws[0]}"
    if zeros:
        wz = codes(weight, grid([K, N], rhs))
        operands.append(wz)
        right += f" zero_point {wz[0]}"
    v = f"%{name()}"
    lines.append(f"{v} = lp.matmul {left}, {right} {{lhs_block = {structure([lhs])}, rhs_block = {structure([rhs])}, "
                 f"accumulator = #lp.acc<f32_grouped>}} : ({', '.join(t for _, t in operands)}) -> {tensor([None, N], 'f32')}")
    finish(v, [None, N])


def products():
    for lhs, rhs in (([1, 24], [36, 1]), ([1, 32], [16, 1]), ([1, 16], [32, 1]), ([1, 100], [30, 1]), ([1, "*"], [32, 8]),
                     ([4, 25], [32, 4]), ([1, 128], ["*", "*"]), ([1, 7], ["*", 3])):  # fmt: skip
        matmul("int8", lhs, "int4", rhs)
        matmul("e2m1", lhs, "e2m1", rhs)
    matmul("uint8", [1, 24], "uint4", [36, 1], zeros=True)
    # The whole scale from codes and a scale of the tensor, at run time.
    inner, outer = codes("e4m3", grid([K, N], [16, 1]), 0, 0x7F), ("%scale", "tensor<1x1xf32>")
    v, shape = f"%{name()}", grid([K, N], [16, 1])
    lines.append(f"{v} = lp.dequantize {inner[0]} scales({outer[0]}) {{scale = {structure([['*', '*']])}}} : "
                 f"{inner[1]}, ({outer[1]}) -> {tensor(shape, 'f32')}")
    matmul("e2m1", [1, 16], "e2m1", [16, 1], scale=(v, tensor(shape, "f32")))
    matmul("int8", [1, "*"], "int4", [16, 1], scale=(v, tensor(shape, "f32")))


def special():
    x = rng.standard_normal((13, K)).astype(numpy.float32) * numpy.exp(rng.normal(0, 2, (13, 1))).astype(numpy.float32)
    x[1] = 0
    x[2, ::3] = -0.0
    x[3] *= 1e-38
    x[3, 40:] = 1e-45
    x[4] *= 1e38
    x[5, 20] = numpy.nan
    x[6, 33] = numpy.inf
    x[7, 34] = -numpy.inf
    x[8] = numpy.float32(2.0) ** rng.integers(-20, 20, K)
    x[9] = rng.choice(numpy.float32([0, 0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5, 6, -6, -0.25, 448, 464]), K)
    x[10] = 448 + rng.choice([0, 1, 32], K)
    x[11] *= numpy.float32(2e-8) / numpy.abs(x[11]).max()
    x[12] *= numpy.float32(3e38) / numpy.abs(x[12]).max()
    x[12, ::7] = numpy.finfo(numpy.float32).max
    x[12, 1::7] = -numpy.finfo(numpy.float32).max
    return x


def main():
    scales_of_blocks()
    conversions()
    lookups()
    products()
    names = ", ".join(f'{t} {{onnx.name = "y{i}"}}' for i, t in enumerate(types))
    rows = 'tensor<?x75xf32> {nn.dims = ["rows", ""], onnx.name = '
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(f'func.func @main(%x: {rows}"x"}}, %tame: {rows}"tame"}}, '
                   f'%scale: tensor<1x1xf32> {{onnx.name = "scale"}}) -> ({names}) {{\n')
        file.write("".join(f"  {line}\n" for line in lines))
        file.write(f"  return {', '.join(results)} : {', '.join(types)}\n}}\n")
        file.write("{-#\n  dialect_resources: {\n    builtin: {\n      " + ",\n      ".join(blobs) + "\n    }\n  }\n#-}\n")
    tame = rng.standard_normal((13, K)).astype(numpy.float32)
    tame[4] = 0
    numpy.savez(sys.argv[2], x=special(), tame=tame, scale=numpy.float32([[0.0371]]))


if __name__ == "__main__":
    main()
