#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a module of nn.rotate in many shapes, its inputs, and what NumPy says of the results in f64.

usage: rotate_module.py MODULE.mlir INPUTS.npz EXPECTED.npz

The matrices are made here by definition: Sylvester's doubling, Paley's matrices from squares modulo a prime, Kronecker products.
"""
import sys

import numpy

rng = numpy.random.default_rng(11)


def jacobsthal(q):
    squares = {i * i % q for i in range(1, q)}
    chi = [0] + [1 if i in squares else -1 for i in range(1, q)]
    return numpy.array([[chi[(i - j) % q] for j in range(q)] for i in range(q)])


def paley(m):
    """The core of order m: the first construction if m - 1 is a prime that is 3 modulo 4, else the second."""
    prime = lambda q: q > 1 and all(q % d for d in range(2, q))
    if prime(m - 1) and (m - 1) % 4 == 3:
        s = numpy.zeros((m, m), int)
        s[0, 1:], s[1:, 0], s[1:, 1:] = 1, -1, jacobsthal(m - 1)
        return s + numpy.eye(m, dtype=int)
    q = m // 2 - 1
    c = numpy.ones((q + 1, q + 1), int)
    c[0, 0], c[1:, 1:] = 0, jacobsthal(q)
    return numpy.kron(c, [[1, 1], [1, -1]]) + numpy.kron(c == 0, [[1, -1], [-1, -1]])


CORES = {12: 12, 20: 20, 24: 12, 28: 28, 36: 36, 40: 20, 44: 44, 704: 44}


def hadamard(n):
    h = paley(CORES[n]) if n in CORES else numpy.ones((1, 1), int)
    while len(h) < n:
        h = numpy.kron([[1, 1], [1, -1]], h)
    assert (h @ h.T == n * numpy.eye(n)).all()
    return h / numpy.sqrt(n)


lines, results, types, arguments, inputs, expected = [], [], [], [], {}, {}


def case(shape, axis, order=1, matrix=0, inner=1, signs=False, inverse=False, element="f32", open_axes=()):
    i, n = len(results), shape[axis]
    x = rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4, shape)
    dtype = {"f32": numpy.float32, "f64": numpy.float64, "f16": numpy.float16}[element]
    inputs[f"x{i}"] = x = x.astype(dtype)
    sizes = ["?" if a in open_axes else str(d) for a, d in enumerate(shape)]
    type_ = f"tensor<{'x'.join(sizes)}x{element}>"
    arguments.append(f'%x{i}: {type_} {{onnx.name = "x{i}"}}')
    small = numpy.eye(1)
    operands, texts = [type_], []
    if matrix:
        small = numpy.linalg.qr(rng.standard_normal((matrix, matrix)))[0].astype(dtype)
        inputs[f"m{i}"] = small
        arguments.append(f'%m{i}: tensor<{matrix}x{matrix}x{element}> {{onnx.name = "m{i}"}}')
        operands.append(f"tensor<{matrix}x{matrix}x{element}>")
        texts.append(f"matrix %m{i}")
    d = numpy.ones(n)
    if signs:
        d = rng.choice([-1.0, 1.0], n)
        inputs[f"d{i}"] = d.astype(dtype)
        arguments.append(f'%d{i}: tensor<{n}x{element}> {{onnx.name = "d{i}"}}')
        operands.append(f"tensor<{n}x{element}>")
        texts.append(f"signs %d{i}")
    r = numpy.kron(numpy.kron(hadamard(order), small.astype(float)), numpy.eye(inner))
    r = numpy.kron(numpy.eye(n // len(r)), r) * d
    r = r.T if inverse else r
    expected[f"y{i}"] = numpy.moveaxis(numpy.tensordot(r, x.astype(float), (1, axis)), 0, axis).astype(dtype)
    lines.append(f"%y{i} = nn.rotate %x{i} {' '.join(texts)} {{axis = {axis} : i64, order = {order} : i64, inner = {inner} : i64, "
                 f"inverse = {str(inverse).lower()}}} : ({', '.join(operands)}) -> {type_}")
    results.append(f"%y{i}")
    types.append(type_)


# Powers of two along the last axis: stages within a vector, one, two and three beyond it, blocks.
for order in (2, 4, 8, 16, 32, 64, 256, 1024):
    case((3, order), 1, order, open_axes=(0,))
case((5, 96), 1, 32, signs=True, open_axes=(0,))
case((2, 3, 128), 2, 64, signs=True, inverse=True, open_axes=(0, 1))
case((7, 6), 1, 2)
case((4, 20), 1, 4)
case((64,), 0, 64, signs=True)
case((1, 8), 1, 8)
# Cores, and a small matrix; 704 both ways.
for inverse in (False, True):
    case((3, 12), 1, 12, inverse=inverse, open_axes=(0,))
    case((2, 40), 1, 40, signs=True, inverse=inverse)
    case((2, 56), 1, 28, inverse=inverse)
    case((3, 704), 1, 704, inverse=inverse, open_axes=(0,))
    case((3, 704), 1, 64, matrix=11, signs=True, inverse=inverse, open_axes=(0,))
    case((3, 9), 1, matrix=9, inverse=inverse)
    case((2, 72), 1, 12, matrix=3, inner=2, signs=True, inverse=inverse)
# Other axes, and heads of an axis: units of known and unknown size.
case((2, 16, 5), 1, 16, open_axes=(0,))
case((2, 16, 5), 1, 8, open_axes=(0, 2))
case((3, 12, 4, 4), 1, 12, signs=True, open_axes=(0, 2, 3))
case((16, 3), 0, 16, open_axes=(1,))
case((2, 64), 1, 8, inner=8)
case((2, 48), 1, 4, matrix=3, inner=4, inverse=True)
case((2, 8, 2, 9), 1, 2, matrix=2, inner=2, open_axes=(3,))
# Other widths.
case((3, 32), 1, 32, element="f64", signs=True)
case((3, 24), 1, 24, element="f64", inverse=True)
case((3, 32), 1, 16, element="f16", signs=True)
case((3, 36), 1, 12, matrix=3, element="f16", signs=True, inverse=True)
case((0, 16), 1, 16, open_axes=(0,))

with open(sys.argv[1], "w") as f:
    named = ", ".join(f'{t} {{onnx.name = "y{i}"}}' for i, t in enumerate(types))
    f.write(f"func.func @main({', '.join(arguments)}) -> ({named}) {{\n  ")
    f.write("\n  ".join(lines))
    f.write(f"\n  return {', '.join(results)} : {', '.join(types)}\n}}\n")
numpy.savez(sys.argv[2], **inputs)
numpy.savez(sys.argv[3], **expected)
