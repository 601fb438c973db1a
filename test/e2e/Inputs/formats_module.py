#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes an lp module that encodes and decodes its input in many formats and policies, and inputs.

usage: formats_module.py MODULE.mlir INPUTS.npz
"""
import sys

import numpy

ROWS, COLUMNS = 37, 29
CASES = [("int4", "nearest_up"), ("e4m3", "nearest_even"), ("e2m1", "nearest_even"), ("fix8<f=4>", "nearest_even"),
         ("ufix6<f=-2>", "up"), ("fix12<f=20>", "to_odd"), ("posit8", "nearest_even"), ("posit8<es=0>", "toward_zero"),
         ("posit16", "nearest_even"), ("posit3", "nearest_away"), ("hif8", "nearest_away"), ("hif8", "nearest_even"),
         ("lns8", "nearest_even"), ("lns8<nozero>", "down"), ("lns12", "away"), ("nf4", "nearest_down"),
         ("fp4.bnb", "nearest_even"), ("binary", "nearest_even"), ("ternary", "nearest_even"), ("bipolar3", "away"),
         ("pot4", "nearest_even"), ("denseshift3", "nearest_even"), ("dint4", "nearest_even"),
         ("table<-1.5,0.1,2,100>", "nearest_down"), ("table<3,0,1,-0.5,7,9,11,2,5>", "nearest_up")]

lines, results = [], []
full = f"tensor<?x{COLUMNS}xf32>"
for i, (fmt, rounding) in enumerate(CASES):
    codes = f"tensor<?x{COLUMNS}x!lp.{fmt}>"
    for overflow in ("saturate", "infinity"):
        n = len(results)
        lines.append(f"%q{n} = lp.quantize %x scales(%s) {{rounding = #lp.rounding<{rounding}>, overflow = #lp.overflow<{overflow}>, "
                     f"scale = #lp.scale<[*, *]>}} : {full}, (tensor<1x1xf32>) -> {codes}")
        lines.append(f"%y{n} = lp.dequantize %q{n} scales(%s) {{scale = #lp.scale<[*, *]>}} : {codes}, (tensor<1x1xf32>) -> {full}")
        results.append(f"%y{n}")

with open(sys.argv[1], "w", encoding="utf-8") as f:
    named = ", ".join(f'{full} {{onnx.name = "y{i}"}}' for i in range(len(results)))
    f.write(f'func.func @main(%x: {full} {{nn.dims = ["rows", ""], onnx.name = "x"}}) -> ({named}) {{\n  ')
    f.write("%s = nn.constant dense<0.75> : tensor<1x1xf32>\n  ")
    f.write("\n  ".join(lines))
    f.write(f"\n  return {', '.join(results)} : {', '.join([full] * len(results))}\n}}\n")
rng = numpy.random.default_rng(11)
x = numpy.exp2(rng.uniform(-12, 12, (ROWS, COLUMNS))) * rng.choice([-1, 1], (ROWS, COLUMNS))
x[0, :8] = [0.0, -0.0, numpy.inf, -numpy.inf, numpy.nan, 1e38, -1e38, 1e-42]
x[1:9] = rng.standard_normal((8, COLUMNS))
numpy.savez(sys.argv[2], x=x.astype(numpy.float32))
