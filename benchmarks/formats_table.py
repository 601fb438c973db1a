#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures accuracy over weight formats, with and without int8 activations, and writes the table into docs/Accuracy.md.

usage: benchmarks/formats_table.py [--lpc build/release/bin/lpc] [--models ../shared/models] [--windows 60] [--only REGEX]

digits_*: correct images of 540, activations static (min-max over calib_x). kjv_llama: perplexity on the first windows of
kjv_valid.txt, activations per token. Sizes are those of the .so. A format that cannot be compiled is named in the table.
"""
import argparse
import os
import re
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ELEMENTS = ["int8", "int7", "int6", "int5", "int4", "int3", "int2", "e2m1", "e2m3", "e3m2", "e4m3", "e5m2"]
BEGIN, END = "<!-- begin: benchmarks/formats_table.py -->", "<!-- end: benchmarks/formats_table.py -->"
DIGITS = ["digits_resnet", "digits_vit", "digits_mlp"]


def call(command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


class Bench:
    def __init__(self, args, folder):
        self.args, self.so = args, os.path.join(folder, "m.so")
        self.folder, self.calibrated = folder, {}

    def path(self, name):
        return os.path.join(self.args.models, name)

    def compile(self, model, weights, activations):
        command = [self.args.lpc, "compile", "--quiet", self.path(model + ".onnx"), "-o", self.so]
        if weights:
            command += ["--weights", weights]
        if activations:
            command += ["--activations", activations]
            if "/" not in activations:
                statistics = os.path.join(self.folder, model + ".json")
                if model in self.calibrated:
                    command += ["--calib-file", statistics]
                else:
                    command += ["--calib", self.path("digits.npz") + ":x=calib_x", "--save-calib", statistics]
        if call(command) is None:
            return None
        if activations and "/" not in activations:
            self.calibrated[model] = True
        return os.path.getsize(self.so)

    def digits(self, model, weights, activations):
        size = self.compile(model, weights, "int8" if activations else "")
        if size is None:
            return "fails"
        out = call([self.args.lpc, "eval", self.so, "--data", self.path("digits.npz"), "--input", "x=test_x", "--labels", "test_y"])
        found = out and re.search(r"^(\d+) of", out, re.M)
        return f"{found[1]} ({size / 1024:.0f} KiB)" if found else "fails"

    def llama(self, weights, activations, base):
        size = self.compile("kjv_llama", weights, "int8/token" if activations else "")
        if size is None:
            return "fails", None
        out = call([self.args.lpc, "eval", self.so, "--text", self.path("kjv_valid.txt"), "--window", "256",
                    "--windows", str(self.args.windows)])  # fmt: skip
        found = out and re.search(r"^perplexity ([\d.]+)$", out, re.M)
        if not found:
            return "fails", None
        value = float(found[1])
        change = f", {(value / base - 1) * 100:+.2f} %" if base else ""
        return f"{value:.4f}{change} ({size / 2**20:.2f} MiB)", value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lpc", default=os.path.join(ROOT, "build", "release", "bin", "lpc"))
    parser.add_argument("--models", default=os.path.join(ROOT, os.pardir, "shared", "models"))
    parser.add_argument("--windows", type=int, default=60)
    parser.add_argument("--only", default="", help="regular expression over `weights` and `activations`")
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "Accuracy.md"))
    args = parser.parse_args()
    cases = [("", "")]
    for element in ELEMENTS:
        for structure in ("channel", "g32"):
            cases += [(f"{element}/{structure}", ""), (f"{element}/{structure}", "int8")]
    rows, base = [], None
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args, folder)
        for weights, activations in cases:
            if args.only and weights and not re.search(args.only, f"{weights} {activations}"):
                continue
            cells = [bench.digits(model, weights, activations) for model in DIGITS]
            text, value = bench.llama(weights, activations, base)
            base = base or value
            rows.append(f"| {weights or 'float'} | {activations or 'float'} | {' | '.join(cells)} | {text} |")
            print(rows[-1], flush=True)
            write(args, rows)


def write(args, rows):
    header = [f"| weights | activations | {' | '.join(DIGITS)} | kjv_llama |", "|---" * 6 + "|"]
    with open(args.output, encoding="utf-8") as file:
        text = file.read()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    with open(args.output, "w", encoding="utf-8") as file:
        file.write(text[:begin] + "\n\n" + "\n".join(header + rows) + "\n\n" + text[end:])


if __name__ == "__main__":
    main()
