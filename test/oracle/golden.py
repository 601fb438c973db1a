#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the files of test/unit/Numerics/Golden with software written by others, or compares them with it.

usage: golden.py [--check] [FOLDER]

Needs two packages of PyPI that the other tests do not: `pip install softposit==0.3.4.4 en_dtypes==0.0.4`. Inputs are every
value of a format, the means of neighbours (arithmetic and geometric), the double and float32 numbers around all of them,
zero, and numbers beyond the ends; of the posits a sample. Nothing of lpc takes part.
"""
import argparse
import math
import os
import struct
import sys

import en_dtypes
import numpy as np
import softposit

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "unit", "Numerics", "Golden")
LICENCE = "# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n"
SAMPLE = 400


def around(values):
    values = sorted(v for v in set(values) if math.isfinite(v))
    points = set(values) | {0.0, values[-1] * 1.5, values[0] * 1.5, values[-1] * 2, values[0] * 2, 1e-30, -1e-30, 1e30, -1e30}
    for low, high in zip(values, values[1:]):
        points.add(low / 2 + high / 2)
        if low * high > 0:
            points.add(math.copysign(math.sqrt(low) * math.sqrt(high) if low > 0 else math.sqrt(-low) * math.sqrt(-high), low))
    out = set()
    for p in points:
        near = np.float32(p)
        out |= {p, math.nextafter(p, math.inf), math.nextafter(p, -math.inf), float(near)}
        out |= {float(np.nextafter(near, np.float32(to))) for to in (np.inf, -np.inf)}
    return sorted(out)


def lines(name, numbers, codes, digits):
    return "".join(f"{name} {struct.pack('>d', x).hex()} {c:0{digits}x}\n" for x, c in zip(numbers, codes))


def hifloat8():
    table = np.arange(256, dtype=np.uint8).view(en_dtypes.hifloat8).astype(np.float32)
    x = np.unique(np.array(around(table.astype(float).tolist())).astype(np.float32))
    codes = x.astype(en_dtypes.hifloat8).view(np.uint8)
    head = ("# HiFloat8 by en_dtypes 0.0.4 (PyPI): numpy float32 to en_dtypes.hifloat8, overflow to infinity. Every value, the means of\n"
            "# neighbours and their float32 neighbours; made by test/oracle/golden.py. Lines: format, double bits, code (hex).\n")
    return LICENCE + head + lines("hif8", x.astype(float), codes, 2)


def posits():
    # SoftPosit's 8 and 16 bits have es = 0 and 1; PX2 has es = 2 and any width, its codes in the high bits of 32.
    def px2(width):
        number = softposit.posit_2_t()
        number.x = width

        def value(code):
            number.v = code << (32 - width)
            return softposit.convertPX2ToDouble(number)

        return width, value, lambda x: softposit.convertDoubleToPX2(x, width).v >> (32 - width)

    def fixed(kind, to_double, from_double, width):
        number = kind()

        def value(code):
            number.v = code
            return to_double(number)

        return width, value, lambda x: from_double(x).v

    formats = {
        "posit8<es=0>": fixed(softposit.posit8_t, softposit.convertP8ToDouble, softposit.convertDoubleToP8, 8),
        "posit16<es=1>": fixed(softposit.posit16_t, softposit.convertP16ToDouble, softposit.convertDoubleToP16, 16),
    }
    formats |= {f"posit{width}": px2(width) for width in (5, 6, 8, 11, 13, 16)}
    rng = np.random.default_rng(1)
    head = ("# Posits by SoftPosit (PyPI softposit 0.3.4.4): convertDoubleToP8, convertDoubleToP16 and, for es = 2, convertDoubleToPX2.\n"
            "# A sample of the values, the means of neighbours and what lies around them; made by test/oracle/golden.py. Lines: format,\n"
            "# double bits, code (hex).\n")
    text = LICENCE + head
    for name, (width, value, encode) in formats.items():
        codes = np.arange(2**width)
        if width > 8:
            codes = np.unique(np.concatenate([codes[:12], codes[-12:]] + [(s := rng.integers(0, 2**width - 1, 60)), s + 1]))
        x = np.array(around([value(int(c)) for c in codes if c != 2 ** (width - 1)]))
        if len(x) > SAMPLE:
            x = x[np.sort(rng.choice(len(x), SAMPLE, replace=False))]
        text += lines(name, x, [encode(float(v)) for v in x], -(-width // 4))
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("folder", nargs="?", default=FOLDER)
    args = parser.parse_args()
    stale = []
    for make in (hifloat8, posits):
        path = os.path.join(args.folder, make.__name__ + ".txt")
        text = make()
        if not args.check:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        elif open(path, encoding="utf-8").read() != text:
            stale.append(path)
        print(f"{path}: {text.count(chr(10)) - text.count('#')} encodings" + (" differ" if path in stale else ""))
    sys.exit(bool(stale))


if __name__ == "__main__":
    main()
