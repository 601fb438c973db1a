#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Collects channel statistics of a module of the nn floor with the evaluator: what `lpc compile` does with compiled code.

usage: channel_statistics.py LPC_EVAL MODULE.mlir OUT.npz DATA ...

DATA is one file for each input: x.npy, x.npz:array, or text.txt:BYTES, the first BYTES bytes as one window of tokens.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy


def load(source):
    path, _, part = source.partition(":")
    if path.endswith(".npz"):
        return numpy.load(path)[part]
    if path.endswith(".npy"):
        return numpy.load(path)
    with open(path, "rb") as file:
        return numpy.frombuffer(file.read(int(part)), numpy.uint8)[None].astype(numpy.int64)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evaluator")
    parser.add_argument("module")
    parser.add_argument("out")
    parser.add_argument("data", nargs="+")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        observed = os.path.join(folder, "observed.mlir")
        pipeline = "builtin.module(func.func(lpc-insert-observers{channels-last}))"
        subprocess.run(["lpc-opt", args.module, f"--pass-pipeline={pipeline}", "-o", observed], check=True)
        inputs = []
        for i, source in enumerate(args.data):
            inputs.append(os.path.join(folder, f"in{i}.npy"))
            numpy.save(inputs[-1], load(source))
        done = subprocess.run([args.evaluator, observed, "-o", os.path.join(folder, "out"), "--statistics", args.out, *inputs])
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
