#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantizes a model with `lpc quantize` and checks the file: it is legal, keeps what it does not quantize, computes what
lpc's own compilation in the same formats computes, in other software and when lpc reads it back.

usage: check_quantized.py FOLDER MODEL DATA.npz:ARRAY PEER [option of lpc quantize ...]

PEER runs the file: ort (ONNX Runtime, its rewrites off), or reference (the evaluator of the onnx package, with QONNX's
nodes as their definition says). FOLDER is made anew.
"""
import os
import shutil
import subprocess
import sys

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

ROUNDING = {"ROUND": np.rint}


class DequantizeLinear(OpRun):
    """The package evaluates operator set 21; this is the text of 24."""

    op_domain = ""

    def _run(self, x, scale, zero=None, axis=None, block_size=None, output_dtype=None):
        def spread(p):
            p = p.astype(np.float32)
            if p.size == 1:
                return p.reshape(())
            if block_size:
                return np.repeat(p, block_size, axis).take(range(x.shape[axis]), axis)
            return p.reshape([-1 if d == axis % x.ndim else 1 for d in range(x.ndim)])

        v = x.astype(np.float32) - (0 if zero is None else spread(zero))
        return ((v * spread(scale)).astype(np.float32),)


class Quant(OpRun):
    op_domain = "qonnx.custom_op.general"

    def _run(self, x, scale, zeropt, bitwidth, signed=None, narrow=None, rounding_mode=None):
        bits = int(bitwidth)
        low = -(2 ** (bits - 1)) + narrow if signed else 0
        high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - narrow
        q = np.clip(ROUNDING[rounding_mode](x / scale + zeropt), low, high)
        return (((q - zeropt) * scale).astype(np.float32),)


class BipolarQuant(OpRun):
    op_domain = "qonnx.custom_op.general"

    def _run(self, x, scale):
        return (np.where(x >= 0, scale, -scale).astype(np.float32),)


class FloatQuant(OpRun):
    op_domain = "qonnx.custom_op.general"

    def _run(self, x, scale, exponent, mantissa, bias, max_val, has_inf=None, has_nan=None, has_subnormal=None,
             rounding_mode=None, saturation=None):  # fmt: skip
        v = (x / scale).astype(np.float64)
        with np.errstate(divide="ignore"):
            binade = np.maximum(np.floor(np.log2(np.abs(v))), 1 - float(bias))
        ulp = np.exp2(binade - float(mantissa))
        q = np.clip(ROUNDING[rounding_mode](v / ulp) * ulp, -float(max_val), float(max_val))
        return ((q * scale).astype(np.float32),)


def run_peer(peer, path, feeds):
    if peer == "ort":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        return onnxruntime.InferenceSession(path, options).run(None, feeds)
    return ReferenceEvaluator(path, new_ops=[DequantizeLinear, Quant, BipolarQuant, FloatQuant]).run(None, feeds)


def run_lpc(folder, model, data, *options):
    so, out = os.path.join(folder, "model.so"), os.path.join(folder, "out.npz")
    subprocess.run(["lpc", "compile", "--quiet", "-O1", model, "-o", so, *options], check=True)
    subprocess.run(["lpc", "run", "--quiet", so, "--input", data, "--save", out], check=True, capture_output=True)
    with np.load(out) as arrays:
        return [arrays[name] for name in arrays.files]


def check_rest(before, after):
    """Nodes keep their order, names, attributes and outputs; tensors that are still there are the same."""
    def key(node):
        plain = [a.SerializeToString() for a in node.attribute if a.type != onnx.AttributeProto.GRAPH]
        return node.op_type, node.name, list(node.output), plain

    keys = [key(n) for n in after.graph.node]
    used = {i for n in after.graph.node for i in n.input} | {o.name for o in after.graph.output}
    at = 0
    for node in before.graph.node:
        if key(node) in keys[at:]:
            at = keys.index(key(node), at) + 1
        elif set(node.output) & used:
            sys.exit(f"node {node.name} is not where it was")
    tensors = {t.name: t for t in before.graph.initializer}
    for t in after.graph.initializer:
        if t.name in tensors and t.SerializeToString() != tensors[t.name].SerializeToString():
            sys.exit(f"the tensor {t.name} has changed")
    if before.graph.input != after.graph.input or before.graph.output != after.graph.output:
        sys.exit("the inputs or outputs have changed")
    if before.metadata_props != after.metadata_props or before.producer_name != after.producer_name:
        sys.exit("the model's metadata have changed")


def main():
    folder, model, data, peer, options = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    before = onnx.load(model)
    name = before.graph.input[0].name
    file, array = data.rsplit(":", 1)
    x = np.load(file)[array][:32]
    np.save(os.path.join(folder, "x.npy"), x)
    feed = f"{name}=@{os.path.join(folder, 'x.npy')}"
    quantized = os.path.join(folder, "quantized.onnx")
    done = subprocess.run(["lpc", "quantize", "--quiet", model, "-o", quantized, *options],
                          check=True, capture_output=True, text=True)  # fmt: skip
    after = onnx.load(quantized)
    onnx.checker.check_model(after, full_check="qonnx" not in options)
    check_rest(before, after)

    compile_options, skip = [], False
    for option in options:
        if not skip and option != "--format":
            compile_options.append(option)
        skip = option == "--format"
    expected = run_lpc(folder, model, feed, *compile_options)
    found = {"peer": run_peer(peer, quantized, {name: x}), "lpc": run_lpc(folder, quantized, feed)}
    plain = run_peer("reference", model, {name: x})
    for who, outputs in found.items():
        for e, f in zip(expected, outputs, strict=True):
            if e.shape != f.shape or not np.allclose(e, f, rtol=1e-4, atol=1e-4):
                sys.exit(f"{who}: an output differs by up to {np.abs(e - f).max()}")
    if all(np.array_equal(p, e) for p, e in zip(plain, expected)):
        sys.exit("nothing was rounded")
    print(done.stdout.strip() + f", opset {after.opset_import[0].version}, " + " ".join(
        sorted({n.op_type for n in after.graph.node} - {n.op_type for n in before.graph.node})))  # fmt: skip


if __name__ == "__main__":
    main()
