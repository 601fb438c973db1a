#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a rewrite on random convolutional networks, one after the other; each must stay the same function in f64.

usage: cnn_equivalence.py LPC_EVAL PREFIX [--seeds FIRST LAST] [--model FILE.onnx] PASS...

Each PASS is a name with options, as in lpc-fold-batch-norms or "lpc-equalize-layers{clip=keep}"; they run in order. --model: this
file instead of random ones. Prints how many constants and elementwise ops there are after each pass, over all networks, and how
often each remark was made, so that a test can say what has happened.
"""
import argparse
import collections
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from equivalence import compare, count, opt  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evaluator")
    parser.add_argument("prefix")
    parser.add_argument("passes", nargs="+")
    parser.add_argument("--seeds", type=int, nargs=2, default=[0, 9])
    parser.add_argument("--model")
    args = parser.parse_args()
    counts, remarks = collections.Counter(), collections.Counter()
    for seed in [None] if args.model else range(args.seeds[0], args.seeds[1] + 1):
        model, first = args.model or args.prefix + ".onnx", args.prefix + ".mlir"
        if seed is not None:
            script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "random_cnn.py")
            subprocess.run([sys.executable, script, model, "--seed", str(seed)], check=True)
        subprocess.run(["lpc", "compile", model, "--emit", "nn", "-o", first], check=True, capture_output=True)
        last = first
        counts["before: binary ops"] += count(first, r"nn\.binary")
        for i, step in enumerate(args.passes):
            target = f"{args.prefix}.{seed if seed is not None else 'model'}.{i}.mlir"
            notes = opt(last, target, f"--pass-pipeline=builtin.module(func.func({step}))")
            counts[f"{i}: exact constants"] += count(target, r"nn\.cast .*xf64>\) -> tensor<")
            counts[f"{i}: binary ops"] += count(target, r"nn\.binary")
            remarks.update(re.findall(r"remark: (.*)", notes))
            compare(args.evaluator, first, target)
            last = target
        rounded = args.prefix + ".rounded.mlir"
        opt(last, rounded, "--lpc-fold-constants", "--canonicalize")
        compare(args.evaluator, first, rounded, "--tolerance", "1e-5")
    for name, value in sorted(counts.items()):
        print(f"{name}: {value}")
    for text, value in sorted(remarks.items()):
        print(f"{value} x {text}")


if __name__ == "__main__":
    main()
