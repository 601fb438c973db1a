#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures what rewrites gain under narrow formats, and writes the tables into docs/Accuracy.md.

usage: benchmarks/rewrites_table.py [--lpc build/release/bin/lpc] [--models ../shared/models] [--windows 60] [--samples 64]
                                    [--only REGEX] [--recipe NAME=STEPS ...]

Perplexity on the first windows of kjv_valid.txt and its change against float; statistics come from kjv_calib.txt. --only: over
`table model rewrites formats`. --recipe: more rows for the first table, as `name=fold-norm-gains,rotate-axes`. A row whose step
this lpc lacks is left out.
"""
import argparse
import os
import re
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BEGIN, END = "<!-- begin: benchmarks/rewrites_table.py -->", "<!-- end: benchmarks/rewrites_table.py -->"
MODELS = ["kjv_llama_outliers", "kjv_llama"]
ROTATED = "fold-norm-gains,center-streams,rotate-axes"
# name -> steps; a step that is in no pass of this lpc drops the row.
REWRITES = {
    "none": "",
    "smooth": "smooth",
    "R1R2": ROTATED,
    "R1R2, R3R4": ROTATED + ",rotate-online{sites=all}",
    "gains folded, blocks of 32": "fold-norm-gains,rotate-blocks{block=32}",
    "R1R2, smooth": ROTATED + ",smooth",
}
FORMATS = {
    "int8": ("int8/channel", "int8/token"),
    "int4": ("int4/channel", "int4/token"),
    "mxfp4": ("mxfp4", "mxfp4"),
    "nvfp4": ("nvfp4", "nvfp4"),
}
# Weights alone.
SEARCHES = {"none": "", "awq": "awq{format=%s}", "awq, clip": "awq{format=%s clip=true}"}
WEIGHTS = ["int4/g32", "int3/g64", "nvfp4"]


class Bench:
    def __init__(self, args, folder):
        self.args, self.folder, self.rewritten, self.float = args, folder, {}, {}

    def path(self, name):
        return os.path.join(self.args.models, name)

    def lpc(self, *command):
        return subprocess.run([self.args.lpc, *command], capture_output=True, text=True)

    def rewrite(self, model, steps):
        """The module after the steps, made once; None if this lpc lacks one of them."""
        key = (model, steps)
        if key not in self.rewritten:
            target = os.path.join(self.folder, f"{len(self.rewritten)}.mlir")
            data = ["--calib", self.path("kjv_calib.txt") + ":ids", "--window", "256", "--calib-samples", str(self.args.samples)]
            flags = (["--rewrite", steps] if steps else []) + (data if re.search("smooth|awq|outlier", steps) else [])
            done = self.lpc("compile", "--quiet", self.path(model + ".onnx"), *flags, "--emit", "nn", "-o", target)
            if done.returncode and "there is no rewrite" not in done.stderr:
                print(done.stderr, flush=True)
            self.rewritten[key] = None if done.returncode else target
        return self.rewritten[key]

    def perplexity(self, model, steps, weights, activations):
        source = self.rewrite(model, steps)
        if not source:
            return None
        library = os.path.join(self.folder, "m.so")
        flags = [f for name, value in (("--weights", weights), ("--activations", activations)) if value for f in (name, value)]
        done = self.lpc("compile", "--quiet", source, *flags, "-o", library)
        if done.returncode:
            print(done.stderr, flush=True)
            return None
        out = self.lpc("eval", library, "--text", self.path("kjv_valid.txt"), "--window", "256", "--windows",
                       str(self.args.windows)).stdout  # fmt: skip
        found = re.search(r"^perplexity ([\d.]+)$", out, re.M)
        return float(found[1]) if found else None

    def cell(self, model, steps, weights, activations, label):
        if self.args.only and not re.search(self.args.only, label):
            return "-"
        if model not in self.float:
            self.float[model] = self.perplexity(model, "", "", "")
        value = self.perplexity(model, steps, weights, activations)
        text = "-" if value is None else f"{value:.4f}, {(value / self.float[model] - 1) * 100:+.2f} %"
        print(label, text, flush=True)
        return text


def write(args, lines):
    with open(args.output, encoding="utf-8") as file:
        text = file.read()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    with open(args.output, "w", encoding="utf-8") as file:
        file.write(text[:begin] + "\n\n" + "\n".join(lines) + "\n\n" + text[end:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lpc", default=os.path.join(ROOT, "build", "release", "bin", "lpc"))
    parser.add_argument("--models", default=os.path.join(ROOT, os.pardir, "shared", "models"))
    parser.add_argument("--windows", type=int, default=60)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--only", default="")
    parser.add_argument("--recipe", action="append", default=[])
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "Accuracy.md"))
    args = parser.parse_args()
    rewrites = REWRITES | dict(text.split("=", 1) for text in args.recipe)
    lines = [f"| model | rewrites | {' | '.join(FORMATS)} |", "|---|---" + "|---" * len(FORMATS) + "|"]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args, folder)
        for model in MODELS:
            for name, steps in rewrites.items():
                cells = [bench.cell(model, steps, *formats, f"both {model} {name} {label}") for label, formats in FORMATS.items()]
                if any(cell != "-" for cell in cells):
                    lines.append(f"| {model} | {name} | {' | '.join(cells)} |")
                    write(args, lines)
        lines += ["", "Weights alone:", "", f"| model | search | {' | '.join(WEIGHTS)} |", "|---|---" + "|---" * len(WEIGHTS) + "|"]
        for model in MODELS:
            for name, steps in SEARCHES.items():
                cells = [bench.cell(model, steps % weights if steps else "", weights, "", f"weights {model} {name} {weights}")
                         for weights in WEIGHTS]  # fmt: skip
                if any(cell != "-" for cell in cells):
                    lines.append(f"| {model} | {name} | {' | '.join(cells)} |")
                    write(args, lines)


if __name__ == "__main__":
    main()
