#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs two modules of the nn floor in f64 on random inputs and compares their outputs.

usage: same_function.py LPC_EVAL ONE.mlir OTHER.mlir [--tolerance 1e-10] [--differ] [--all]

The error is the largest difference over the largest value of an output. Unknown sizes are small primes, one for each name in
nn.dims; integers are token ids below 12, in an argument whose onnx.name ends in "mask" 0 or 1. --differ: succeeds if the error is
above the tolerance. --all: compares every function of the modules, not @main alone.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

import numpy

DTYPES = {"f32": numpy.float32, "f64": numpy.float64, "i64": numpy.int64, "i1": numpy.bool_}


def signature(path):
    """Sizes and element types of @main's arguments."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    arguments = text[text.index("func.func @main"):].split("->")[0]
    for shape, attributes in re.findall(r"%\w+: tensor<([^>]*)>(?: \{([^}]*)\})?", arguments):
        *sizes, element = shape.split("x")
        dims = re.search(r"nn\.dims = \[([^\]]*)\]", attributes)
        names = [name.strip().strip('"') for name in dims[1].split(",")] if dims else [""] * len(sizes)
        yield sizes, names, element, 'mask"' in attributes


def make_inputs(path, folder):
    rng = numpy.random.default_rng(3)
    primes, known, files = iter([2, 5, 3, 7, 11, 13, 17, 19]), {}, []
    for i, (sizes, names, element, is_mask) in enumerate(signature(path)):
        shape = []
        for size, name in zip(sizes, names):
            if size == "?":
                shape.append(known.setdefault(name or f"{i}.{len(shape)}", None) or next(primes))
                known[name or f"{i}.{len(shape) - 1}"] = shape[-1]
            else:
                shape.append(int(size))
        integer = element.startswith("i")
        value = rng.integers(0, 2 if is_mask or element == "i1" else 12, shape) if integer else rng.standard_normal(shape)
        files.append(os.path.join(folder, f"in{i}.npy"))
        numpy.save(files[-1], value.astype(DTYPES[element]))
    return files


def run(evaluator, module, inputs, prefix):
    subprocess.run([evaluator, module, "--real64", "-o", prefix, *inputs], check=True)
    outputs = []
    while os.path.exists(f"{prefix}{len(outputs)}.npy"):
        outputs.append(numpy.load(f"{prefix}{len(outputs)}.npy"))
    return outputs


def compare(args, one, other, folder):
    """The largest relative difference of two modules' @main."""
    inputs = make_inputs(one, folder)
    one, other = run(args.evaluator, one, inputs, os.path.join(folder, "a")), run(args.evaluator, other, inputs, os.path.join(folder, "b"))
    if not one or len(one) != len(other):
        sys.exit(f"{len(one)} and {len(other)} outputs")
    worst = 0.0
    for a, b in zip(one, other):
        if a.shape != b.shape or a.dtype != numpy.float64 or not numpy.isfinite(a).all() or not numpy.abs(a).max() > 0:
            sys.exit(f"outputs of {a.dtype} {a.shape} and {b.dtype} {b.shape} cannot be compared")
        worst = max(worst, float(numpy.abs(a - b).max() / numpy.abs(a).max()))
    return worst


def functions(path, folder, side):
    """Each function of a module as the @main of a file."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name in re.findall(r"func\.func @(\w+)\(", text):
        target = os.path.join(folder, f"{side}-{name}.mlir")
        with open(target, "w", encoding="utf-8") as file:
            file.write(text.replace(f"func.func @{name}(", "func.func @main("))
        yield name, target


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evaluator")
    parser.add_argument("one")
    parser.add_argument("other")
    parser.add_argument("--tolerance", type=float, default=1e-10)
    parser.add_argument("--differ", action="store_true")
    parser.add_argument("--all", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pairs = [("main", args.one, args.other)]
        if args.all:
            others = dict(functions(args.other, folder, "b"))
            pairs = [(name, path, others[name]) for name, path in functions(args.one, folder, "a")]
        for name, one, other in pairs:
            worst = compare(args, one, other, folder)
            print(f"{name + ': ' if args.all else ''}largest relative difference {worst:.1e}")
            if (worst > args.tolerance or worst != worst) != args.differ:
                sys.exit(f"{'expected a difference above' if args.differ else 'differs by more than'} {args.tolerance}")


if __name__ == "__main__":
    main()
