#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Raises idioms, then runs the rewrites one after the other; after each the function must be the same in f64, and at the end the
weights must be others.

usage: equivalence.py LPC_EVAL MODULE.mlir PREFIX [--rotate OPTIONS] [--rotated N] [--layer-norms N]

--rotated: how many constants the rotation changes. --layer-norms: how many layer norms are left.
After the rewrites the constants are rounded to f32 once, and the function may change by 1e-5.
"""
import argparse
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True


def opt(source, target, *flags):
    done = subprocess.run(["lpc-opt", source, *flags, "-o", target], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stderr


def compare(evaluator, one, other, *flags):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "same_function.py")
    done = subprocess.run([sys.executable, script, evaluator, one, other, *flags], capture_output=True, text=True)
    print(f"{os.path.basename(other)}: {done.stdout.strip()}")
    if done.returncode:
        sys.exit(done.stderr)


def count(path, pattern):
    with open(path, encoding="utf-8") as file:
        return sum(len(re.findall(pattern, line)) for line in file if not line.lstrip().startswith(("w", "val")))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evaluator")
    parser.add_argument("module")
    parser.add_argument("prefix")
    parser.add_argument("--rotate", default="")
    parser.add_argument("--rotated", type=int, default=0)
    parser.add_argument("--layer-norms", type=int, default=0)
    args = parser.parse_args()
    raised = args.prefix + ".raised.mlir"
    opt(args.module, raised, "--cse", "--nn-raise-idioms")
    steps = [("gains", "lpc-fold-norm-gains"), ("centered", "lpc-center-streams"),
             ("rotated", f"lpc-rotate-axes{{{args.rotate}}}"), ("rotated-again", "lpc-rotate-axes{seed=7 matrix=random}")]
    last = raised
    for name, step in steps:
        target = f"{args.prefix}.{name}.mlir"
        notes = opt(last, target, f"--pass-pipeline=builtin.module(func.func({step}))")
        for note in re.findall(r"remark: (.*)", notes):
            print(f"{name}: {note}")
        compare(args.evaluator, raised, target)
        last = target
    # What rotation alone changes: round first, then rotate, and count what is in f64.
    rounded, probe = args.prefix + ".rounded.mlir", args.prefix + ".probe.mlir"
    opt(f"{args.prefix}.centered.mlir", rounded, "--lpc-fold-constants", "--canonicalize")
    opt(rounded, probe, f"--pass-pipeline=builtin.module(func.func(lpc-rotate-axes{{{args.rotate}}}))")
    rotated = count(probe, r"nn\.cast .*xf64>\) -> tensor<")
    left = count(last, r"nn\.layer_norm")
    print(f"{rotated} constants rotated, {left} layer norms left")
    if rotated != args.rotated or left != args.layer_norms:
        sys.exit(f"expected {args.rotated} constants and {args.layer_norms} layer norms")
    opt(last, rounded, "--lpc-fold-constants", "--canonicalize")
    if count(rounded, r"xf64>"):
        sys.exit("f64 is left after rounding")
    compare(args.evaluator, raised, rounded, "--tolerance", "1e-5")


if __name__ == "__main__":
    main()
