#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes docs/Pipelines.md from the pipelines that lpc-opt registers: their passes, as --dump-pass-pipeline prints them.

usage: gen_pipelines.py <lpc-opt> <output file>
"""
import re
import subprocess
import sys

# The least module that every pipeline takes.
EMPTY = "func.func @main(%x: tensor<f32>) -> tensor<f32> { return %x : tensor<f32> }"

PIPELINES = [
    ("lpc-onnx-to-nn-pipeline", "", "onnx to nn: convert every node, fold constants."),
    ("lpc-rewrite-pipeline", "steps=fold-norm-gains,rotate-axes{axes=all}",
     "nn to nn: idioms are raised, then the steps of a recipe run ([Recipes.md](Recipes.md)). In no pipeline by default."),
    ("lpc-observe-pipeline", "", "nn with observers: what calibration compiles and runs."),
    ("lpc-nn-to-lp-pipeline", "weights=int8/channel activations=int8/token",
     "nn to lp: quantize, fuse, prove accumulators. Steps that need a format are left out where none is given."),
    ("lpc-lp-to-linalg-pipeline", "", "lp and nn to linalg on tensors of signless types."),
    ("lpc-linalg-to-llvm-pipeline", "", "linalg to the LLVM dialect with the entry function of the model ABI."),
]


def passes(opt, name, options):
    """One line per pass, nesting by indentation; options of upstream passes are left out."""
    flag = f"--{name}={options}" if options else f"--{name}"
    text = subprocess.run([opt, flag, "--dump-pass-pipeline", "-"], input=EMPTY, capture_output=True, text=True, check=True)
    lines = text.stderr.split("\n", 1)[1].rstrip().splitlines()
    return [re.sub(r"^(\s*(?!lpc-|convert-)[\w.-]+)\{.*\}(,?)$", r"\1\2", line) for line in lines]


def main():
    opt, output = sys.argv[1:]
    page = ["# Pipelines", "",
            "Made by `tools/dev/gen_pipelines.py` from the code; `lpc compile` runs these in this order, and `lpc-opt` runs each",
            "from text. Each ends with a contract that states what may remain.", ""]
    for name, options, summary in PIPELINES:
        flag = f"--{name}" + (f'="{options}"' if options else "")
        page += [f"## {name}", "", summary, "", "```sh", f"lpc-opt {flag} in.mlir -o out.mlir", "```", "", "```text"]
        page += passes(opt, name, options) + ["```", ""]
    with open(output, "w") as f:
        f.write("\n".join(page).rstrip() + "\n")


main()
