#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs all rewrites that keep the function on random networks, in a random order; after each the function must be the same in f64.

usage: random_rewrites.py LPC_EVAL LPC_AXES PREFIX [--seeds FIRST LAST]

Idioms are raised first. lpc-axes then gives each legal axis class of the raised graph a random transform. Prints how many of the
rewrites changed something. A failure names the seed; the files of its steps stay: PREFIX.<seed>.*.
"""
import argparse
import collections
import os
import random
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import random_graph  # noqa: E402

REWRITES = ["lpc-fold-batch-norms", "lpc-fold-norm-gains", "lpc-center-streams", "lpc-equalize-layers", "lpc-rotate-axes",
            "lpc-rotate-axes{matrix=random seed=3}"]


class Failure(Exception):
    pass


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def same(args, one, other, *flags):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "same_function.py")
    run(sys.executable, script, args.evaluator, one, other, *flags)


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def attempt(args, seed, counts):
    stem = f"{args.prefix}.{seed}"
    kind = random_graph.write(stem + ".onnx", seed)
    run("lpc", "compile", stem + ".onnx", "--emit", "nn", "--quiet", "-o", stem + ".mlir")
    raised = stem + ".raised.mlir"
    run("lpc-opt", stem + ".mlir", "--cse", "--nn-raise-idioms", "-o", raised)
    same(args, stem + ".mlir", raised)
    counts["networks of kind " + kind] += 1
    for op in ("nn.rope", "nn.attention", "nn.rms_norm", "nn.layer_norm"):
        counts["ops raised to " + op] += len(re.findall(re.escape(op) + r"\b", text_of(raised)))
    run(args.axes, raised)
    last, order = raised, random.Random(seed).sample(REWRITES, len(REWRITES))
    for i, step in enumerate(order):
        target = f"{stem}.{i}.mlir"
        run("lpc-opt", last, f"--pass-pipeline=builtin.module(func.func({step}))", "-o", target)
        same(args, raised, target)
        counts["graphs changed by " + step] += text_of(target) != text_of(last)
        last = target
    rounded = stem + ".rounded.mlir"
    run("lpc-opt", last, "--lpc-fold-constants", "--canonicalize", "-o", rounded)
    same(args, raised, rounded, "--tolerance", "1e-4")
    for name in os.listdir(os.path.dirname(stem) or "."):
        if name.startswith(os.path.basename(stem) + "."):
            os.remove(os.path.join(os.path.dirname(stem), name))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evaluator")
    parser.add_argument("axes")
    parser.add_argument("prefix")
    parser.add_argument("--seeds", type=int, nargs=2, default=[0, 7])
    args = parser.parse_args()
    counts, failed = collections.Counter(), 0
    for seed in range(args.seeds[0], args.seeds[1] + 1):
        try:
            attempt(args, seed, counts)
        except Failure as failure:
            failed += 1
            print(f"seed {seed}: {failure}", file=sys.stderr)
    for name, value in sorted(counts.items()):
        print(f"{name}: {value}")
    sys.exit(f"{failed} of {args.seeds[1] + 1 - args.seeds[0]} networks failed" if failed else 0)


if __name__ == "__main__":
    main()
