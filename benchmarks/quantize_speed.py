#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures how fast a tensor of f32 is quantized to each preset, in GB of input per second.

usage: benchmarks/quantize_speed.py [--dump build/release/unit/lpc-block-dump] [--gigabytes 1] [--threads 2] [--repeats 3]
                                    [--search-megabytes 32] [-o FILE] [SPEC...]

Two figures: by the clock on the wall, and GB per second of processor time times the number of threads, which is what
the clock would show on a machine that does nothing else. Rules that search get a smaller tensor.
"""
import argparse
import datetime
import os
import platform
import re
import struct
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MORE = ["int8/channel", "int4.narrow/g128", "uint4/g128/asym", "uint4/g32/offset", "int4.narrow/g64/posneg", "e4m3/token", "e4m3/128x128",
        "posit8/g128", "hif8/g128", "lns8/g128", "dint8/g128", "bipolar8/g128", "pot8/g128", "denseshift8/g128", "fix8/g128", "e8m0/g128",
        "posit16/g128", "lns16/g128", "dint16/g128", "bipolar16/g128", "bf16/g128", "fp16/g128", "int16/g128", "posit12/g128",
        "mxfp4@even", "mxfp4@rceil", "nvfp4@four_over_six", "mxfp4@mse", "nvfp4@mse", "int4/g32@mse"]
SEARCHES = ("mse", "four_over_six", "kquant", "kmeans")
COLUMNS = 4096


class Dump:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def presets(self):
        self.send("specs")
        rows = []
        while line := self.process.stdout.readline().decode().strip():
            rows.append(line.split(" ", 1))
        return rows

    def speed(self, spec, threads, repeats, rows):
        self.send(f"speed {spec} {threads} {repeats} {rows} {COLUMNS}")
        out = self.process.stdout
        if struct.unpack("<I", out.read(4))[0]:
            sys.exit(out.readline().decode())
        out.read(8)
        return struct.unpack("<dd", out.read(16))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dump", default=os.path.join(ROOT, "build/release/unit/lpc-block-dump"))
    parser.add_argument("--gigabytes", type=float, default=1)
    parser.add_argument("--search-megabytes", type=float, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("-o", "--output")
    parser.add_argument("specs", nargs="*")
    args = parser.parse_args()
    dump = Dump(args.dump)
    rows = dump.presets()
    specs = [(n, s) for n, s in rows] + [(s, s) for s in MORE]
    if args.specs:
        specs = [(s, s) for s in args.specs]
    # A rule after a preset takes the place of the preset's.
    known = dict(rows)
    specs = [(n, re.sub("@.*", "", known[n.split("@")[0]]) + "@" + n.split("@")[1] if "@" in n and n.split("@")[0] in known else known.get(n, s))
             for n, s in specs]
    lines = ["| format | spelling | MB | GB/s, wall clock | GB/s, processor time |", "|---|---|---|---|---|"]
    print("\n".join(lines))
    for name, spelling in specs:
        search = any(word in name or word in spelling.split("@")[-1] for word in SEARCHES)
        size = args.search_megabytes * 1e6 if search else args.gigabytes * 1e9
        n = max(1, -(-int(size) // (4 * COLUMNS)))
        wall, processor = dump.speed(name, args.threads, args.repeats, n)
        gigabytes = n * COLUMNS * 4e-9
        lines.append(f"| `{name}` | `{spelling}` | {gigabytes * 1000:.0f} | {gigabytes / wall:.2f} | {gigabytes / processor * args.threads:.2f} |")
        print(lines[-1], flush=True)
    if args.output:
        load = os.getloadavg()[1]
        cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.machine())
        head = ["# Speed of quantization", "",
                f"{datetime.date.today()}, {cpu}, {os.cpu_count()} processors, {args.threads} threads, fastest of {args.repeats} runs; "
                f"load average of the last five minutes {load:.1f}.", "", "`benchmarks/quantize_speed.py`. Input is f32; codes take two bytes each here.", ""]
        with open(args.output, "w") as f:
            f.write("\n".join(head + lines) + "\n")


if __name__ == "__main__":
    main()
