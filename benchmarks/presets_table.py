#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures kjv_llama's perplexity over all presets, and writes the tables into docs/Accuracy.md.

usage: benchmarks/presets_table.py [--lpc build/release/bin/lpc] [--models ../shared/models] [--windows 60] [--only REGEX]

First every preset and the structures without a name as the format of weights, activations in float; then activations of
at most 8 bits, weights in float and in the same format where weights take it. Perplexity is that of the first windows of
kjv_valid.txt. The sizes are those of the .so. What cannot be compiled is in the table with the reason.
"""
import argparse
import json
import os
import re
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BEGIN, END = "<!-- begin: benchmarks/presets_table.py -->", "<!-- end: benchmarks/presets_table.py -->"

# Structures that have no preset, one of each kind.
WEIGHTS = [
    "int8/channel", "int4/g128", "uint4/g32/asym", "uint4/g32/asym:float", "uint4/g32/offset", "int4/g64/posneg", "int4/g32:e4m3",
    "e4m3/channel", "e4m3/128x128", "e4m3/128x128@pow2", "hif8/channel", "posit8/channel", "lns8/channel", "fp4/g64",
    "ternary/channel", "mxfp4@even", "mxfp4@rceil", "mxfp4@mse", "nvfp4@four_over_six", "nvfp4@mse",
]  # fmt: skip
ACTIVATIONS = [
    "int8/token", "uint8/token/asym", "uint8/token/asym:float", "int4/token", "int4/g32", "e4m3/token", "e4m3/g128",
    "e4m3/g128@pow2", "e5m2/token", "hif8/token", "posit8/token", "lns8/token", "e2m1/token", "mxfp4@rceil",
]  # fmt: skip

def run(command):
    """Standard output, or nothing and the last line of the error."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return done.stdout, ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return None, re.sub(r"^error: ", "", lines[-1]) if lines else f"exit code {done.returncode}"


class Bench:
    def __init__(self, args, folder):
        self.args, self.so = args, os.path.join(folder, "m.so")
        self.base = None

    def names(self):
        """The presets that `lpc formats` lists."""
        out, why = run([self.args.lpc, "formats", "--json"])
        if out is None:
            raise SystemExit(f"cannot list the presets: {why}")
        return [preset["name"] for preset in json.loads(out)["presets"]]

    def cells(self, weights, activations):
        model = os.path.join(self.args.models, "kjv_llama.onnx")
        command = [self.args.lpc, "compile", "--quiet", model, "-o", self.so]
        command += ["--weights", weights] if weights else []
        command += ["--activations", activations] if activations else []
        out, why = run(command)
        if out is None:
            return f"refused: {why}", ""
        size = os.path.getsize(self.so)
        text = os.path.join(self.args.models, "kjv_valid.txt")
        out, why = run([self.args.lpc, "eval", self.so, "--text", text, "--window", "256", "--windows", str(self.args.windows)])
        found = out and re.search(r"^perplexity ([\d.]+)$", out, re.M)
        if not found:
            return f"fails: {why}", ""
        value = float(found[1])
        self.base = self.base or value
        change = f" ({(value / self.base - 1) * 100:+.2f} %)" if weights or activations else ""
        return f"{value:.4f}{change}", f"{size / 2**20:.2f} MiB"


def weights_for(activations):
    """Rows of activations are what columns are to weights."""
    return re.sub(r"/token\b", "/channel", activations)


def write(args, tables):
    with open(args.output, encoding="utf-8") as file:
        text = file.read()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    with open(args.output, "w", encoding="utf-8") as file:
        file.write(text[:begin] + "\n\n" + "\n\n".join("\n".join(rows) for rows in tables) + "\n\n" + text[end:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lpc", default=os.path.join(ROOT, "build", "release", "bin", "lpc"))
    parser.add_argument("--models", default=os.path.join(ROOT, os.pardir, "shared", "models"))
    parser.add_argument("--windows", type=int, default=60)
    parser.add_argument("--only", default="", help="regular expression over formats; float is always measured")
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "Accuracy.md"))
    args = parser.parse_args()
    wanted = lambda text: re.search(args.only, text) is not None
    first = ["| weights | perplexity | size |", "|---|---|---|"]
    second = ["| activations | weights in float | weights in the same format |", "|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args, folder)
        presets = bench.names()
        for weights in [""] + presets + WEIGHTS:
            if weights and not wanted(weights):
                continue
            first.append(f"| {weights or 'float'} | {' | '.join(bench.cells(weights, ''))} |")
            print(first[-1], flush=True)
            write(args, [first, second])
        for activations in presets + ACTIVATIONS:
            if not wanted(activations):
                continue
            alone, _ = bench.cells("", activations)
            if alone.startswith("refused"):
                continue  # a format for weights only
            both, _ = bench.cells(weights_for(activations), activations)
            second.append(f"| {activations} | {alone} | {both} |")
            print(second[-1], flush=True)
            write(args, [first, second])


if __name__ == "__main__":
    main()
