#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a random convolutional network with random weights as an ONNX file: another one for each seed.

usage: random_cnn.py OUT.onnx [--seed 0] [--blocks 5]

Blocks: convolutions (padded or not, strided, grouped, depthwise with pointwise, transposed), batch norms behind and in front of
them as one node or as a chain, activations that scales pass (relu, leaky relu, PReLU), that need bounds per channel (ReLU6, clips),
and that they do not pass (SiLU); max and average pools, residual additions, concatenations; at the end a mean over the image and
one or two Gemms.
"""
import argparse

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper


class Writer:
    def __init__(self, seed):
        self.rng, self.nodes, self.weights, self.n = numpy.random.default_rng(seed), [], [], 0

    def chance(self, p=0.5):
        return self.rng.random() < p

    def pick(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def node(self, op, inputs, **attributes):
        self.n += 1
        self.nodes.append(helper.make_node(op, inputs, [f"v{self.n}"], name=f"{op.lower()}{self.n}", **attributes))
        return f"v{self.n}"

    def weight(self, values):
        self.n += 1
        self.weights.append(numpy_helper.from_array(numpy.asarray(values, numpy.float32), f"w{self.n}"))
        return f"w{self.n}"

    def normal(self, *shape, scale=1.0, spread=True):
        """Normal numbers; the first axis has magnitudes of its own."""
        values = scale * self.rng.standard_normal(shape)
        if spread:
            values *= numpy.exp2(self.rng.uniform(-2, 2, (shape[0],) + (1,) * (len(shape) - 1)))
        return values

    def conv(self, x, c, m, k=3, groups=1, pad=None, stride=1, transposed=False):
        pad = k // 2 if pad is None else pad
        shape = (c, m // groups) if transposed else (m, c // groups)
        inputs = [x, self.weight(self.normal(*shape, k, k, scale=(c // groups * k * k) ** -0.5))]
        if self.chance():
            inputs.append(self.weight(self.normal(m, scale=0.3)))
        return self.node("ConvTranspose" if transposed else "Conv", inputs, kernel_shape=[k, k], pads=[pad] * 4,
                         strides=[stride] * 2, group=groups)

    def norm(self, x, c):
        gain, shift = self.normal(c) + 0.1, self.normal(c, scale=0.5)
        mean, variance = self.normal(c, scale=0.5), self.rng.uniform(0.1, 2, c)
        if self.chance(0.7):
            return self.node("BatchNormalization", [x] + [self.weight(v) for v in (gain, shift, mean, variance)], epsilon=1e-4)
        column = lambda v: self.weight(v.reshape(c, 1, 1))  # noqa: E731
        x = self.node("Sub", [x, column(mean)])
        x = self.node("Div", [x, column(numpy.sqrt(variance))])
        x = self.node("Mul", [column(gain), x]) if self.chance() else self.node("Mul", [x, column(gain)])
        return self.node("Add", [x, column(shift)])

    def activation(self, x, c):
        kind = self.pick("relu", "relu", "relu6", "leaky", "prelu", "clip", "silu", "none")
        if kind == "relu":
            return self.node("Relu", [x])
        if kind == "leaky":
            return self.node("LeakyRelu", [x], alpha=0.125)
        if kind == "prelu":
            return self.node("PRelu", [x, self.weight(self.rng.uniform(0.05, 0.5, (c, 1, 1)))])
        if kind in ("relu6", "clip"):
            low, high = (0.0, 6.0) if kind == "relu6" else (-1.0, 2.0)
            return self.node("Clip", [x, self.weight(low), self.weight(high)])
        return self.node("Mul", [x, self.node("Sigmoid", [x])]) if kind == "silu" else x

    def layer(self, x, c, m, **options):
        x = self.conv(x, c, m, **options)
        if self.chance(0.6):
            x = self.norm(x, m)
        return self.activation(x, m)

    def block(self, x, c, size):
        """The output, its channels and its size."""
        m = self.pick(4, 8, 12)
        kind = self.pick("plain", "grouped", "separable", "residual", "concat", "before", "pool", "transposed", "bare")
        if kind == "grouped":
            return self.layer(x, c, m, groups=self.pick(2, 4)), m, size
        if kind == "separable":
            x = self.layer(x, c, c, groups=c)
            return self.layer(x, c, m, k=1), m, size
        if kind == "residual":
            y = self.layer(x, c, m)
            y = self.norm(self.conv(y, m, c), c)
            return self.activation(self.node("Add", [x, y] if self.chance() else [y, x]), c), c, size
        if kind == "concat":
            return self.node("Concat", [self.layer(x, c, m), self.layer(x, c, 4)], axis=1), m + 4, size
        if kind == "before":
            return self.activation(self.conv(self.norm(x, c), c, m, k=1), m), m, size
        if kind == "bare" and size > 4:
            return self.layer(x, c, m, pad=0), m, size - 2
        if kind == "transposed" and size < 8:
            return self.layer(x, c, m, k=2, pad=0, stride=2, transposed=True), m, 2 * size
        if kind == "pool" and size >= 4:
            op = self.pick("MaxPool", "AveragePool")
            return self.node(op, [x], kernel_shape=[2, 2], strides=[2, 2]), c, size // 2
        return self.layer(x, c, m), m, size

    def gemm(self, x, c, m):
        w = self.normal(c, m, scale=c**-0.5)
        transposed = self.chance()
        return self.node("Gemm", [x, self.weight(w.T if transposed else w), self.weight(self.normal(m))], transB=int(transposed))

    def model(self, blocks):
        x, c, size = "x", 3, 8
        x, c = self.layer(x, c, 8), 8
        for _ in range(blocks):
            x, c, size = self.block(x, c, size)
        x = self.node("GlobalAveragePool", [x])
        x = self.node("Flatten", [x])
        if self.chance():
            x, c = self.node("Relu", [self.gemm(x, c, 12)]), 12
        y = self.gemm(x, c, 5)
        graph = helper.make_graph(
            self.nodes, "random_cnn", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 8, 8])],
            [helper.make_tensor_value_info(y, TensorProto.FLOAT, ["batch", 5])], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--blocks", type=int, default=5)
    args = parser.parse_args()
    onnx.save(Writer(args.seed).model(args.blocks), args.out)


if __name__ == "__main__":
    main()
