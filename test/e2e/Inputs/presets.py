#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles a small network under every preset, and one structure of each kind, and compares it with the evaluator.

usage: presets.py LPC FOLDER

Weights alone, then weights and activations. Where every product is exact the bits must be equal; else a tolerance holds.
No size is a multiple of a block.
"""
import json
import os
import re
import subprocess
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

WEIGHTS = [
    "int8/channel", "uint4/g32/asym", "uint4/g32/asym:float", "uint4/g32/offset", "uint4/g32:fp16/offset:fp16", "int4/g64/posneg",
    "int4/g32:e4m3", "e4m3/32x32", "e4m3/32x32@pow2", "int8/24x20", "hif8/channel", "posit8/channel", "lns8/channel", "pot4/channel",
    "mxfp4@even", "mxfp4@mse", "nvfp4@four_over_six", "e2m1/g16:e4m3/channel",
]  # fmt: skip
ACTIVATIONS = [
    "int8/token", "uint8/token/asym", "uint8/token/asym:float", "int4/g24", "e4m3/token", "e4m3/g32@pow2", "hif8/token",
    "posit8/token", "lns8/token", "int8/g32:e8m0@rceil", "mxfp4@log2", "mxfp6@raise", "mxfp8@ceil", "nvfp4@nv_divide",
    "e2m1/g16:e4m3/token",
]  # fmt: skip
# Rules that search and structures that only weights have; with activations they are refused by name.
WEIGHTS_ONLY = {"q4_0", "q4_k", "q6_k", "any4", "any3", "any2", "ganq4", "ganq3", "ganq2", "razor4", "razor4_16", "ternary",
                "uint4/g32/offset", "uint4/g32:fp16/offset:fp16", "int4/g64/posneg", "mxfp4@mse", "nvfp4@four_over_six",
                "int8/channel", "hif8/channel", "posit8/channel", "lns8/channel", "pot4/channel", "e2m1/g16:e4m3/channel"}  # fmt: skip


def model(path, rng):
    """[?, 75] -> 40 -> 10 with biases and ReLU: nothing but products, sums and maxima."""
    shapes = {"w1": (75, 40), "b1": (40,), "w2": (40, 10), "b2": (10,)}
    weights = [numpy_helper.from_array(rng.standard_normal(s).astype(numpy.float32), n) for n, s in shapes.items()]
    nodes = [
        helper.make_node("MatMul", ["x", "w1"], ["p"]), helper.make_node("Add", ["p", "b1"], ["q"]),
        helper.make_node("Relu", ["q"], ["h"]), helper.make_node("MatMul", ["h", "w2"], ["r"]),
        helper.make_node("Add", ["r", "b2"], ["y"]),
    ]  # fmt: skip
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 75])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])], weights)  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), path)


class Check:
    def __init__(self, lpc, folder):
        self.lpc, self.folder, self.failed, self.exact, self.relaxed = lpc, folder, [], 0, 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def call(self, *args):
        return subprocess.run([self.lpc, *args], capture_output=True, text=True)

    def compare(self, weights, activations):
        what = f"weights {weights or 'float'}, activations {activations or 'float'}"
        command = ["compile", "--quiet", self.path("m.onnx"), "-o", self.path("m.so"), "--save-lp", self.path("m.mlir")]
        command += ["--weights", weights] if weights else []
        command += ["--activations", activations] if activations else []
        done = self.call(*command)
        if "takes its scales from data" in done.stderr:
            done = self.call(*command, "--calib", self.path("x.npz") + ":x=x")
        if done.returncode:
            return self.failed.append(f"{what}: {done.stderr.strip()}")
        with open(self.path("m.mlir"), encoding="utf-8") as file:
            kinds = set(re.findall(r"#lp\.acc<(\w+)", file.read()))
        # A product of two floats has no accumulator of its own.
        exact = bool(kinds) and "f32_relaxed" not in kinds
        self.exact, self.relaxed = self.exact + exact, self.relaxed + (not exact)
        self.call("run", self.path("m.mlir"), "--target", "reference", "--data", self.path("x.npz"), "--save", self.path("y.npz"))
        tolerance = ["--bit-exact"] if exact else ["--rtol", "1e-4", "--atol", "2e-3"]
        done = self.call("run", self.path("m.so"), "--data", self.path("x.npz"), "--expect", self.path("y.npz"), *tolerance)
        if done.returncode:
            self.failed.append(f"{what}: {done.stderr.strip()}")

    def refused(self, activations):
        done = self.call("compile", "--quiet", self.path("m.onnx"), "-o", self.path("m.so"), "--activations", activations)
        if done.returncode != 2 or "error: --activations" not in done.stderr:
            self.failed.append(f"activations {activations}: expected a refusal, but got {done.returncode} {done.stderr.strip()}")


def main():
    lpc, folder = sys.argv[1], sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    rng = numpy.random.default_rng(11)
    check = Check(lpc, folder)
    model(check.path("m.onnx"), rng)
    x = rng.standard_normal((9, 75)).astype(numpy.float32)
    x[3], x[4] = 0, x[4] * 1000
    numpy.savez(check.path("x.npz"), x=x)
    presets = [p["name"] for p in json.loads(check.call("formats", "--json").stdout)["presets"]]
    for weights in presets + WEIGHTS:
        check.compare(weights, "")
    for activations in presets + WEIGHTS + ACTIVATIONS:
        if activations in WEIGHTS_ONLY:
            check.refused(activations)
        else:
            check.compare(activations.replace("/token", "/channel"), activations)
    for line in check.failed:
        print(line)
    print(f"{check.exact} exact, {check.relaxed} with a tolerance, {len(check.failed)} wrong")
    sys.exit(bool(check.failed))


if __name__ == "__main__":
    main()
