#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a random network with random weights as an ONNX file: another one for each seed.

usage: random_graph.py OUT.onnx [--seed 0] [--kind transformer|mlp|cnn]

transformer: blocks of attention and feed-forward parts, each in the words of a random exporter: norms before, behind or on the branch,
with and without shift; one product for queries, keys and values or three; rotary embeddings of the whole head or a part of it;
groups of heads; masks; gates in one product with what they gate. mlp: products, activations, norms, residual additions, slices and
concatenations. cnn: random_cnn.py. Without --kind the seed decides.
"""
import argparse
import os
import sys
import types

import onnx
from onnx import TensorProto, helper

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import random_cnn  # noqa: E402
from exports import Graph  # noqa: E402


class Random(Graph):
    def __init__(self, seed):
        super().__init__(types.SimpleNamespace(seed=seed, exporter="torchscript", width=24, head=6))
        self.tables = None

    def chance(self, p=0.5):
        return self.rng.random() < p

    def pick(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def split(self, x, axis, *sizes):
        """Parts of an axis, by one Split or by slices."""
        if self.chance():
            return self.node("Split", x, self.ints(*sizes), outputs=len(sizes), axis=axis)
        ends = [sum(sizes[:i + 1]) for i in range(len(sizes))]
        return [self.slice(x, end - size, end, axis) for size, end in zip(sizes, ends)]

    # Transformers.

    def rotary(self, x):
        """The first `turned` channels of each head, halves or pairs."""
        size, turned = self.a.head, self.a.turned
        part, rest = (x, None) if turned == size else self.split(x, 3, turned, size - turned)
        cos, sin = self.tables
        half = turned // 2
        if self.a.interleaved:
            a, b = self.slice(part, 0, turned, 3, 2), self.slice(part, 1, turned, 3, 2)
        else:
            a, b = self.slice(part, 0, half, 3), self.slice(part, half, turned, 3)
        if self.a.doubled and not self.a.interleaved:
            twice = [self.node("Concat", t, t, axis=-1) for t in (cos, sin)]
            turn = self.node("Concat", self.node("Neg", b), a, axis=-1)
            y = self.node("Add", self.node("Mul", part, twice[0]), self.node("Mul", turn, twice[1]))
        else:
            real = self.node("Sub", self.node("Mul", a, cos), self.node("Mul", b, sin))
            imaginary = self.node("Add", self.node("Mul", b, cos), self.node("Mul", a, sin))
            if self.a.interleaved:
                last = self.ints(-1)
                pairs = self.node("Concat", self.node("Unsqueeze", real, last), self.node("Unsqueeze", imaginary, last), axis=-1)
                y = self.node("Reshape", pairs, self.node("Shape", part))
            else:
                y = self.node("Concat", real, imaginary, axis=-1)
        return y if rest is None else self.node("Concat", y, rest, axis=-1)

    def attention(self, x):
        heads, kv, size, bias = self.a.heads, self.a.kv, self.a.head, self.a.bias
        self.a.exporter = self.pick("torchscript", "dynamo", "tf")
        if self.chance():
            fused = self.linear(x, self.a.width, (heads + 2 * kv) * size, bias)
            q, k, v = self.split(fused, 2, heads * size, kv * size, kv * size)
        else:
            q, k, v = (self.linear(x, self.a.width, n * size, bias) for n in (heads, kv, kv))
        q, k, v = self.split_heads(q, heads), self.split_heads(k, kv), self.split_heads(v, kv)
        if self.tables:
            q, k = self.rotary(q), self.rotary(k)
        if kv != heads:
            k, v = self.repeat(k, heads // kv), self.repeat(v, heads // kv)
        scores = self.scores(q, self.node("Transpose", k, perm=[0, 1, 3, 2]))
        mask = self.pick("none", "add", "choose")
        if mask == "add":
            scores = self.node("Add", scores, self.weight(1, heads, 1, 1, scale=1.0) if self.chance() else self.far)
        elif mask == "choose":
            scores = self.node("Where", self.later, self.number(-1e4), scores)
        y = self.merge_heads(self.mix(scores, v), heads)
        return self.linear(y, heads * size, self.a.width, bias)

    def feed_forward(self, x):
        width, hidden, bias = self.a.width, self.pick(16, 20, 32), self.a.bias
        self.a.exporter = self.pick("torchscript", "dynamo", "tf")
        if self.chance():
            return self.linear(self.activation(self.linear(x, width, hidden, bias)), hidden, width, bias)
        if self.chance():
            gate, up = self.split(self.linear(x, width, 2 * hidden, bias), 2, hidden, hidden)
        else:
            gate, up = self.linear(x, width, hidden, bias), self.linear(x, width, hidden, bias)
        return self.linear(self.node("Mul", self.activation(gate), up), hidden, width, bias)

    def activation(self, x):
        kind = self.pick("silu", "relu", "tanh", "none", "leaky")
        if kind == "silu":
            return self.node("Mul", x, self.node("Sigmoid", x))
        if kind == "leaky":
            return self.node("LeakyRelu", x, alpha=0.25)
        return x if kind == "none" else self.node(kind.capitalize(), x)

    def transformer(self):
        a = self.a
        a.heads = self.pick(2, 4)
        a.kv = a.heads if self.chance() else a.heads // 2
        a.head, a.width, a.bias = self.pick(4, 6, 8), self.pick(16, 20, 24), self.chance()
        shift, place = self.chance(), self.pick("before", "before", "before", "behind", "branch")
        if self.chance():
            a.turned = a.head if self.chance(0.7) else a.head // 2 // 2 * 2
            a.interleaved, a.doubled = self.chance(0.3), self.chance()
            rates = self.value((0.5 ** self.rng.uniform(0, 4, (1, a.turned // 2))).astype("float32"))
            steps = self.node("Unsqueeze", self.node("Cast", self.positions("ids"), to=TensorProto.FLOAT), self.ints(1))
            angles = self.node("Mul", steps, rates)
            self.tables = self.node("Cos", angles), self.node("Sin", angles)
        steps = self.positions("ids")
        self.later = self.node("Greater", self.node("Unsqueeze", steps, self.ints(0)), self.node("Unsqueeze", steps, self.ints(1)))
        self.far = self.node("Where", self.later, self.number(-1e4), self.number(0))
        table = self.weight(12, a.width, scale=1.0)
        x = self.node("Gather", table, "ids")
        for _ in range(self.pick(1, 2, 3)):
            for part in (self.attention, self.feed_forward):
                y = part(self.norm(x, shift, a.width) if place == "before" else x)
                y = self.norm(y, shift, a.width) if place == "branch" else y
                x = self.node("Add", x, y)
                x = self.norm(x, shift, a.width) if place == "behind" else x
        if place != "behind":
            x = self.norm(x, shift, a.width)
        if self.chance():
            return self.node("MatMul", x, self.node("Transpose", table, perm=[1, 0]))
        return self.linear(x, a.width, 12, a.bias)

    # Other networks.

    def mlp(self):
        x, n = "x", 6
        for _ in range(self.pick(4, 6, 8)):
            self.a.exporter = self.pick("torchscript", "dynamo", "tf")
            kind = self.pick("plain", "plain", "residual", "norm", "parts", "join", "gate")
            m = self.pick(8, 12, 16, 18)
            if kind == "residual":
                y = self.linear(self.activation(self.linear(x, n, m)), m, n, self.chance())
                x = self.node("Add", x, y)
            elif kind == "norm":
                x = self.norm(self.linear(x, n, m), self.chance(), m)
                n = m
            elif kind == "parts":
                first = self.pick(3, 4, m // 2)
                a, b = self.split(self.linear(x, n, m), 1, first, m - first)
                x = self.node("Concat", self.activation(a), self.activation(b), axis=1)
                n = m
            elif kind == "join":
                x = self.node("Concat", self.linear(x, n, m), self.activation(self.linear(x, n, 6)), x, axis=1)
                n = m + 6 + n
            elif kind == "gate":
                a, b = self.split(self.linear(x, n, 2 * m), 1, m, m)
                x, n = self.node("Mul", self.activation(a), b), m
            else:
                x, n = self.activation(self.linear(x, n, m)), m
        return self.linear(x, n, 5)

    def model(self, kind):
        y = getattr(self, kind)()
        if kind == "transformer":
            source, shape = ("ids", TensorProto.INT64, ["batch", "seq"]), ["batch", "seq", 12]
        else:
            source, shape = ("x", TensorProto.FLOAT, ["batch", 6]), ["batch", 5]
        self.nodes.append(helper.make_node("Identity", [y], ["y"], name="output"))
        graph = helper.make_graph(self.nodes, kind, [helper.make_tensor_value_info(*source)],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def write(path, seed, kind=None):
    """Returns the kind of network."""
    kind = kind or ("transformer", "mlp", "cnn", "transformer")[seed % 4]
    model = random_cnn.Writer(seed).model(5) if kind == "cnn" else Random(seed).model(kind)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return kind


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=["transformer", "mlp", "cnn"])
    args = parser.parse_args()
    write(args.out, args.seed, args.kind)


if __name__ == "__main__":
    main()
