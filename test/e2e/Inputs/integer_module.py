#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a module of random integer-only graphs, and inputs that drive them to their ends.

usage: integer_module.py MODULE.mlir INPUTS.npz SEED [GRAPHS]

Operations of all kinds on codes of 1 to 16 bits, every rounding, static and unknown numbers of rows. Accumulators are
int<64>, to be proved. The inputs: rows of the largest codes, of the least, alternating ones, random ones.
"""
import sys

import numpy

rng = numpy.random.default_rng(int(sys.argv[3]))
GRAPHS = int(sys.argv[4]) if len(sys.argv) > 4 else 12
lines, blobs, results = [], [], []
counter = 0


def fresh():
    global counter
    counter += 1
    return f"%v{counter}"


def blob(data, align):
    name = f"b{len(blobs)}"
    blobs.append(f'{name}: "0x{align.to_bytes(4, "little").hex()}{data.hex()}"')
    return f"dense_resource<{name}>"


def integers(values, shape, bits):
    data = numpy.asarray(values, f"<i{bits // 8}").tobytes()
    name, type_ = fresh(), f"tensor<{'x'.join(map(str, shape))}xi{bits}>"
    lines.append(f"{name} = nn.constant {blob(data, 8)} : {type_}")
    return name, type_


def codes(fmt, shape, values=None):
    bits = int("".join(c for c in fmt if c.isdigit()))
    count = int(numpy.prod(shape))
    if values is None:
        # Ends of the range more often than a random code would be.
        ends = rng.random() < 0.3
        values = rng.choice([0, (1 << bits) - 1, 1 << (bits - 1), (1 << (bits - 1)) - 1], count) if ends else \
            rng.integers(0, 1 << bits, count)
    number = 0
    for i, code in enumerate(values):
        number |= int(code) << (i * bits)
    name, type_ = fresh(), f"tensor<{'x'.join(map(str, shape))}x!lp.{fmt}>"
    lines.append(f"{name} = lp.constant {blob(number.to_bytes((count * bits + 7) // 8, 'little'), 1)} : {type_}")
    return name, type_


def bits_of(fmt):
    return int("".join(c for c in fmt if c.isdigit()))


def random_format():
    width = int(rng.integers(1, 17))
    return f"{'u' if width == 1 or rng.random() < 0.4 else ''}int{width}"


class Tensor:
    """Codes [?, columns]."""

    def __init__(self, name, columns, fmt):
        self.name, self.columns, self.fmt = name, columns, fmt

    @property
    def type(self):
        return f"tensor<?x{self.columns}x!lp.{self.fmt}>"


def rescale(name, columns, bits, magnitude, fmt=None):
    """Integers of at most `magnitude` to codes: factors that spread them over the codes, and over the ends."""
    fmt = fmt or random_format()
    channel = rng.random() < 0.5
    shape = (1, columns if channel else 1)
    count = shape[1]
    top = 1 << 15 if rng.random() < 0.3 else 1 << 31
    # Products stay within 62 bits.
    top = min(top, max(2, (1 << 62) // max(magnitude, 1)))
    m = rng.integers(0 if rng.random() < 0.1 else top // 2, top, count)
    target = (1 << bits_of(fmt)) * float(rng.choice([0.5, 1, 8]))
    t = [int(numpy.clip(round(numpy.log2(max(magnitude, 1) * float(x) / target + 1e-9)), 1, 62)) for x in m]
    m, m_type = integers(m, shape, 32)
    t, t_type = integers(t, shape, 8)
    rounding = rng.choice(["single", "double", "half_even"])
    zero = int(rng.integers(-3, 4))
    lo = "" if fmt.startswith("u") or rng.random() < 0.7 else ", lo = 0 : i64"
    out = Tensor(fresh(), columns, fmt)
    lines.append(f"{out.name} = lp.rescale {name}, {m}, {t} {{rounding = #lp.rescale_rounding<{rounding}>, "
                 f"zero_point = {zero} : i64{lo}}} : (tensor<?x{columns}xi{bits}>, {m_type}, {t_type}) -> {out.type}")
    return out


def to_integer(x, bits, zero=0):
    name = fresh()
    lines.append(f"{name} = lp.to_integer {x.name} {{zero_point = {zero} : i64}} : {x.type} -> tensor<?x{x.columns}xi{bits}>")
    return name


def matmul(x):
    n = int(rng.integers(1, 40))
    fmt = random_format()
    w, w_type = codes(fmt, (x.columns, n))
    name = fresh()
    lines.append(f"{name} = lp.matmul {x.name}, {w} {{accumulator = #lp.acc<int<64>>}} : ({x.type}, {w_type}) -> tensor<?x{n}xi64>")
    return rescale(name, n, 64, x.columns << (bits_of(x.fmt) + bits_of(fmt)))


def add(x):
    """x * m1 + y * m2 + b in one scale, y another function of x."""
    y = lookup(x)
    total, magnitude = None, 0
    for side in (x, y):
        wide = to_integer(side, 64, int(rng.integers(-5, 6)))
        factor = int(rng.integers(1, 1 << 24))
        m, m_type = integers([factor], (1, 1), 64)
        product = fresh()
        type_ = f"tensor<?x{x.columns}xi64>"
        lines.append(f"{product} = nn.binary mul {wide}, {m} : ({type_}, {m_type}) -> {type_}")
        magnitude += factor << (bits_of(side.fmt) + 1)
        if total:
            both = fresh()
            lines.append(f"{both} = nn.binary add {total}, {product} : ({type_}, {type_}) -> {type_}")
            product = both
        total = product
    return rescale(total, x.columns, 64, magnitude)


def mul(x):
    y = lookup(x)
    if bits_of(x.fmt) + bits_of(y.fmt) > 29:
        return y
    a, c = to_integer(x, 32, 2), to_integer(y, 32)
    product, type_ = fresh(), f"tensor<?x{x.columns}xi32>"
    lines.append(f"{product} = nn.binary mul {a}, {c} : ({type_}, {type_}) -> {type_}")
    return rescale(product, x.columns, 32, 1 << (bits_of(x.fmt) + bits_of(y.fmt)))


def lookup(x):
    fmt = random_format()
    table, table_type = codes(fmt, (1 << bits_of(x.fmt),))
    y = Tensor(fresh(), x.columns, fmt)
    lines.append(f"{y.name} = lp.lookup {x.name} table({table} : {table_type}) : {x.type} -> {y.type}")
    return y


def softmax(x):
    entries = 1 << bits_of(x.fmt)
    f = int(rng.integers(8, 25))
    e = numpy.round(numpy.exp(-numpy.arange(entries) * float(rng.choice([1e-4, 0.01, 0.3]))) * 2.0**f).astype(numpy.int64)
    table, table_type = integers(e, (entries,), 32)
    width = int(rng.integers(4, 17))
    y = Tensor(fresh(), x.columns, f"uint{width}")
    masked = rng.random() < 0.5
    mask = ""
    if masked:
        bits, bits_type = integers(rng.integers(0, 2, x.columns), (1, x.columns), 32)
        zero, zero_type = integers([0], (1, 1), 32)
        condition, condition_type = fresh(), f"tensor<1x{x.columns}xi1>"
        lines.append(f"{condition} = nn.compare ne {bits}, {zero} : ({bits_type}, {zero_type}) -> {condition_type}")
        mask = f" mask({condition} : {condition_type})"
    lines.append(f"{y.name} = lp.int_softmax {x.name} table({table} : {table_type}){mask} {{axis = 1 : i64, fraction = "
                 f"{int(rng.integers(1, width + 2))} : i64}} : {x.type} -> {y.type}")
    return y


def norm(x):
    if bits_of(x.fmt) > 15:
        return lookup(x)
    m, m_type = integers(rng.integers(-(1 << 31), 1 << 31, x.columns), (x.columns,), 32)
    b, b_type = integers(rng.integers(-(1 << 54), 1 << 54, x.columns), (x.columns,), 64)
    y = Tensor(fresh(), x.columns, random_format())
    kind = rng.choice(["layer", "rms"])
    epsilon = int(rng.choice([1, 1000, 1 << 40]))
    shift = int(55 - min(bits_of(y.fmt), 12))
    lines.append(f"{y.name} = lp.int_norm {x.name}, {m}, {b} {{kind = #lp.norm_kind<{kind}>, epsilon = {epsilon} : i64, "
                 f"shift = {shift} : i64, zero_point = {int(rng.integers(-2, 3))} : i64}} : ({x.type}, {m_type}, {b_type}) -> {y.type}")
    return y


def main():
    inputs = [Tensor("%x", 24, "int8"), Tensor("%y", 17, "int16"), Tensor("%z", 9, "uint8")]
    for _ in range(GRAPHS):
        x = inputs[int(rng.integers(len(inputs)))]
        for _ in range(int(rng.integers(2, 6))):
            x = rng.choice([matmul, add, mul, lookup, softmax, norm])(x)
        # The border has codes of 16 bits.
        result = rescale(to_integer(x, 32), x.columns, 32, 1 << bits_of(x.fmt), "int16")
        results.append(result)
    types = [f"tensor<?x{r.columns}xi16>" for r in results]
    names = ", ".join(f'{t} {{onnx.name = "r{i}"}}' for i, t in enumerate(types))
    # At the border, builtin integers with the bits of the codes.
    builtin = {"int8": "i8", "uint8": "ui8", "int16": "i16"}
    for t in inputs:
        lines.insert(0, f"{t.name} = lp.bitcast {t.name}_in : tensor<?x{t.columns}x{builtin[t.fmt]}> -> {t.type}")
    arguments = ", ".join(f'{t.name}_in: tensor<?x{t.columns}x{builtin[t.fmt]}> {{nn.dims = ["rows", ""], '
                          f'onnx.name = "{t.name[1:]}"}}' for t in inputs)
    for i, r in enumerate(results):
        lines.append(f"%out{i} = lp.bitcast {r.name} : {r.type} -> tensor<?x{r.columns}xi16>")
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(f"func.func @main({arguments}) -> ({names}) {{\n")
        file.write("".join(f"  {line}\n" for line in lines))
        file.write(f"  return {', '.join(f'%out{i}' for i in range(len(types)))} : {', '.join(types)}\n}}\n")
        file.write("{-#\n  dialect_resources: {\n    builtin: {\n      " + ",\n      ".join(blobs) + "\n    }\n  }\n#-}\n")
    data = {}
    for t in inputs:
        dtype = numpy.dtype(t.fmt)
        lo, hi = numpy.iinfo(dtype).min, numpy.iinfo(dtype).max
        rows = rng.integers(lo, hi + 1, (61, t.columns))
        rows[0], rows[1], rows[2, ::2], rows[2, 1::2] = hi, lo, lo, hi
        rows[3:20] = rng.choice([lo, hi], (17, t.columns))
        rows[20] = 0
        data[t.name[1:]] = rows.astype(dtype)
    numpy.savez(sys.argv[2], **data)


main()
