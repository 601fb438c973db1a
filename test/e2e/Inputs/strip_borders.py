#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cuts the quantize of inputs and the dequantize of outputs off an integer-only module: what is left takes and gives codes, as
builtin integers of the same bits.

usage: strip_borders.py MODULE.mlir STRIPPED.mlir [ARRAYS.npz STRIPPED.npz]

With arrays, named as the float inputs, also writes their codes.
"""
import re
import sys

import numpy


def builtin(code_type):
    """tensor<?x8x!lp.uint8> as tensor<?x8xui8>."""
    return re.sub(r"!lp\.(u?)int(\d+)", r"\1i\2", code_type)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    head, rest = text.split("func.func @main(", 1)
    body, resources = rest.split("\n{-#", 1)
    data = dict(numpy.load(sys.argv[3])) if len(sys.argv) > 3 else {}
    for name, value, scales, from_type, to_type in re.findall(
            r"(%\w+) = lp\.quantize (%arg\d+) scales\((%\w+)\) \{[^}]*\} : (\S+), \([^)]*\) -> (\S+)", body):
        line = next(x for x in body.split("\n") if x.strip().startswith(f"{name} = lp.quantize"))
        scale = float(re.search(rf"{re.escape(scales)} = nn\.constant dense<([-+0-9.eE]+)>", body)[1])
        body = body.replace(line, f"    {name} = lp.bitcast {value} : {builtin(to_type)} -> {to_type}")
        body = body.replace(f"{value}: {from_type}", f"{value}: {builtin(to_type)}")
        body = re.sub(rf"(tensor\.dim {re.escape(value)}, %\w+ : ){re.escape(from_type)}", rf"\g<1>{builtin(to_type)}", body)
        argument = re.search(rf'{re.escape(value)}: \S+ \{{[^}}]*onnx\.name = "([^"]*)"', body)[1]
        if argument in data:
            kind = re.search(r"!lp\.(u?int\d+)", to_type)[1]
            bounds = numpy.iinfo(kind)
            codes = numpy.rint(data[argument].astype(numpy.float32) / numpy.float32(scale))
            data[argument] = numpy.clip(codes, bounds.min, bounds.max).astype(kind)
    for name, value, from_type, to_type in re.findall(
            r"(%\w+) = lp\.dequantize (%\w+) scales\(%\w+\) \{[^}]*\} : (\S+), \([^)]*\) -> (\S+)", body):
        if not re.search(rf"return {re.escape(name)} :", body):
            continue
        line = next(x for x in body.split("\n") if x.strip().startswith(f"{name} = lp.dequantize"))
        body = body.replace(line, f"    {name} = lp.bitcast {value} : {from_type} -> {builtin(from_type)}")
        body = re.sub(rf"return {re.escape(name)} : \S+", f"return {name} : {builtin(from_type)}", body)
        body = body.replace(f"-> ({to_type} {{", f"-> ({builtin(from_type)} {{", 1)
    if "lp.quantize" in body or "lp.dequantize" in body:
        sys.exit("the module still has quantize or dequantize inside")
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(head + "func.func @main(" + body + "\n{-#" + resources)
    if data:
        numpy.savez(sys.argv[4], **data)


main()
