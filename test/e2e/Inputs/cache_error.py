#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What quantizing keys in blocks of channels costs: relative errors of the keys of all layers and of their products with queries.

usage: cache_error.py LPC_EVAL MODULE.mlir TEXT BYTES [--block 8] [--bits 4] [--format int|bfp]

Runs a module of the nn floor on the first BYTES bytes of a text with the evaluator. Keys are those of nn.attention, or the right
operands of products of two computed tensors that contract channels. Each block of channels of a token shares a scale: int is the largest magnitude over
2^(bits-1) - 1, bfp the power of two that holds the largest magnitude.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

import numpy

TYPE = r"tensor<[^>]*xf32>"
PRODUCT = re.compile(rf"= nn\.matmul (%\w+), (%\w+) : \(({TYPE}), (tensor<(?:[^>]*x)?\d+x\?xf32>)\)")
ATTENTION = re.compile(rf"= nn\.attention (%\w+), (%\w+), .*: \(({TYPE}), ({TYPE}), ")


def expose(source, target):
    """The same module with queries and keys as results."""
    with open(source, encoding="utf-8") as file:
        lines = file.read().split("\n")
    attentions = [match.groups() for match in map(ATTENTION.search, lines) if match]
    found = attentions or [match.groups() for match in map(PRODUCT.search, lines) if match]
    if not found:
        sys.exit("no product of queries and keys")
    values = [v for q, k, _, _ in found for v in (q, k)]
    types = [t for _, _, q, k in found for t in (q, k)]
    for i, line in enumerate(lines):
        head = re.match(r"(\s*func\.func @main\(.*\) -> )(.*)( \{)$", line)
        if head:
            results = head[2][1:-1] if head[2].startswith("(") else head[2]
            lines[i] = f"{head[1]}({', '.join([results] + types)}){head[3]}"
        tail = re.match(r"(\s*return )(.*) : (.*)$", line)
        if tail:
            lines[i] = f"{tail[1]}{', '.join([tail[2]] + values)} : {', '.join([tail[3]] + types)}"
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    return len(found), bool(attentions)


def quantize(k, block, bits, form):
    """Keys [..., channels, tokens]."""
    x = numpy.moveaxis(k, -2, -1)
    x = x.reshape(x.shape[:-1] + (-1, block))
    most, top = numpy.abs(x).max(-1, keepdims=True), 2 ** (bits - 1) - 1
    most = numpy.where(most == 0, 1, most)
    scale = most / top if form == "int" else numpy.exp2(numpy.floor(numpy.log2(most)) + 1) / (top + 1)
    x = numpy.clip(numpy.rint(x / scale), -top, top) * scale
    return numpy.moveaxis(x.reshape(x.shape[:-2] + (-1,)), -1, -2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evaluator")
    parser.add_argument("module")
    parser.add_argument("text")
    parser.add_argument("bytes", type=int)
    parser.add_argument("--block", type=int, default=8)
    parser.add_argument("--bits", type=int, default=4)
    parser.add_argument("--format", choices=["int", "bfp"], default="int")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        exposed, ids, out = (os.path.join(folder, name) for name in ("exposed.mlir", "ids.npy", "out"))
        layers, is_attention = expose(args.module, exposed)
        with open(args.text, "rb") as file:
            numpy.save(ids, numpy.frombuffer(file.read(args.bytes), numpy.uint8)[None].astype(numpy.int64))
        subprocess.run([args.evaluator, exposed, "-o", out, ids], check=True)
        pairs = [[numpy.load(f"{out}{1 + 2 * i + j}.npy").astype(float) for j in (0, 1)] for i in range(layers)]
    errors = []
    for q, k in pairs:
        if is_attention:
            k = numpy.repeat(numpy.swapaxes(k, -2, -1), q.shape[-3] // k.shape[-3], axis=-3)
        rounded = quantize(k, args.block, args.bits, args.format)
        scores = q @ k
        errors.append([numpy.linalg.norm(rounded - k) / numpy.linalg.norm(k),
                       numpy.linalg.norm(q @ rounded - scores) / numpy.linalg.norm(scores)])
    print("keys " + " ".join(f"{100 * e[0]:.2f}" for e in errors) + f" % mean {100 * numpy.mean([e[0] for e in errors]):.2f} %")
    print("scores " + " ".join(f"{100 * e[1]:.2f}" for e in errors) + f" % mean {100 * numpy.mean([e[1] for e in errors]):.2f} %")


if __name__ == "__main__":
    main()
