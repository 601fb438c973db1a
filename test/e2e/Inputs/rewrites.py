#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rewrites a model with `lpc compile --rewrite`; the function must be the same in f64, and constants must have changed.

usage: rewrites.py LPC_EVAL MODEL PREFIX STEPS --changed N [--calib DATA] [--window N] [--samples N] [--tolerance 1e-10]

Without --calib a step that reads statistics gets random tokens for every input. --changed: how many constants of the rewritten
module are in f64.
"""
import argparse
import os
import re
import subprocess
import sys

import numpy

sys.dont_write_bytecode = True


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("evaluator", "model", "prefix", "steps"):
        parser.add_argument(name)
    parser.add_argument("--changed", type=int, required=True)
    parser.add_argument("--calib", default="")
    parser.add_argument("--window", default="")
    parser.add_argument("--samples", default="32")
    parser.add_argument("--tolerance", default="1e-10")
    args = parser.parse_args()
    plain, raised, rewritten = (f"{args.prefix}.{name}.mlir" for name in ("plain", "raised", "rewritten"))
    run("lpc", "compile", "--quiet", args.model, "--emit", "nn", "-o", plain)
    run("lpc-opt", plain, "--cse", "--nn-raise-idioms", "-o", raised)
    calib = args.calib
    if not calib:
        calib = args.prefix + ".ids.npy"
        numpy.save(calib, numpy.random.default_rng(5).integers(0, 12, (32, 5)))
        calib += ":input0"
    command = ["lpc", "compile", "--quiet", args.model, "--rewrite", args.steps, "--emit", "nn", "-o", rewritten]
    if re.search("smooth|awq|outlier-tune", args.steps):
        command += ["--calib", calib, "--calib-samples", args.samples] + (["--window", args.window] if args.window else [])
    for line in run(*command).stderr.splitlines():
        print(line)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "same_function.py")
    print(run(sys.executable, script, args.evaluator, raised, rewritten, "--tolerance", args.tolerance).stdout.strip())
    with open(rewritten, encoding="utf-8") as file:
        changed = sum(len(re.findall(r"nn\.cast .*xf64>\) -> tensor<", line)) for line in file)
    if changed != args.changed:
        sys.exit(f"{changed} constants changed, but expected {args.changed}")


if __name__ == "__main__":
    main()
