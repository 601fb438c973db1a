#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares what `lpc formats` prints with ml_dtypes, NumPy and XML and JSON parsers.

usage: check_formats.py FOLDER LPC

Writes arrays for further tests into FOLDER.
"""
import json
import os
import subprocess
import sys
import xml.etree.ElementTree
from fractions import Fraction

import ml_dtypes
import numpy as np

PEERS = {
    "e2m1": ml_dtypes.float4_e2m1fn, "e2m3": ml_dtypes.float6_e2m3fn, "e3m2": ml_dtypes.float6_e3m2fn,
    "e4m3": ml_dtypes.float8_e4m3fn, "e4m3.ieee": ml_dtypes.float8_e4m3, "e5m2": ml_dtypes.float8_e5m2,
    "e3m4": ml_dtypes.float8_e3m4, "e4m3fnuz": ml_dtypes.float8_e4m3fnuz, "e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
    "e4m3b11fnuz": ml_dtypes.float8_e4m3b11fnuz, "e8m0": ml_dtypes.float8_e8m0fnu, "bf16": ml_dtypes.bfloat16,
    "fp16": np.float16, "int4": ml_dtypes.int4, "uint4": ml_dtypes.uint4,
}  # fmt: skip


def parse(text):
    """A value as lpc writes it: "-0.5", "-3*2^-12", "inf", "NaN"; exact where finite."""
    if text in ("NaN", "inf", "-inf", "-0"):
        return float(text.lower())
    sign, text = (-1, text[1:]) if text[0] == "-" else (1, text)
    factor, power, exponent = text.rpartition("2^")
    if not power:
        return sign * Fraction(text)
    return sign * Fraction(factor[:-1] or 1) * Fraction(2) ** int(exponent)


def same(value, peer):
    if np.isnan(peer):
        return value != value
    return value == peer and np.signbit(float(value)) == np.signbit(peer)


def check_values(lpc):
    for name, dtype in PEERS.items():
        lines = subprocess.run([lpc, "formats", name, "--values"], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in lines.splitlines()]
        codes = np.arange(len(rows))
        width = {"bf16": 16, "fp16": 16}.get(name, 8)
        # Four-bit integers of ml_dtypes are bytes with the sign extended.
        bits = codes - 16 * (codes > 7) if name == "int4" else codes
        peers = bits.astype(f"u{width // 8}" if name != "int4" else "i1").view(dtype).astype(np.float64)
        for (code, value), number, peer in zip(rows, codes, peers):
            if int(code, 16) != number or not same(parse(value), peer):
                sys.exit(f"{name} code {code}: lpc says {value}, the peer {peer}")
        described = json.loads(subprocess.run([lpc, "formats", name, "--json"], capture_output=True, check=True).stdout)
        finite = peers[np.isfinite(peers)]
        if [parse(v) for v in described["values"]] != [parse(v) for _, v in rows] and not np.isnan(peers).any():
            sys.exit(f"{name}: --json lists other values than --values")
        if (described["max"]["value"] != finite.max() or described["lowest"]["value"] != finite.min()
                or described["finite_values"] != len(np.unique(finite))
                or described["nans"] != list(codes[np.isnan(peers)])):  # fmt: skip
            sys.exit(f"{name}: --json disagrees: {described}")
    print("values agree:", *PEERS)
    print("json agrees")


def check_svg(lpc, folder):
    for name in ("e4m3", "int16", "e3m2<bias=5>"):
        path = os.path.join(folder, "line.svg")
        subprocess.run([lpc, "formats", name, "--svg", path], capture_output=True, check=True)
        root = xml.etree.ElementTree.parse(path).getroot()
        if root.tag != "{http://www.w3.org/2000/svg}svg" or root[0].text != name:
            sys.exit(f"{name}: not the expected SVG")
    print("svg is well formed")


def check_comparison(lpc, folder):
    rng = np.random.default_rng(5)
    x = rng.standard_normal((3, 64, 96)).astype(np.float32)
    path = os.path.join(folder, "x.npy")
    np.save(path, x)

    def report(y, bits):
        e = x.astype(np.float64) - y
        return [10 * np.log10((x.astype(np.float64) ** 2).sum() / (e**2).sum()), ((x != 0) & (y == 0)).mean(), bits]

    # int4 in groups of 32 along the last axis, fp8 with one scale, mxfp4 with the OCP rule.
    groups = x.reshape(3, 64, 3, 32)
    top = np.abs(groups).max(axis=-1, keepdims=True)
    s = (top / np.float32(7)).astype(np.float32)
    int4 = (np.clip(np.rint(groups / s), -8, 7) * s).astype(np.float32).reshape(x.shape)
    s = np.float32(np.abs(x).max() / np.float32(448))
    fp8 = (x / s).astype(ml_dtypes.float8_e4m3fn).astype(np.float32) * s
    s = np.exp2(np.floor(np.log2(top.astype(np.float64))) - 2).astype(np.float32)
    clipped = np.clip(groups / s, -6, 6)
    mx = (clipped.astype(ml_dtypes.float4_e2m1fn).astype(np.float32) * s).reshape(x.shape)
    expected = [report(int4, 5), report(fp8, 8 + 32 / x.size), report(mx, 4.25)]
    out = subprocess.run([lpc, "formats", "--compare", "int4/g32", "e4m3", "mxfp4", "--dist", path, "--json"],
                         capture_output=True, check=True).stdout  # fmt: skip
    rows = json.loads(out)
    for row, (sqnr, underflowed, bits) in zip(rows, expected):
        found = [row["sqnr_db"], row["underflowed"], row["bits_per_value"]]
        if not np.allclose(found, [sqnr, underflowed, bits], rtol=1e-6):
            sys.exit(f"{row}: expected {sqnr}, {underflowed}, {bits}")
    # mxfp4 clips what is above 7 times the scale: half of the step from 4 to 6 beyond 6.
    share = (np.abs(groups / s) > 7).mean()
    if share == 0 or not np.isclose(rows[2]["clipped"], share) or rows[0]["clipped"] != 0:
        sys.exit(f"{rows}: expected {share} clipped")
    print("comparison agrees")


def main():
    folder, lpc = sys.argv[1:]
    check_values(lpc)
    check_svg(lpc, folder)
    check_comparison(lpc, folder)
    np.save(os.path.join(folder, "nan.npy"), np.array([1, np.nan], np.float32))
    np.save(os.path.join(folder, "empty.npy"), np.zeros((3, 0), np.float32))
    np.save(os.path.join(folder, "zero.npy"), np.zeros((3, 16), np.float32))


if __name__ == "__main__":
    main()
