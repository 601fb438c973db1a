#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures what scale rules cost: signal to quantization noise in dB of Gaussian and Laplace values.

usage: benchmarks/scale_sqnr.py [--dump build/release/unit/lpc-block-dump] [--blocks 1048576] [--seed 1] [-o FILE]

Each rule quantizes --blocks blocks of 32 elements (twice as many of 16), all independent draws, and decodes them.
"""
import argparse
import math
import os
import struct
import subprocess
import sys

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What the row is, the spec, and what the design guide measured on 4000 blocks (Gaussian, Laplace).
ROWS = [
    ("MX, floor (OCP)", "mxfp4@floor", (18.78, 17.95)),
    ("MX, floor that never clips", "e2m1/g32:e8m0/tensor@floor_fit", (18.59, 17.54)),
    ("MX, least power of two that never clips", "mxfp4@rceil", (18.73, 17.55)),
    ("MX, nearest by ratio", "mxfp4@log2", (18.29, 17.57)),
    ("MX, best of three exponents", "mxfp4@mse", (19.02, 18.21)),
    ("MX, maximum rounded first", "mxfp4@even", None),
    ("MX, ceil", "mxfp4@ceil", None),
    ("group of 32, f32 scale", "e2m1/g32", (19.89, 19.81)),
    ("NV, maximum at 6", "nvfp4", (20.47, 20.70)),
    ("NV, maximum at 6 or 4", "nvfp4@four_over_six", (21.23, 21.21)),
    ("NV, maximum at 6 or 4, limit 256", "nvfp4@four_over_six_256", None),
    ("NV, ten points", "nvfp4@mse", (21.75, 21.63)),
    ("int4 in -7..7, group of 16, f32 scale", "int4.narrow/g16", (21.38, 19.85)),
]
COLUMNS = 4096


def sqnr(process, spec, x, threads):
    line = f"error {spec} {threads} rows 2 {x.shape[0]} {x.shape[1]}\n"
    process.stdin.write(line.encode() + x.tobytes())
    process.stdin.flush()
    if struct.unpack("<I", process.stdout.read(4))[0]:
        sys.exit(process.stdout.readline().decode())
    process.stdout.read(8)
    signal, noise = struct.unpack("<dd", process.stdout.read(16))
    return 10 * math.log10(signal / noise)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dump", default=os.path.join(ROOT, "build/release/unit/lpc-block-dump"))
    parser.add_argument("--blocks", type=int, default=1 << 20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-o", "--output")
    args = parser.parse_args()
    rows = max(1, args.blocks * 32 // COLUMNS)
    rng = np.random.default_rng(args.seed)
    data = [rng.standard_normal((rows, COLUMNS), np.float32), rng.laplace(size=(rows, COLUMNS)).astype(np.float32)]
    process = subprocess.Popen([args.dump], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    lines = [f"SQNR in dB of {rows * COLUMNS // 32} blocks of 32 (twice as many of 16), seed {args.seed}; in brackets the difference to",
             "the figures of the design guide, which are of 4000 blocks.", "",
             "| rule | spec | Gaussian | Laplace |", "|---|---|---|---|"]
    worst = 0.0
    for what, spec, known in ROWS:
        cells = []
        for i, x in enumerate(data):
            value = sqnr(process, spec, x, args.threads)
            cell = f"{value:.2f}"
            if known:
                worst = max(worst, abs(value - known[i]))
                cell += f" ({value - known[i]:+.2f})"
            cells.append(cell)
        lines.append(f"| {what} | `{spec}` | {cells[0]} | {cells[1]} |")
        print(lines[-1], flush=True)
    lines += ["", f"Largest difference: {worst:.2f} dB."]
    print(lines[-1])
    if args.output:
        with open(args.output, "w") as f:
            f.write("\n".join(["# SQNR of scale rules", "", f"`benchmarks/scale_sqnr.py --blocks {args.blocks} --seed {args.seed}`", ""] + lines) + "\n")
    process.stdin.close()


if __name__ == "__main__":
    main()
