#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs two modules of the nn floor in f64 on random inputs and compares their outputs.

usage: same_function.py LPC_EVAL ONE.mlir OTHER.mlir [--tolerance 1e-10] [--differ]

The error is the largest difference over the largest value of an output. Unknown sizes are small primes, one for each name in
nn.dims; integers are token ids below 12. --differ: succeeds if the error is above the tolerance.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

import numpy

DTYPES = {"f32": numpy.float32, "f64": numpy.float64, "i64": numpy.int64}


def signature(path):
    """Sizes and element types of @main's arguments."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if "func.func @main" in line:
                break
    arguments = line.split("->")[0]
    for shape, dims in re.findall(r"%\w+: tensor<([^>]*)>(?: \{[^}]*nn\.dims = \[([^\]]*)\])?", arguments):
        *sizes, element = shape.split("x")
        names = [name.strip().strip('"') for name in dims.split(",")] if dims else [""] * len(sizes)
        yield sizes, names, element


def make_inputs(path, folder):
    rng = numpy.random.default_rng(3)
    primes, known, files = iter([2, 5, 3, 7, 11]), {}, []
    for i, (sizes, names, element) in enumerate(signature(path)):
        shape = []
        for size, name in zip(sizes, names):
            if size == "?":
                shape.append(known.setdefault(name or f"{i}.{len(shape)}", None) or next(primes))
                known[name or f"{i}.{len(shape) - 1}"] = shape[-1]
            else:
                shape.append(int(size))
        integer = element.startswith("i")
        value = rng.integers(0, 12, shape) if integer else rng.standard_normal(shape)
        files.append(os.path.join(folder, f"in{i}.npy"))
        numpy.save(files[-1], value.astype(DTYPES[element]))
    return files


def run(evaluator, module, inputs, prefix):
    subprocess.run([evaluator, module, "--real64", "-o", prefix, *inputs], check=True)
    outputs = []
    while os.path.exists(f"{prefix}{len(outputs)}.npy"):
        outputs.append(numpy.load(f"{prefix}{len(outputs)}.npy"))
    return outputs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evaluator")
    parser.add_argument("one")
    parser.add_argument("other")
    parser.add_argument("--tolerance", type=float, default=1e-10)
    parser.add_argument("--differ", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        inputs = make_inputs(args.one, folder)
        one = run(args.evaluator, args.one, inputs, os.path.join(folder, "a"))
        other = run(args.evaluator, args.other, inputs, os.path.join(folder, "b"))
    if not one or len(one) != len(other):
        sys.exit(f"{len(one)} and {len(other)} outputs")
    worst = 0.0
    for a, b in zip(one, other):
        if a.shape != b.shape or a.dtype != numpy.float64 or not numpy.isfinite(a).all() or not numpy.abs(a).max() > 0:
            sys.exit(f"outputs of {a.dtype} {a.shape} and {b.dtype} {b.shape} cannot be compared")
        worst = max(worst, float(numpy.abs(a - b).max() / numpy.abs(a).max()))
    print(f"largest relative difference {worst:.1e}")
    if (worst > args.tolerance or worst != worst) != args.differ:
        sys.exit(f"{'expected a difference above' if args.differ else 'differs by more than'} {args.tolerance}")


if __name__ == "__main__":
    main()
