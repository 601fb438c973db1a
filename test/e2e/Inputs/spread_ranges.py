#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Spreads the channel ranges of a convolutional network: the same function, but hard to quantize with one scale per tensor.

usage: spread_ranges.py MODEL.onnx OUT.onnx [--bits 4] [--seed 0]

Each channel between products gets a random power of two from 2^-bits to 2^bits: weights and biases that write it are multiplied,
weights that read it are divided, so every result is the same float but for the bounds of clips, which become bounds per channel. Batch
norms, once folded, leave such ranges. Knows Conv, Gemm, Relu, Clip, MaxPool, ReduceMean and Add; other ops end a channel.
"""
import argparse

import numpy
import onnx
from onnx import helper, numpy_helper

SAME = {"Relu", "Clip", "MaxPool", "ReduceMean", "Add"}


class Classes:
    """Values whose channels take the same factors."""

    def __init__(self, graph):
        self.parent, self.fixed = {}, {value.name for value in list(graph.input) + list(graph.output)}

    def find(self, name):
        while name in self.parent:
            name = self.parent[name]
        return name

    def join(self, one, other):
        one, other = self.find(one), self.find(other)
        if one != other:
            self.parent[one] = other


def attribute(node, name, default):
    return next((helper.get_attribute_value(a) for a in node.attribute if a.name == name), default)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--bits", type=float, default=4)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    model = onnx.load(args.model)
    graph = model.graph
    weights = {t.name: numpy_helper.to_array(t).copy() for t in graph.initializer}
    classes = Classes(graph)
    for node in graph.node:
        if node.op_type in SAME:
            for name in node.input:
                if name not in weights:
                    classes.join(name, node.output[0])
        elif node.op_type not in ("Conv", "Gemm"):
            classes.fixed.update(list(node.input) + list(node.output))
    fixed = {classes.find(name) for name in classes.fixed}
    rng, factors = numpy.random.default_rng(args.seed), {}

    def factor(name, channels):
        root = classes.find(name)
        if root not in factors:
            bits = numpy.round(rng.uniform(-args.bits, args.bits, channels))
            factors[root] = numpy.exp2(bits if root not in fixed else 0 * bits).astype(numpy.float32)
        return factors[root]

    nodes = []
    for node in graph.node:
        if node.op_type in ("Conv", "Gemm"):
            w = weights[node.input[1]]
            if node.op_type == "Gemm" and not attribute(node, "transB", 0):
                w = w.T
            groups = attribute(node, "group", 1)
            column = (-1,) + (1,) * (w.ndim - 1)
            write, read = factor(node.output[0], w.shape[0]), factor(node.input[0], groups * w.shape[1])
            w *= write.reshape(column)
            # Rows of one group read the same channels.
            w /= numpy.repeat(read.reshape(groups, -1), w.shape[0] // groups, axis=0).reshape(w.shape[:2] + (1,) * (w.ndim - 2))
            if len(node.input) > 2:
                weights[node.input[2]] *= write
        elif node.op_type == "Clip" and classes.find(node.output[0]) not in fixed:
            low, high = (float(weights[name]) for name in node.input[1:3])
            s = factor(node.output[0], None).reshape(-1, 1, 1)
            names = [node.output[0] + suffix for suffix in (".low", ".high", ".max")]
            weights[names[0]], weights[names[1]] = numpy.float32(low) * s, numpy.float32(high) * s
            nodes.append(helper.make_node("Max", [node.input[0], names[0]], [names[2]], name=node.name + ".max"))
            nodes.append(helper.make_node("Min", [names[2], names[1]], [node.output[0]], name=node.name))
            continue
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.initializer[:]
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in weights.items())
    del graph.value_info[:]
    onnx.save(model, args.out)


if __name__ == "__main__":
    main()
