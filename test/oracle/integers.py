# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Compares lpc's rescale contracts with Python's integers and with what MLIR's tosa-to-arith computes.
"""Usage: integers.py <path of lpc-integer-dump> <folder of LLVM's tools> <docs/IntegerOnly.md>

Every 16-bit value over random and adversarial (multiplier, shift) pairs in all three contracts; 32-bit values beside the
ties of their multiplier; real factors as 15- and 31-bit multipliers against fractions; TOSA's apply_scale and rescale,
lowered by mlir-opt and compiled. The table of errors in the documentation is what lpc-integer-dump measures."""

import ctypes
import math
import os
import subprocess
import sys
import tempfile
from fractions import Fraction

import numpy as np


class Lpc:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _ask(self, line, payload, size):
        self.process.stdin.write(line.encode() + b"\n" + payload)
        self.process.stdin.flush()
        data = self.process.stdout.read(size)
        if len(data) != size:
            sys.exit(f"lpc-integer-dump stopped at: {line}")
        return data

    def rescale(self, rounding, values, multipliers, shifts):
        payload = values.astype("<i8").tobytes() + multipliers.astype("<i4").tobytes() + shifts.astype("<i4").tobytes()
        return np.frombuffer(self._ask(f"rescale {rounding} {len(values)}", payload, 8 * len(values)), "<i8")

    def multipliers(self, bits, factors):
        data = self._ask(f"multiplier {bits} {len(factors)}", factors.astype("<f8").tobytes(), 8 * len(factors))
        both = np.frombuffer(data, "<i4")
        return both[:len(factors)], both[len(factors):]

    def isqrt(self, values):
        return np.frombuffer(self._ask(f"isqrt {len(values)}", values.astype("<u8").tobytes(), 4 * len(values)), "<u4")

    def errors(self):
        self.process.stdin.write(b"errors\n")
        self.process.stdin.flush()
        lines = iter(lambda: self.process.stdout.readline().decode(), "\n")
        return "".join(lines)


def exact(rounding, value, multiplier, shift):
    """The contract in unlimited integers, written from its words, not from lpc's code."""
    product = value * multiplier
    if rounding == "half_even":
        return round(Fraction(product, 2**shift))
    if rounding == "double" and shift > 31:
        # High half first, to nearest, ties away from zero where that is seen; then the rest, ties away.
        product += 2**30 if value >= 0 else -2**30
    return math.floor(Fraction(product, 2**shift) + Fraction(1, 2))


def pairs(random):
    """(multiplier, shift): powers of two and their neighbours, ends, random ones."""
    found = [(m, t) for m in (0, 1, 2, 3, 32767, 2**30 - 1, 2**30, 2**30 + 1, 2**31 - 1)
             for t in (1, 2, 15, 30, 31, 32, 33, 40, 46, 47, 61, 62)]
    found += [(int(random.integers(2**30, 2**31)), int(random.integers(1, 63))) for _ in range(24)]
    # Tie-heavy: few low bits, so that many products end in exactly one half.
    found += [(int(random.integers(1, 64)) << int(random.integers(10, 25)), int(random.integers(20, 45))) for _ in range(24)]
    return found


def check_rescale(lpc, random):
    checks = 0
    values = np.arange(-2**15, 2**15, dtype=np.int64)
    objects = values.astype(object)
    for m, t in pairs(random):
        for rounding in ("single", "double", "half_even"):
            ours = lpc.rescale(rounding, values, np.full(len(values), m), np.full(len(values), t))
            product = objects * m
            if rounding == "half_even":
                # Twice the quotient, floored, tells the side of the half; equality tells the tie.
                floor, rest = product >> t, product & ((1 << t) - 1)
                up = (rest > 1 << (t - 1)) | ((rest == 1 << (t - 1)) & (floor & 1 == 1))
                theirs = floor + up
            else:
                nudge = np.where(values >= 0, 2**30, -2**30).astype(object) if rounding == "double" and t > 31 else 0
                theirs = (product + nudge + (1 << (t - 1))) >> t
            bad = np.flatnonzero(ours != theirs.astype(np.int64))
            if len(bad):
                sys.exit(f"{rounding}: {values[bad[0]]} * {m} >> {t} is {ours[bad[0]]}, not {theirs[bad[0]]}")
            checks += len(values)
    # Wide values, beside the ties of each multiplier; the slow exact form.
    for rounding in ("single", "double", "half_even"):
        wide = []
        for _ in range(4000):
            m, t = int(random.integers(1, 2**31)), int(random.integers(1, 63))
            tie = ((2 * int(random.integers(-2**20, 2**20)) + 1) << (t - 1)) // m
            for v in (tie - 1, tie, tie + 1, -2**31, 2**31 - 1, int(random.integers(-2**47, 2**47))):
                if abs(v) < 2**47 and abs(v * m) >> t < 2**62:
                    wide.append((v, m, t))
        v, m, t = (np.array(x) for x in zip(*wide))
        ours = lpc.rescale(rounding, v, m, t)
        for i, (a, b, c) in enumerate(wide):
            if ours[i] != exact(rounding, a, b, c):
                sys.exit(f"{rounding}: {a} * {b} >> {c} is {ours[i]}, not {exact(rounding, a, b, c)}")
        checks += len(wide)
    return checks


def check_multipliers(lpc, random):
    factors = np.ldexp(random.uniform(0.5, 1, 4000), random.integers(-40, 30, 4000))
    factors = np.concatenate([factors, np.ldexp(1.0, np.arange(-70, 30)), [0.0, 1 - 2.0**-33, 1 - 2.0**-31, 1 - 2.0**-16]])
    for bits in (16, 32):
        m, t = lpc.multipliers(bits, factors)
        for factor, a, b in zip(factors, m.tolist(), t.tolist()):
            if factor == 0:
                want = (0, 1)
            else:
                e = math.frexp(factor)[1]
                shift = min(bits - 1 - e, 62)
                whole = math.floor(Fraction(factor) * 2**shift + Fraction(1, 2)) if shift > -64 else 0
                if whole == 2**(bits - 1):
                    whole, shift = whole // 2, shift - 1
                want = (whole, shift) if shift >= 1 else (-1, 0)
            if (a, b) != want:
                sys.exit(f"multiplier of {bits} bits for {factor!r}: {(a, b)}, not {want}")
    return 2 * len(factors)


APPLY = """
func.func @{name}(%v: memref<?xi32>, %m: memref<?xi32>, %s: memref<?xi8>, %y: memref<?xi32>) attributes {{llvm.emit_c_interface}} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %v, %c0 : memref<?xi32>
  scf.for %i = %c0 to %n step %c1 {{
    %a = memref.load %v[%i] : memref<?xi32>
    %b = memref.load %m[%i] : memref<?xi32>
    %c = memref.load %s[%i] : memref<?xi8>
    %r = tosa.apply_scale %a, %b, %c {{rounding_mode = {mode}}} : (i32, i32, i8) -> i32
    memref.store %r, %y[%i] : memref<?xi32>
  }}
  return
}}
"""
# Every 16-bit value to 8 bits, both zero points among the operands that TOSA admits.
RESCALE = """
func.func @{name}(%v: memref<65536xi16>, %y: memref<65536xi8>) attributes {{llvm.emit_c_interface}} {{
  %x = bufferization.to_tensor %v restrict : memref<65536xi16> to tensor<65536xi16>
  %m = "tosa.const"() {{values = dense<{m}> : tensor<1xi32>}} : () -> tensor<1xi32>
  %s = "tosa.const"() {{values = dense<{t}> : tensor<1xi8>}} : () -> tensor<1xi8>
  %zi = "tosa.const"() {{values = dense<0> : tensor<1xi16>}} : () -> tensor<1xi16>
  %zo = "tosa.const"() {{values = dense<{zero}> : tensor<1xi8>}} : () -> tensor<1xi8>
  %r = tosa.rescale %x, %m, %s, %zi, %zo {{scale32 = true, rounding_mode = {mode}, per_channel = false, input_unsigned = false,
       output_unsigned = false}} : (tensor<65536xi16>, tensor<1xi32>, tensor<1xi8>, tensor<1xi16>, tensor<1xi8>) -> tensor<65536xi8>
  bufferization.materialize_in_destination %r in restrict writable %y : (tensor<65536xi8>, memref<65536xi8>) -> ()
  return
}}
"""


class Memref(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("data", ctypes.c_void_p), ("offset", ctypes.c_int64),
                ("size", ctypes.c_int64), ("stride", ctypes.c_int64)]

    @staticmethod
    def of(array):
        return ctypes.byref(Memref(array.ctypes.data, array.ctypes.data, 0, len(array), 1))


def compile_tosa(tools, folder, cases):
    text = "".join(APPLY.format(name=mode.lower(), mode=mode) for mode in ("SINGLE_ROUND", "DOUBLE_ROUND"))
    text += "".join(RESCALE.format(name=f"rescale{i}", mode=mode, m=m, t=t, zero=zero)
                    for i, (mode, m, t, zero) in enumerate(cases))
    passes = ("builtin.module(func.func(tosa-to-linalg),tosa-to-arith{include-apply-rescale=true},"
              "one-shot-bufferize,convert-linalg-to-loops,convert-scf-to-cf,expand-strided-metadata,finalize-memref-to-llvm,"
              "convert-arith-to-llvm,convert-index-to-llvm,convert-func-to-llvm,convert-cf-to-llvm,reconcile-unrealized-casts)")

    def tool(name, *arguments):
        subprocess.run([os.path.join(tools, name), *arguments], check=True)

    def path(name):
        return os.path.join(folder, name)

    with open(path("tosa.mlir"), "w") as f:
        f.write(text)
    tool("mlir-opt", path("tosa.mlir"), f"--pass-pipeline={passes}", "-o", path("llvm.mlir"))
    tool("mlir-translate", "--mlir-to-llvmir", path("llvm.mlir"), "-o", path("tosa.ll"))
    tool("llc", "-O1", "-relocation-model=pic", "-filetype=obj", path("tosa.ll"), "-o", path("tosa.o"))
    tool("ld.lld", "-shared", path("tosa.o"), "-o", path("tosa.so"))
    return ctypes.CDLL(path("tosa.so"))


def check_tosa(lpc, random, tools):
    checks = 0
    cases = [(mode, m, t, zero) for mode in ("SINGLE_ROUND", "DOUBLE_ROUND") for m, t in
             ((2**30, 38), (2**31 - 1, 40), (1518500250, 37), (2**30, 31), (3 << 20, 35), (12345, 20)) for zero in (0, -7)]
    with tempfile.TemporaryDirectory() as folder:
        library = compile_tosa(tools, folder, cases)
        values, multipliers, shifts = [], [], []
        everything = np.arange(-2**15, 2**15, dtype=np.int32)
        for m, t in pairs(random):
            if t >= 2:  # TOSA's least shift; results that 32 bits hold
                keep = np.array([abs(int(v) * m) >> t < 2**31 - 1 for v in everything])
                values.append(everything[keep])
                multipliers.append(np.full(keep.sum(), m, np.int32))
                shifts.append(np.full(keep.sum(), t, np.int8))
        wide = random.integers(-2**31, 2**31, 200000).astype(np.int32)
        values.append(wide)
        multipliers.append(random.integers(2**30, 2**31, len(wide)).astype(np.int32))
        shifts.append(random.integers(32, 63, len(wide)).astype(np.int8))
        v, m, t = (np.ascontiguousarray(np.concatenate(x)) for x in (values, multipliers, shifts))
        for mode in ("single", "double"):
            y = np.zeros(len(v), np.int32)
            library[f"_mlir_ciface_{mode}_round"](Memref.of(v), Memref.of(m), Memref.of(t), Memref.of(y))
            ours = lpc.rescale(mode, v, m, t)
            if not np.array_equal(ours, y):
                i = int(np.argmax(ours != y))
                sys.exit(f"TOSA {mode}: {v[i]} * {m[i]} >> {t[i]} is {y[i]} there, {ours[i]} here")
            checks += len(v)
        x = everything.astype(np.int16)
        for i, (mode, m, t, zero) in enumerate(cases):
            y = np.zeros(len(x), np.int8)
            library[f"_mlir_ciface_rescale{i}"](Memref.of(x), Memref.of(y))
            word = "single" if mode == "SINGLE_ROUND" else "double"
            ours = lpc.rescale(word, x, np.full(len(x), m), np.full(len(x), t)) + zero
            if not np.array_equal(np.clip(ours, -128, 127), y):
                sys.exit(f"tosa.rescale case {cases[i]} differs")
            checks += len(x)
    return checks


def check_roots(lpc, random):
    v = np.concatenate([random.integers(0, 2**64, 20000, dtype=np.uint64), np.arange(3000, dtype=np.uint64),
                        np.uint64(2**64 - 1) - np.arange(3000, dtype=np.uint64)])
    for value, root in zip(v.tolist(), lpc.isqrt(v).tolist()):
        if root != math.isqrt(value):
            sys.exit(f"isqrt({value}) is {root}, not {math.isqrt(value)}")
    return len(v)


def main():
    lpc, tools, page = Lpc(sys.argv[1]), sys.argv[2], sys.argv[3]
    random = np.random.default_rng(2026)
    checks = check_rescale(lpc, random) + check_multipliers(lpc, random) + check_roots(lpc, random)
    checks += check_tosa(lpc, random, tools)
    table = lpc.errors()
    with open(page) as f:
        if table not in f.read():
            sys.exit(f"{page} does not show the measured errors:\n{table}")
    print(f"{checks} checks: all equal")


main()
