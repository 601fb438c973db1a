#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes model files with one fault each.

usage: broken_models.py GOOD_MODEL.onnx FOLDER
"""
import os
import sys

import numpy
import onnx
from onnx import TensorProto, helper


def model(nodes, inputs, outputs, initializers=(), opset=18):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def value(name, shape=(4,), kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def main():
    good, folder = sys.argv[1], sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    with open(good, "rb") as file:
        data = file.read()
    node = helper.make_node

    def conv(**attributes):
        filter = helper.make_tensor("w", TensorProto.FLOAT, (1, 1, 3, 3), [1.0] * 9)
        return model([node("Conv", ["x", "w"], ["y"], name="c", **attributes)], [value("x", (1, 1, 8, 8))], [value("y", None)], [filter])

    files = {
        "truncated": data[: len(data) * 2 // 3],
        "random": numpy.random.default_rng(0).bytes(5000),
        "empty": b"",
        "cyclic": model([node("Add", ["x", "b"], ["a"], name="first"), node("Add", ["x", "a"], ["b"], name="second")],
                        [value("x")], [value("b")]),
        "wrong-shape": model([node("MatMul", ["x", "w"], ["y"], name="product")], [value("x", (2, 3))], [value("y", (2, 5))],
                             [helper.make_tensor("w", TensorProto.FLOAT, (4, 5), [0.0] * 20)]),
        "wrong-declared-shape": model([node("Relu", ["x"], ["y"], name="relu")], [value("x", (4,))], [value("y", (5,))]),
        "unknown-op": model([node("Frobnicate", ["x"], ["y"], name="strange")], [value("x")], [value("y")]),
        "unknown-domain": model([node("Relu", ["x"], ["y"], name="strange", domain="com.example")], [value("x")], [value("y")]),
        "slip": model([node("Rellu", ["x"], ["y"], name="strange")], [value("x")], [value("y")]),
        "control-characters": model([node("Frobnicate", ["x"], ["y"], name="a\x1b[31m\nerror: b")], [value("x")], [value("y")]),
        "new-opset": model([node("Relu", ["x"], ["y"], name="relu")], [value("x")], [value("y")], opset=99),
        "wrong-declared-type": model([node("Relu", ["x"], ["y"], name="relu")], [value("x")], [value("y", (4,), TensorProto.INT64)]),
        "huge-pads": conv(pads=[2**62] * 4),
        "huge-dilations": conv(dilations=[2**40] * 2),
        "wide-filter": conv(dilations=[4, 1]),
        "undefined": model([node("Relu", ["nothing"], ["y"], name="relu")], [value("x")], [value("y")]),
        "good": model([node("Relu", ["x"], ["y"], name="relu")], [value("x", ("n", 4))], [value("y", ("n", 4))]),
    }  # fmt: skip
    for name, content in files.items():
        if isinstance(content, onnx.ModelProto):
            content = content.SerializeToString()
        with open(os.path.join(folder, name + ".onnx"), "wb") as file:
            file.write(content)
    numpy.save(os.path.join(folder, "x.npy"), numpy.zeros((2, 4), numpy.float32))
    numpy.save(os.path.join(folder, "double.npy"), numpy.full((2, 4), 0.1))
    numpy.save(os.path.join(folder, "words.npy"), numpy.array([["a", "b", "c", "d"]]))
    numpy.save(os.path.join(folder, "wide.npy"), numpy.zeros((2, 5), numpy.float32))


if __name__ == "__main__":
    main()
