#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures what rotations do for narrow weights and activations, and writes the table into docs/Accuracy.md.

usage: benchmarks/rotation_table.py [--bin build/release/bin] [--models ../shared/models] [--windows 60] [--seeds 0 1 2]
                                    [--only REGEX] [--output docs/Accuracy.md]

kjv_llama_outliers in each format, weights and activations alike, rounded to nearest, as it is and behind each chain of passes.
Perplexity of the first windows of kjv_valid.txt beside float's. With several seeds: the median, then least and greatest.
"""
import argparse
import os
import re
import statistics
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BEGIN, END = "<!-- begin: benchmarks/rotation_table.py -->", "<!-- end: benchmarks/rotation_table.py -->"
FORMATS = [("int8/channel", "int8/token"), ("int4/channel", "int4/token"), ("mxfp4", "mxfp4"), ("nvfp4", "nvfp4")]
FOLD = "lpc-fold-norm-gains,lpc-rotate-axes{{seed={0}}}"
ROWS = [
    ("none", "", False),
    ("R1, R2", FOLD, True),
    ("R1, R2, R4", FOLD + ",lpc-rotate-online{{seed={0}}}", True),
    ("R1, R2, R4 as 64 x 11", FOLD + ",lpc-rotate-online{{matrix=kronecker seed={0}}}", True),
    ("R1, R2, R3, R4", FOLD + ",lpc-rotate-online{{sites=all seed={0}}}", True),
    ("gains folded", "lpc-fold-norm-gains", False),
    ("gains folded, blocks of 16", "lpc-fold-norm-gains,lpc-rotate-blocks{{block=16}}", False),
    ("gains folded, blocks of 32", "lpc-fold-norm-gains,lpc-rotate-blocks{{block=32}}", False),
    ("gains folded, blocks of 64", "lpc-fold-norm-gains,lpc-rotate-blocks{{block=64}}", False),
]  # fmt: skip


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


class Bench:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.tool = lambda name: os.path.join(args.bin, name)
        source, self.raised = os.path.join(folder, "source.mlir"), os.path.join(folder, "raised.mlir")
        model = os.path.join(args.models, "kjv_llama_outliers.onnx")
        run([self.tool("lpc"), "compile", "--quiet", model, "--emit", "nn", "-o", source])
        run([self.tool("lpc-opt"), source, "--cse", "--nn-raise-idioms", "-o", self.raised])
        self.base = self.perplexity(self.raised)

    def rewritten(self, steps):
        path = os.path.join(self.folder, "rewritten.mlir")
        pipeline = f"builtin.module({f'func.func({steps}),' if steps else ''}lpc-fold-constants,canonicalize)"
        run([self.tool("lpc-opt"), self.raised, f"--pass-pipeline={pipeline}", "-o", path])
        return path

    def perplexity(self, module, weights="", activations=""):
        so = os.path.join(self.folder, "m.so")
        command = [self.tool("lpc"), "compile", "--quiet", module, "-o", so]
        command += ["--weights", weights, "--activations", activations] if weights else []
        run(command)
        text = os.path.join(self.args.models, "kjv_valid.txt")
        out = run([self.tool("lpc"), "eval", so, "--text", text, "--window", "256", "--windows", str(self.args.windows)])
        return float(re.search(r"^perplexity ([\d.]+)$", out, re.M)[1])

    def row(self, name, steps, seeded):
        losses = {formats: [] for formats in FORMATS}
        for seed in self.args.seeds if seeded else self.args.seeds[:1]:
            module = self.rewritten(steps.format(seed))
            for formats in FORMATS:
                losses[formats].append((self.perplexity(module, *formats) / self.base - 1) * 100)
                print(f"{name} seed {seed} {formats[0]}: {losses[formats][-1]:+.2f} %", flush=True)
        return f"| {name} | " + " | ".join(self.cell(losses[formats]) for formats in FORMATS) + " |"

    @staticmethod
    def cell(values):
        spread = f" ({min(values):+.2f} to {max(values):+.2f})" if len(values) > 1 else ""
        return f"{statistics.median(values):+.2f} %{spread}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"))
    parser.add_argument("--models", default=os.path.join(ROOT, os.pardir, "shared", "models"))
    parser.add_argument("--windows", type=int, default=60)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", default="", help="regular expression over rows; the table is then printed only")
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "Accuracy.md"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args, folder)
        table = ["| rotations | " + " | ".join(w if w == a else f"{w} x {a}" for w, a in FORMATS) + " |",
                 "|---|" + "---|" * len(FORMATS)]
        for name, steps, seeded in ROWS:
            if re.search(args.only, name):
                table.append(bench.row(name, steps, seeded))
                print(table[-1], flush=True)
    if args.only:
        return
    with open(args.output, encoding="utf-8") as file:
        text = file.read()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    with open(args.output, "w", encoding="utf-8") as file:
        file.write(text[:begin] + "\n\n" + "\n".join(table) + "\n\n" + text[end:])


if __name__ == "__main__":
    main()
