#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that lpc-opt is a way in: floors round-trip as text, and the chain of named pipelines gives `lpc compile`'s modules.

usage: floors.py MODEL.onnx WORK_FOLDER [--weights W] [--activations A] [--calib-file F] [--rewrite STEPS --calib DATA]

For each floor of `lpc compile --emit`: the text parses and prints as it was; the chain of pipelines in lpc-opt, from what
lpc-translate imports, gives the same text, resources included; and the arrow to the next floor runs from the text alone.
"""
import argparse
import os
import re
import subprocess
import sys


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr[-2000:]}")


def compare(a, b, what):
    with open(a, encoding="utf-8") as left, open(b, encoding="utf-8") as right:
        one, two = left.read().rstrip("\n").split("\n"), right.read().rstrip("\n").split("\n")
    for i, (x, y) in enumerate(zip(one, two)):
        if x != y:
            at = next((k for k, (c, d) in enumerate(zip(x, y)) if c != d), min(len(x), len(y)))
            begin = max(at - 80, 0)
            sys.exit(f"{what}: line {i + 1} differs at column {at + 1}:\n  {x[begin:at + 80]}\n  {y[begin:at + 80]}")
    if len(one) != len(two):
        sys.exit(f"{what}: {len(one)} and {len(two)} lines")
    print(what, "equal,", len(one), "lines")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("folder")
    parser.add_argument("--rewrite", default="")
    parser.add_argument("--calib", default="")
    for flag in ("weights", "activations", "calib-file"):
        parser.add_argument("--" + flag, default="")
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    at = lambda name: os.path.join(args.folder, name)

    formats, options = [], []
    for flag, option in (("weights", "weights"), ("activations", "activations"), ("calib_file", "calibration")):
        if value := getattr(args, flag):
            formats += ["--" + flag.replace("_", "-"), value]
            options.append(f"{option}={value}")
    rewrites = []
    if args.rewrite:
        formats += ["--rewrite", args.rewrite, *(["--calib", args.calib] if args.calib else [])]
        saved = ["--save-statistics", at("statistics")] if args.calib else []
        run("lpc", "compile", "--quiet", args.model, *formats, *saved, "--emit", "nn", "-o", at("nn.mlir"))
        # The statistics that each step saw.
        steps = re.findall(r"[\w-]+(?:{[^}]*})?", args.rewrite)
        for i, step in enumerate(steps):
            path = at(f"statistics.{i + 1}.npz")
            if os.path.exists(path):
                steps[i] = step.rstrip("}") + (" " if "{" in step else "{") + f"statistics={path}}}"
        rewrites = [f"--lpc-rewrite-pipeline=steps={','.join(steps)}"]
    # (floor, the pipelines that lead to it)
    floors = [
        ("onnx", []),
        ("nn", ["--lpc-onnx-to-nn-pipeline", *rewrites]),
        ("lp", ["--lpc-nn-to-lp-pipeline=" + " ".join(options) if options else "--lpc-nn-to-lp-pipeline"]),
        ("linalg", ["--lpc-lp-to-linalg-pipeline"]),
        ("llvm-dialect", ["--lpc-linalg-to-llvm-pipeline"]),
    ]
    run("lpc-translate", "--import-onnx", "--mlir-print-debuginfo", args.model, "-o", at("import.mlir"))
    chain = []
    for i, (floor, pipeline) in enumerate(floors):
        text = at(floor + ".mlir")
        run("lpc", "compile", "--quiet", args.model, *formats, "--emit", floor, "-o", text)
        # Value names come from locations, which the text leaves out: what is read has numbers.
        run("lpc-opt", text, "-o", at("numbered.mlir"))
        run("lpc-opt", at("numbered.mlir"), "-o", at("again.mlir"))
        compare(at("numbered.mlir"), at("again.mlir"), f"{floor}: round trip")
        if pipeline:
            chain += pipeline
            run("lpc-opt", at(floors[i - 1][0] + ".mlir"), *pipeline, "-o", at("step.mlir"))
            print(f"{floor}: the step from the text of '{floors[i - 1][0]}' runs")
        run("lpc-opt", at("import.mlir"), *chain, "-o", at("named.mlir"))
        run("lpc-opt", at("named.mlir"), "-o", at("chain.mlir"))
        compare(at("numbered.mlir"), at("chain.mlir"), f"{floor}: lpc compile and the chain in lpc-opt")


if __name__ == "__main__":
    main()
