#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a small ONNX model with random weights, node for node in the shape that exporters give to a well-known network.

usage: exports.py gpt2|bert|llama|vit OUT.onnx [--exporter torchscript|dynamo|tf] [--layers 2] [--seed 0]

gpt2: pre-norm, learned positions, one product for queries, keys and values, split; gelu_new; head tied to the embedding.
bert: post-norm, token types, additive mask, pooler. llama: RMS norms, rotary embedding, keys and values repeated for groups of
heads, gated SiLU. vit: patches by convolution, class token, pre-norm.
torchscript: norms as chains, scale behind the product, masks by Where. dynamo: norm ops, a root of the scale on queries and on keys.
tf: norms as x*s + (b - mean*s), Mul by 1/sqrt(d), masks as s*m - 1e4*(1 - m).
"""
import argparse
import math

import numpy
import onnx
from onnx import TensorProto, helper

LOWEST = float(numpy.finfo(numpy.float32).min)


class Graph:
    """Nodes in order; each method gives the name of a value."""

    def __init__(self, args):
        self.a, self.rng, self.nodes, self.weights, self.count = args, numpy.random.default_rng(args.seed), [], [], 0

    def node(self, op, *inputs, outputs=1, **attributes):
        names = [f"v{self.count + i}" for i in range(outputs)]
        self.count += outputs
        self.nodes.append(helper.make_node(op, inputs, names, name=f"{op}_{names[0]}", **attributes))
        return names[0] if outputs == 1 else names

    def value(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(onnx.numpy_helper.from_array(numpy.asarray(array), name))
        return name

    def number(self, x):
        return self.value(numpy.array(x, numpy.float32))

    def ints(self, *values):
        return self.value(numpy.array(values, numpy.int64))

    def weight(self, *shape, scale=None, offset=0.0):
        values = offset + (scale or shape[0] ** -0.5) * self.rng.standard_normal(shape)
        return self.value(values.astype(numpy.float32))

    def size(self, x, axis):
        return self.node("Gather", self.node("Shape", x), self.value(numpy.int64(axis)), axis=0)

    def sizes(self, *parts):
        """A shape from numbers and from values of rank 0."""
        return self.node("Concat", *[self.ints(p) if isinstance(p, int) else self.node("Unsqueeze", p, self.ints(0)) for p in parts], axis=0)

    def slice(self, x, start, end, axis, step=1):
        return self.node("Slice", x, self.ints(start), self.ints(end), self.ints(axis), self.ints(step))

    # Parts of networks.

    def norm(self, x, shift=True, width=None):
        width, exporter = width or self.a.width, self.a.exporter
        gain, epsilon = self.weight(width, scale=0.3, offset=1.0), 1e-5
        bias = self.weight(width, scale=0.3) if shift else None
        if exporter == "dynamo" and shift:
            return self.node("LayerNormalization", x, gain, bias, axis=-1, epsilon=epsilon)

        def mean(v):
            return self.node("ReduceMean", v, self.ints(-1), keepdims=1)

        if exporter == "tf" and shift:
            m = mean(x)
            d = self.node("Sub", x, m)
            inverse = self.node("Reciprocal", self.node("Sqrt", self.node("Add", mean(self.node("Mul", d, d)), self.number(epsilon))))
            s = self.node("Mul", inverse, gain)
            return self.node("Add", self.node("Mul", x, s), self.node("Sub", bias, self.node("Mul", m, s)))
        d = self.node("Sub", x, mean(x)) if shift else x
        square = self.node("Add", mean(self.node("Pow", d, self.number(2))), self.number(epsilon))
        root = self.node("Sqrt", square)
        if shift:
            y = self.node("Div", d, root)
        else:
            y = self.node("Mul", d, self.node("Div", self.number(1), root) if exporter == "torchscript" else self.node("Reciprocal", root))
        y = self.node("Mul", gain, y)
        return self.node("Add", y, bias) if shift else y

    def linear(self, x, rows, columns, bias=True):
        y = self.node("MatMul", x, self.weight(rows, columns))
        return self.node("Add", self.weight(columns, scale=0.3), y) if bias else y

    def conv1d(self, x, rows, columns):
        """GPT-2's linear layer: Gemm between reshapes."""
        flat = self.node("Reshape", x, self.ints(-1, rows))
        y = self.node("Gemm", flat, self.weight(rows, columns), self.weight(columns, scale=0.3))
        return self.node("Reshape", y, self.sizes(self.size(x, 0), self.size(x, 1), columns))

    def gelu(self, x, tanh=False):
        if tanh:
            cube = self.node("Pow", x, self.number(3)) if self.a.exporter != "tf" else self.node("Mul", x, self.node("Mul", x, x))
            inner = self.node("Add", x, self.node("Mul", cube, self.number(0.044715)))
            bell = self.node("Tanh", self.node("Mul", inner, self.number(math.sqrt(2 / math.pi))))
            return self.node("Mul", self.node("Mul", x, self.number(0.5)), self.node("Add", bell, self.number(1)))
        if self.a.exporter == "tf":
            bell = self.node("Erf", self.node("Mul", x, self.number(math.sqrt(0.5))))
            return self.node("Mul", self.node("Mul", self.number(0.5), x), self.node("Add", self.number(1), bell))
        bell = self.node("Erf", self.node("Div", x, self.number(math.sqrt(2))))
        return self.node("Mul", self.node("Mul", x, self.node("Add", bell, self.number(1))), self.number(0.5))

    def split_heads(self, x, heads, transposed=False):
        """[b, t, h*d] => [b, h, t, d], or [b, h, d, t] as the second factor of a product."""
        split = self.node("Reshape", x, self.sizes(self.size(x, 0), self.size(x, 1), heads, self.a.head))
        return self.node("Transpose", split, perm=[0, 2, 3, 1] if transposed else [0, 2, 1, 3])

    def merge_heads(self, x, heads):
        y = self.node("Transpose", x, perm=[0, 2, 1, 3])
        return self.node("Reshape", y, self.sizes(self.size(y, 0), self.size(y, 1), heads * self.a.head))

    def scores(self, q, keys):
        """`keys`: [b, h, d, t]."""
        size = self.a.head
        if self.a.exporter == "dynamo":
            root = self.number(size ** -0.25)
            return self.node("MatMul", self.node("Mul", q, root), self.node("Mul", keys, root))
        product = self.node("MatMul", q, keys)
        if self.a.exporter == "tf":
            return self.node("Mul", product, self.number(size ** -0.5))
        return self.node("Div", product, self.number(size ** 0.5))

    def mix(self, scores, v):
        return self.node("MatMul", self.node("Softmax", scores, axis=-1), v)

    def positions(self, ids):
        return self.node("Range", self.value(numpy.int64(0)), self.size(ids, 1), self.value(numpy.int64(1)))

    def causal(self, scores, ids):
        """Scores of the past; `bias` of GPT-2, cut to size."""
        length = self.size(ids, 1)
        table = self.value(numpy.tril(numpy.ones((1, 1, 16, 16))).astype(bool if self.a.exporter != "tf" else numpy.float32))
        end, one = self.node("Unsqueeze", length, self.ints(0)), self.ints(1)
        rows = self.node("Slice", table, self.ints(0), end, self.ints(2), one)
        keep = self.node("Slice", rows, self.ints(0), end, self.ints(3), one)
        if self.a.exporter == "tf":
            fill = self.node("Mul", self.number(1e4), self.node("Sub", self.number(1), keep))
            return self.node("Sub", self.node("Mul", scores, keep), fill)
        return self.node("Where", keep, scores, self.number(LOWEST))

    # Networks.

    def gpt2(self):
        w, h = self.a.width, self.a.heads
        self.a.head = w // h
        table = self.weight(self.a.words, w, scale=1.0)
        x = self.node("Gather", table, "ids")
        x = self.node("Add", x, self.node("Gather", self.weight(16, w, scale=0.5), self.node("Unsqueeze", self.positions("ids"), self.ints(0))))
        for _ in range(self.a.layers):
            y = self.conv1d(self.norm(x), w, 3 * w)
            q, k, v = self.node("Split", y, self.ints(w, w, w), outputs=3, axis=2)
            q, keys, v = self.split_heads(q, h), self.split_heads(k, h, transposed=True), self.split_heads(v, h)
            y = self.mix(self.causal(self.scores(q, keys), "ids"), v)
            x = self.node("Add", self.conv1d(self.merge_heads(y, h), w, w), x)
            y = self.gelu(self.conv1d(self.norm(x), w, 4 * w), tanh=True)
            x = self.node("Add", x, self.conv1d(y, 4 * w, w))
        return self.node("MatMul", self.norm(x), self.node("Transpose", table, perm=[1, 0])), ["batch", "seq", self.a.words]

    def bert(self):
        w, h = self.a.width, self.a.heads
        self.a.head = w // h
        mask = self.node("Cast", self.node("Unsqueeze", self.node("Unsqueeze", "attention_mask", self.ints(1)), self.ints(2)), to=TensorProto.FLOAT)
        far = -1e4 if self.a.exporter == "tf" else LOWEST
        mask = self.node("Mul", self.node("Sub", self.number(1), mask), self.number(far))
        x = self.node("Gather", self.weight(self.a.words, w, scale=1.0), "ids")
        x = self.node("Add", x, self.node("Gather", self.weight(2, w, scale=0.5), "token_type_mask"))
        x = self.node("Add", x, self.node("Gather", self.weight(16, w, scale=0.5), self.node("Unsqueeze", self.positions("ids"), self.ints(0))))
        x = self.norm(x)
        for _ in range(self.a.layers):
            q, k, v = (self.linear(x, w, w) for _ in range(3))
            q, keys, v = self.split_heads(q, h), self.split_heads(k, h, transposed=True), self.split_heads(v, h)
            y = self.mix(self.node("Add", self.scores(q, keys), mask), v)
            x = self.norm(self.node("Add", self.linear(self.merge_heads(y, h), w, w), x))
            y = self.linear(self.gelu(self.linear(x, w, 2 * w)), 2 * w, w)
            x = self.norm(self.node("Add", y, x))
        first = self.node("Gather", x, self.value(numpy.int64(0)), axis=1)
        pooled = self.node("Tanh", self.node("Gemm", first, self.weight(w, w), self.weight(w, scale=0.3), transB=1))
        return pooled, ["batch", w]

    def rotate(self, x, cos, sin):
        half = self.a.head // 2
        low = self.slice(x, 0, half, 3)
        high = self.slice(x, half, 2**62, 3)
        turned = self.node("Concat", self.node("Neg", high), low, axis=-1)
        return self.node("Add", self.node("Mul", x, cos), self.node("Mul", turned, sin))

    def repeat(self, x, times):
        sizes = [self.size(x, i) for i in range(4)]
        y = self.node("Unsqueeze", x, self.ints(2))
        y = self.node("Expand", y, self.sizes(sizes[0], sizes[1], times, sizes[2], sizes[3]))
        heads = self.node("Mul", sizes[1], self.value(numpy.int64(times)))
        return self.node("Reshape", y, self.sizes(sizes[0], heads, sizes[2], sizes[3]))

    def llama(self):
        w, h, kv, size = self.a.width, self.a.heads, self.a.kv, self.a.head
        rates = self.value((10.0 ** -numpy.arange(size // 2))[None, :, None].astype(numpy.float32))
        steps = self.node("Cast", self.node("Unsqueeze", self.node("Unsqueeze", self.positions("ids"), self.ints(0)), self.ints(1)), to=TensorProto.FLOAT)
        angles = self.node("Transpose", self.node("MatMul", rates, steps), perm=[0, 2, 1])
        angles = self.node("Concat", angles, angles, axis=-1)
        cos, sin = (self.node("Unsqueeze", self.node("Mul", self.node(f, angles), self.number(1)), self.ints(1)) for f in ("Cos", "Sin"))
        steps = self.positions("ids")
        later = self.node("Greater", self.node("Unsqueeze", steps, self.ints(0)), self.node("Unsqueeze", steps, self.ints(1)))
        mask = self.node("Where", later, self.number(LOWEST), self.number(0))
        x = self.node("Gather", self.weight(self.a.words, w, scale=1.0), "ids")
        for _ in range(self.a.layers):
            y = self.norm(x, shift=False)
            q = self.rotate(self.split_heads(self.linear(y, w, h * size, bias=False), h), cos, sin)
            k = self.rotate(self.split_heads(self.linear(y, w, kv * size, bias=False), kv), cos, sin)
            v = self.split_heads(self.linear(y, w, kv * size, bias=False), kv)
            keys = self.node("Transpose", self.repeat(k, h // kv), perm=[0, 1, 3, 2])
            y = self.mix(self.node("Add", self.scores(q, keys), mask), self.repeat(v, h // kv))
            x = self.node("Add", x, self.linear(self.merge_heads(y, h), h * size, w, bias=False))
            y = self.norm(x, shift=False)
            gate = self.linear(y, w, 2 * w, bias=False)
            gate = self.node("Mul", gate, self.node("Sigmoid", gate))
            y = self.node("Mul", gate, self.linear(y, w, 2 * w, bias=False))
            x = self.node("Add", x, self.linear(y, 2 * w, w, bias=False))
        return self.linear(self.norm(x, shift=False), w, self.a.words, bias=False), ["batch", "seq", self.a.words]

    def vit(self):
        w, h = self.a.width, self.a.heads
        self.a.head = w // h
        x = self.node("Conv", "image", self.weight(w, 3, 4, 4, scale=0.2), self.weight(w, scale=0.3), kernel_shape=[4, 4], strides=[4, 4])
        x = self.node("Transpose", self.node("Reshape", x, self.ints(0, w, 4)), perm=[0, 2, 1])
        first = self.node("Expand", self.weight(1, 1, w, scale=0.5), self.sizes(self.size(x, 0), 1, w))
        x = self.node("Concat", first, x, axis=1)
        x = self.node("Add", x, self.weight(1, 5, w, scale=0.5))
        for _ in range(self.a.layers):
            y = self.norm(x)
            q, k, v = (self.linear(y, w, w) for _ in range(3))
            q, keys, v = self.split_heads(q, h), self.split_heads(k, h, transposed=True), self.split_heads(v, h)
            x = self.node("Add", self.linear(self.merge_heads(self.mix(self.scores(q, keys), v), h), w, w), x)
            y = self.linear(self.gelu(self.linear(self.norm(x), w, 2 * w)), 2 * w, w)
            x = self.node("Add", y, x)
        token = self.node("Gather", self.norm(x), self.value(numpy.int64(0)), axis=1)
        return self.node("Gemm", token, self.weight(7, w), self.weight(7, scale=0.3), transB=1), ["batch", 7]

    def model(self, name):
        y, shape = getattr(self, name)()
        self.nodes.append(helper.make_node("Identity", [y], ["y"], name="output"))
        ids = ("ids", TensorProto.INT64, ["batch", "seq"])
        masks = [(n, TensorProto.INT64, ["batch", "seq"]) for n in ("attention_mask", "token_type_mask")]
        inputs = {"gpt2": [ids], "llama": [ids], "bert": [ids, *masks], "vit": [("image", TensorProto.FLOAT, ["batch", 3, 8, 8])]}[name]
        graph = helper.make_graph(self.nodes, name, [helper.make_tensor_value_info(*i) for i in inputs],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=["gpt2", "bert", "llama", "vit"])
    parser.add_argument("out")
    parser.add_argument("--exporter", choices=["torchscript", "dynamo", "tf"], default="torchscript")
    for name, default in [("layers", 2), ("width", 24), ("heads", 4), ("kv", 2), ("head", 6), ("words", 12), ("seed", 0)]:
        parser.add_argument("--" + name, type=int, default=default)
    args = parser.parse_args()
    onnx.save(Graph(args).model(args.network), args.out)


if __name__ == "__main__":
    main()
