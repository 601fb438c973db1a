#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a file of channel statistics.

usage: statistics.py OUT.npz ID=MAX,MAX,...[:OFFSET] ...

Channel k of activation ID is uniform in OFFSET + [-MAX_k, MAX_k], in 64 sample rows; its statistics are those of the rows.
"""
import sys

import numpy

arrays = {"lpc_statistics": numpy.array([1])}
for argument in sys.argv[2:]:
    number, _, text = argument.partition("=")
    most, _, offset = text.partition(":")
    most = numpy.array([float(x) for x in most.split(",")])
    rows = numpy.random.default_rng(int(number)).uniform(-1, 1, (64, len(most)))
    rows[0], rows[1] = 1, -1
    rows = (rows * most + float(offset or 0)).astype("f4")
    arrays |= {f"{number}.count": numpy.array([64, 0]), f"{number}.min": rows.min(0), f"{number}.max": rows.max(0),
               f"{number}.mean": rows.mean(0).astype("f8"), f"{number}.mean_abs": abs(rows).mean(0).astype("f8"),
               f"{number}.sample": rows}
numpy.savez(sys.argv[1], **arrays)
