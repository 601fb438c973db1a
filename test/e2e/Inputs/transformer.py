#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a small transformer with random weights on the nn floor, as exporters write it: norms as chains.

usage: transformer.py OUT.mlir [--norm rms|layer] [--width 24] [--heads 4] [--kv 2] [--head 6] [--hidden 20] [--layers 2]
                      [--post] [--branch] [--tied] [--seed 0]

rms: rotary embedding, gated SiLU, no biases (Llama). layer: biases, GELU (GPT-2). --post: norms after the residual addition (BERT).
--branch: a norm on each branch before the addition (Gemma 2). --tied: the head is the embedding.
"""
import argparse

import numpy


class Writer:
    def __init__(self, args):
        self.a, self.rng, self.lines, self.blobs, self.n = args, numpy.random.default_rng(args.seed), [], [], 0
        self.stream = f"?x?x{args.width}"

    def emit(self, op, operands, types, result, attributes=""):
        self.n += 1
        names = ", ".join("%" + o for o in operands)
        shapes = ", ".join(f"tensor<{t}>" for t in types)
        self.lines.append(f"%v{self.n} = nn.{op} {names}{attributes} : ({shapes}) -> tensor<{result}>")
        return f"v{self.n}"

    def constant(self, shape, scale=1.0, offset=0.0):
        self.n += 1
        values = (offset + scale * self.rng.standard_normal(shape)).astype("<f4")
        self.blobs.append(f'w{self.n}: "0x04000000{values.tobytes().hex()}"')
        sizes = "x".join(map(str, shape))
        self.lines.append(f"%v{self.n} = nn.constant dense_resource<w{self.n}> : tensor<{sizes}xf32>")
        return f"v{self.n}"

    def number(self, value):
        self.n += 1
        self.lines.append(f"%v{self.n} = nn.constant dense<{value:e}> : tensor<f32>")
        return f"v{self.n}"

    def binary(self, kind, x, y, xt, yt, result=None):
        return self.emit(f"binary {kind}", [x, y], [xt + "xf32", yt + "xf32" if yt else "f32"], (result or xt) + "xf32")

    def unary(self, kind, x, t):
        return self.emit(f"unary {kind}", [x], [t + "xf32"], t + "xf32")

    def linear(self, x, rows, columns, transposed=None):
        w = transposed or self.constant((rows, columns), rows**-0.5)
        shape = f"{columns}x{rows}" if transposed else f"{rows}x{columns}"
        y = self.emit("matmul", [x, w], [f"?x?x{rows}xf32", f"{shape}xf32"], f"?x?x{columns}xf32",
                      " {transpose_rhs = true}" if transposed else "")
        if self.a.norm == "layer" and not transposed:
            y = self.binary("add", y, self.constant((columns,), 0.5), f"?x?x{columns}", str(columns))
        return y

    def norm(self, x):
        t, one = self.stream, "?x?x1"
        axes = " {axes = array<i64: 2>, keep_dims = true}"

        def mean(v):
            return self.emit("reduce mean", [v], [t + "xf32"], one + "xf32", axes)

        if self.a.norm == "layer":
            x = self.binary("sub", x, mean(x), t, one)
        square = mean(self.binary("mul", x, x, t, t))
        root = self.unary("sqrt", self.binary("add", square, self.number(1e-5), one, ""), one)
        y = self.binary("div", x, root, t, one)
        y = self.binary("mul", y, self.constant((self.a.width,), 0.5, 1.0), t, str(self.a.width))
        if self.a.norm == "layer":
            y = self.binary("add", y, self.constant((self.a.width,), 0.5), t, str(self.a.width))
        return y

    def reshape(self, x, source, target, sizes="%b, %t"):
        self.n += 1
        self.lines.append(f"%v{self.n} = nn.reshape %{x} [{sizes}] : tensor<{source}xf32> -> tensor<{target}xf32>")
        return f"v{self.n}"

    def transpose(self, x, source, order, target):
        return self.emit("transpose", [x], [source + "xf32"], target + "xf32", f" {{permutation = array<i64: {order}>}}")

    def split(self, x, heads, size, offset, length):
        self.n += 1
        self.lines.append(f"%v{self.n} = nn.slice %{x} offsets [0, 0, 0, {offset}] sizes [%b, {heads}, %t, {length}] "
                          f"strides [1, 1, 1, 1] : tensor<?x{heads}x?x{size}xf32> -> tensor<?x{heads}x?x{length}xf32>")
        return f"v{self.n}"

    def rope(self, x, heads):
        size, half = self.a.head, self.a.head // 2
        t, angle = f"?x{heads}x?x{half}", f"?x{half}"
        a, b = self.split(x, heads, size, 0, half), self.split(x, heads, size, half, half)
        left = self.binary("sub", self.binary("mul", a, "cos", t, angle), self.binary("mul", b, "sin", t, angle), t, t)
        right = self.binary("add", self.binary("mul", b, "cos", t, angle), self.binary("mul", a, "sin", t, angle), t, t)
        return self.emit("concat", [left, right], [t + "xf32"] * 2, f"?x{heads}x?x{size}xf32", " {axis = 3 : i64}")

    def heads(self, x, count, rotary):
        size = self.a.head
        y = self.linear(x, self.a.width, count * size)
        y = self.reshape(y, f"?x?x{count * size}", f"?x?x{count}x{size}")
        y = self.transpose(y, f"?x?x{count}x{size}", "0, 2, 1, 3", f"?x{count}x?x{size}")
        return self.rope(y, count) if rotary and self.a.norm == "rms" else y

    def repeat(self, x):
        kv, size, times = self.a.kv, self.a.head, self.a.heads // self.a.kv
        y = self.reshape(x, f"?x{kv}x?x{size}", f"?x{kv}x1x?x{size}")
        self.n += 1
        self.lines.append(f"%v{self.n} = nn.broadcast %{y} [%b, %t] : tensor<?x{kv}x1x?x{size}xf32> -> "
                          f"tensor<?x{kv}x{times}x?x{size}xf32>")
        return self.reshape(f"v{self.n}", f"?x{kv}x{times}x?x{size}", f"?x{kv * times}x?x{size}")

    def attention(self, x):
        heads, size = self.a.heads, self.a.head
        t, s = f"?x{heads}x?x{size}", f"?x{heads}x?x?"
        q, k = self.heads(x, heads, True), self.repeat(self.heads(x, self.a.kv, True))
        v = self.repeat(self.heads(x, self.a.kv, False))
        k = self.transpose(k, t, "0, 1, 3, 2", f"?x{heads}x{size}x?")
        score = self.emit("matmul", [q, k], [t + "xf32", f"?x{heads}x{size}x?xf32"], s + "xf32")
        score = self.binary("mul", score, self.number(0.5), s, "")
        p = self.emit("softmax", [score], [s + "xf32"], s + "xf32", " {axis = 3 : i64}")
        y = self.emit("matmul", [p, v], [s + "xf32", t + "xf32"], t + "xf32")
        y = self.transpose(y, t, "0, 2, 1, 3", f"?x?x{heads}x{size}")
        y = self.reshape(y, f"?x?x{heads}x{size}", f"?x?x{heads * size}")
        return self.linear(y, heads * size, self.a.width)

    def feed_forward(self, x):
        t = f"?x?x{self.a.hidden}"
        up = self.linear(x, self.a.width, self.a.hidden)
        if self.a.norm == "layer":
            return self.linear(self.unary("gelu", up, t), self.a.hidden, self.a.width)
        gate = self.linear(x, self.a.width, self.a.hidden)
        gate = self.binary("mul", gate, self.unary("sigmoid", gate, t), t, t)
        return self.linear(self.binary("mul", gate, up, t, t), self.a.hidden, self.a.width)

    def block(self, x, part):
        y = part(x if self.a.post else self.norm(x))
        if self.a.branch:
            y = self.norm(y)
        y = self.binary("add", x, y, self.stream, self.stream)
        return self.norm(y) if self.a.post else y

    def module(self):
        table = self.constant((12, self.a.width))
        x = self.emit("gather", [table, "ids"], [f"12x{self.a.width}xf32", "?x?xi64"], self.stream + "xf32", " {axis = 0 : i64}")
        if self.a.norm == "layer" and not self.a.post:
            x = self.binary("add", x, self.constant((1, 1, self.a.width)), self.stream, f"1x1x{self.a.width}")
        for _ in range(self.a.layers):
            x = self.block(x, self.attention)
            x = self.block(x, self.feed_forward)
        if not self.a.post:
            x = self.norm(x)
        y = self.linear(x, self.a.width, 12, table if self.a.tied else None)
        half = self.a.head // 2
        prologue = [
            "%c0 = arith.constant 0 : index", "%c1 = arith.constant 1 : index",
            "%b = tensor.dim %ids, %c0 : tensor<?x?xi64>", "%t = tensor.dim %ids, %c1 : tensor<?x?xi64>",
            "%steps = nn.iota [%t] {axis = 0 : i64} : tensor<?x1xf32>",
            f"%rates = nn.constant dense<{[[0.5 ** i for i in range(half)]]}> : tensor<1x{half}xf32>",
            f"%angles = nn.binary mul %steps, %rates : (tensor<?x1xf32>, tensor<1x{half}xf32>) -> tensor<?x{half}xf32>",
            f"%cos = nn.unary cos %angles : (tensor<?x{half}xf32>) -> tensor<?x{half}xf32>",
            f"%sin = nn.unary sin %angles : (tensor<?x{half}xf32>) -> tensor<?x{half}xf32>",
        ]
        body = "\n  ".join(prologue + self.lines + [f"return %{y} : tensor<?x?x12xf32>"])
        blobs = ",\n      ".join(self.blobs)
        return (f"func.func @main(%ids: tensor<?x?xi64>) -> tensor<?x?x12xf32> {{\n  {body}\n}}\n"
                f"{{-#\n  dialect_resources: {{\n    builtin: {{\n      {blobs}\n    }}\n  }}\n#-}}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--norm", choices=["rms", "layer"], default="rms")
    for name, default in [("width", 24), ("heads", 4), ("kv", 2), ("head", 6), ("hidden", 20), ("layers", 2), ("seed", 0)]:
        parser.add_argument("--" + name, type=int, default=default)
    for name in ("post", "branch", "tied"):
        parser.add_argument("--" + name, action="store_true")
    args = parser.parse_args()
    with open(args.out, "w", encoding="utf-8") as file:
        file.write(Writer(args).module())


if __name__ == "__main__":
    main()
