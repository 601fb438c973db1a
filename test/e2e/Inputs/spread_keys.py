#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gives the keys of a transformer channels of very different sizes, as large models have them: the same function.

usage: spread_keys.py MODEL.onnx OUT.onnx [--head 32] [--bits 3] [--seed 0]

In each layer, each rotary pair of channels takes a random power of two from 2^-bits to 2^bits: columns of the weight of keys are
multiplied, those of queries divided. Finds them behind the product in front of each Softmax.
"""
import argparse

import numpy
import onnx
from onnx import numpy_helper


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--head", type=int, default=32)
    parser.add_argument("--bits", type=float, default=3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    model = onnx.load(args.model)
    graph, rng = model.graph, numpy.random.default_rng(args.seed)
    makers = {name: node for node in graph.node for name in node.output}
    tensors = {tensor.name: tensor for tensor in graph.initializer}

    def behind(name, wanted):
        """The nearest node from which `name` is made."""
        queue = [name]
        while queue:
            node = makers.get(queue.pop(0))
            if node is not None and wanted(node):
                return node
            queue += node.input if node is not None else []
        return None

    for node in graph.node:
        if node.op_type != "Softmax":
            continue
        scores = behind(node.input[0], lambda n: n.op_type == "MatMul")
        pairs = numpy.exp2(numpy.round(rng.uniform(-args.bits, args.bits, args.head // 2)))
        factors = numpy.concatenate([pairs, pairs]).astype(numpy.float32)
        for name, by in zip(scores.input, (1 / factors, factors)):
            product = behind(name, lambda n: n.op_type == "MatMul" and n.input[1] in tensors)
            tensor = tensors[product.input[1]]
            weight = numpy_helper.to_array(tensor)
            tensor.CopyFrom(numpy_helper.from_array(weight * numpy.tile(by, weight.shape[1] // args.head), tensor.name))
    onnx.save(model, args.out)


if __name__ == "__main__":
    main()
