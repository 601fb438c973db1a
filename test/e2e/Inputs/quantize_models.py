#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes small models in which weights are shared, transposed, vectors, in a branch or in another file.

usage: quantize_models.py FOLDER
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(11)


def tensor(name, *shape, dtype=np.float32):
    return numpy_helper.from_array(rng.standard_normal(shape).astype(dtype), name)


def save(folder, name, nodes, tensors, inputs, outputs, opset, **options):
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs.items()], tensors)  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, producer_name="tests")
    helper.set_model_props(model, {"purpose": "test"})
    onnx.save(model, os.path.join(folder, name + ".onnx"), **options)


def mixed(folder):
    """One weight for two nodes; a transposed one; Gemm's transB; a vector; a batch of matrices; names that are taken."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], "first"),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("MatMul", ["b", "w"], ["c"], "second"),
        helper.make_node("Transpose", ["wt"], ["wt_t"], perm=[1, 0]),
        helper.make_node("MatMul", ["c", "wt_t"], ["d"], "transposed"),
        helper.make_node("MatMul", ["d", "batch"], ["e"], "batched"),
        helper.make_node("MatMul", ["e", "v"], ["f"], "vector"),
        helper.make_node("Gemm", ["f", "g", "w_scale"], ["y"], "gemm", alpha=0.5, transB=1),
        helper.make_node("Gemm", ["f", "h"], ["z"]),
    ]
    tensors = [tensor("w", 16, 16), tensor("wt", 12, 16), tensor("batch", 4, 12, 8), tensor("v", 8), tensor("g", 6, 3),
               tensor("h", 3, 5), tensor("w_scale", 6)]  # fmt: skip
    save(folder, "mixed", nodes, tensors, {"x": [4, 3, 16]}, {"y": [4, 6], "z": [4, 5]}, 13)
    np.savez(os.path.join(folder, "mixed.npz"), x=rng.standard_normal((4, 3, 16)).astype(np.float32))


def branch(folder):
    """A product inside the branches of an If."""
    def body(name, weight):
        out = helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 4])
        return helper.make_graph([helper.make_node("MatMul", ["x", weight], [name], "in_" + name)], name, [], [out],
                                 [tensor(weight, 8, 4)])  # fmt: skip
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0),
        helper.make_node("Greater", ["s", "zero"], ["positive"]),
        helper.make_node("If", ["positive"], ["y"], "choice", then_branch=body("t", "wt"), else_branch=body("u", "wu")),
    ]
    save(folder, "branch", nodes, [numpy_helper.from_array(np.float32(0), "zero")], {"x": [2, 8]}, {"y": [2, 4]}, 18)
    np.savez(os.path.join(folder, "branch.npz"), x=rng.standard_normal((2, 8)).astype(np.float32))


def old(folder):
    nodes = [helper.make_node("ReduceMax", ["x"], ["r"], "peak", axes=[1]), helper.make_node("MatMul", ["r", "w"], ["y"])]
    save(folder, "old", nodes, [tensor("w", 8, 8)], {"x": [2, 3, 8]}, {"y": [2, 1, 8]}, 13)


def external(folder):
    save(folder, "external", [helper.make_node("MatMul", ["x", "w"], ["y"], "m")], [tensor("w", 64, 64)], {"x": [2, 64]},
         {"y": [2, 64]}, 21, save_as_external_data=True, location="external.bin", size_threshold=0)  # fmt: skip


def main():
    folder = sys.argv[1]
    os.makedirs(os.path.join(folder, "other"), exist_ok=True)
    mixed(folder)
    branch(folder)
    old(folder)
    external(folder)


if __name__ == "__main__":
    main()
