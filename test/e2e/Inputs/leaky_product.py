# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a product, a bias and a LeakyRelu with random weights, and an input.

usage: leaky_product.py SEED ALPHA MODEL.onnx INPUT.npy
"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

seed, alpha, model, data = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4]
rng = np.random.default_rng(seed)
nodes = [
    helper.make_node("MatMul", ["x", "w"], ["product"]),
    helper.make_node("Add", ["product", "b"], ["sum"]),
    helper.make_node("LeakyRelu", ["sum"], ["y"], alpha=alpha),
]
weights = [
    numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name)
    for name, shape in (("w", (16, 4)), ("b", (4,)))
]
inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 16])]
outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 4])]
graph = helper.make_graph(nodes, "leaky_product", inputs, outputs, weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), model)
np.save(data, np.random.default_rng(0).standard_normal((2, 16)).astype(np.float32))
