#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes matrices of order 4 for lpc-rotate-axes.

usage: rotations.py OUT.npz NAME=KIND...    KIND: shift (x R = the last element first), near (a rotation rounded to f32),
                                            off (not orthogonal), five (order 5), flat (no matrix)
"""
import sys

import numpy

rng = numpy.random.default_rng(7)
KINDS = {
    "shift": lambda: numpy.roll(numpy.eye(4), 1, axis=1),
    "near": lambda: numpy.linalg.qr(rng.standard_normal((4, 4)))[0].astype(numpy.float32),
    "off": lambda: numpy.eye(4) + 1e-5 * numpy.eye(4),
    "five": lambda: numpy.eye(5),
    "flat": lambda: numpy.ones(4),
}
numpy.savez(sys.argv[1], **{name: KINDS[kind]() for name, kind in (a.split("=") for a in sys.argv[2:])})
