#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Copies arrays between .npz files under other names.

usage: npz_subset.py FROM.npz TO.npz NAME=ARRAY...
"""
import sys

import numpy

source = numpy.load(sys.argv[1])
numpy.savez(sys.argv[2], **{pair.split("=")[0]: source[pair.split("=")[1]] for pair in sys.argv[3:]})
