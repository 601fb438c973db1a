# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a classifier of the digits whose scores are all NaN.

usage: nan_classifier.py MODEL.onnx
"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

axes = numpy_helper.from_array(np.array([1, 2, 3]), "axes")
scores = numpy_helper.from_array(np.full((1, 10), np.nan, np.float32), "scores")
nodes = [
    helper.make_node("ReduceSum", ["x", "axes"], ["sum"], keepdims=0),
    helper.make_node("Unsqueeze", ["sum", "one"], ["column"]),
    helper.make_node("Mul", ["column", "scores"], ["logits"]),
]
inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 1, 8, 8])]
outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])]
one = numpy_helper.from_array(np.array([1]), "one")
graph = helper.make_graph(nodes, "nan_classifier", inputs, outputs, [axes, scores, one])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), sys.argv[1])
