#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles a small model under each recipe and compares it with the evaluator on the saved lp module.

usage: recipes.py FOLDER WEIGHTS[:ACTIVATIONS] ...
"""
import os
import subprocess
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper


def write_model(folder):
    rng = numpy.random.default_rng(1)
    values = {"w": rng.standard_normal((128, 40)), "v": rng.standard_normal((40, 10)), "b": rng.standard_normal(10)}
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["r"]),
             helper.make_node("Gemm", ["r", "v", "b"], ["y"])]
    graph = helper.make_graph(
        nodes, "recipes", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 128])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(v.astype(numpy.float32), k) for k, v in values.items()])
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), os.path.join(folder, "m.onnx"))
    numpy.savez(os.path.join(folder, "x.npz"), x=rng.standard_normal((7, 128)).astype(numpy.float32))


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    at = lambda name: os.path.join(folder, name)
    write_model(folder)
    for recipe in sys.argv[2:]:
        weights, _, activations = recipe.partition(":")
        extra = ["--activations", activations] if activations else []
        done = run("lpc", "compile", "--quiet", at("m.onnx"), "--weights", weights, *extra, "--save-lp", at("lp.mlir"), "-o", at("m.so"))
        for line in done.stderr.splitlines():
            print(f"{recipe}: {line}")
        run("lpc", "run", at("lp.mlir"), "--target", "reference", "--data", at("x.npz"), "--save", at("y.npz"))
        run("lpc", "run", at("m.so"), "--data", at("x.npz"), "--expect", at("y.npz"), "--rtol", "1e-5", "--atol", "1e-4")
        print(f"{recipe}: as the evaluator")


if __name__ == "__main__":
    main()
