#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks what `lpc eval` printed against a bound.

usage: expect.py correct FILE --least N
       expect.py perplexity FILE --most X [--least Y]
"""
import argparse
import re
import sys


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["correct", "perplexity"])
    parser.add_argument("file")
    parser.add_argument("--least", type=float, default=float("-inf"))
    parser.add_argument("--most", type=float, default=float("inf"))
    args = parser.parse_args()
    with open(args.file, encoding="utf-8") as file:
        text = file.read()
    pattern = r"^(\d+) of \d+ correct$" if args.kind == "correct" else r"^perplexity ([\d.]+)$"
    found = re.search(pattern, text, re.M)
    if not found:
        sys.exit(f"no line '{pattern}' in: {text}")
    value = float(found[1])
    print(args.kind, value)
    if not args.least <= value <= args.most:
        sys.exit(f"expected {args.kind} in [{args.least}, {args.most}], but got {value}")


if __name__ == "__main__":
    main()
