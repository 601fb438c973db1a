#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times nn.rotate against a dense product with the same matrix, on one thread.

usage: benchmarks/rotate_speed.py [--lpc build/release/bin/lpc] [--rows 1 256] [--repeat 40]

Prints a table: microseconds for each row (the least of all repeats, rounds of both taken in turn) and their ratio.
"""
import argparse
import os
import subprocess
import tempfile
import time

import numpy

from lpc_model import LpcModel

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Size, order, matrix.
CASES = [(704, 704, 0), (704, 64, 11), (256, 256, 0), (4096, 4096, 0), (11008, 256, 43)]


def module(size, order, matrix):
    """One function rotates, the other one multiplies."""
    t = f"tensor<?x{size}xf32>"
    argument = f'%x: {t} {{onnx.name = "x"}}'
    m = f', %m: tensor<{matrix}x{matrix}xf32> {{onnx.name = "m"}}' if matrix else ""
    operands = f"({t}{f', tensor<{matrix}x{matrix}xf32>' if matrix else ''})"
    rotate = (f"func.func @main({argument}{m}) -> {t} {{\n  %y = nn.rotate %x {'matrix %m' if matrix else ''} "
              f"{{axis = 1 : i64, order = {order} : i64}} : {operands} -> {t}\n  return %y : {t}\n}}\n")
    w = f"tensor<{size}x{size}xf32>"
    dense = (f'func.func @main({argument}, %w: {w} {{onnx.name = "w"}}) -> {t} {{\n  %y = nn.matmul %x, %w : ({t}, {w}) -> {t}\n'
             f"  return %y : {t}\n}}\n")
    return rotate, dense


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lpc", default=os.path.join(ROOT, "build", "release", "bin", "lpc"))
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 256])
    parser.add_argument("--repeat", type=int, default=40)
    args = parser.parse_args()
    rng = numpy.random.default_rng(0)
    print("| size | matrix | " + " | ".join(f"{r} rows: rotate, dense, ratio" for r in args.rows) + " |")
    print("|---|---|" + "---|" * len(args.rows))
    with tempfile.TemporaryDirectory() as folder:
        for size, order, matrix in CASES:
            models = []
            for i, text in enumerate(module(size, order, matrix)):
                path, so = os.path.join(folder, f"{size}-{order}-{i}.mlir"), os.path.join(folder, f"{size}-{order}-{i}.so")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                subprocess.run([args.lpc, "compile", "--quiet", path, "-o", so], check=True)
                models.append(LpcModel(so, threads=1))
            cells = []
            for rows in args.rows:
                x = rng.standard_normal((rows, size)).astype(numpy.float32)
                second = [[rng.standard_normal((matrix, matrix)).astype(numpy.float32)] if matrix else [],
                          [rng.standard_normal((size, size)).astype(numpy.float32)]]  # fmt: skip
                best = [float("inf")] * 2
                for _ in range(args.repeat):
                    for i, model in enumerate(models):
                        begin = time.perf_counter()
                        model.run([x, *second[i]])
                        best[i] = min(best[i], time.perf_counter() - begin)
                us = [b * 1e6 / rows for b in best]
                cells.append(f"{us[0]:.2f}, {us[1]:.2f} µs, {us[1] / us[0]:.1f}")
            name = f"{size // (order * max(matrix, 1))} x " if size != order * max(matrix, 1) else ""
            print(f"| {size} | {name}H {order}{f' x Q {matrix}' if matrix else ''} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
