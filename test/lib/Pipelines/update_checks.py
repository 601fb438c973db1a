#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rewrites the CHECK lines of the pipeline tests in this folder from what lpc-opt prints; read the diff before you commit it.

usage: test/lib/Pipelines/update_checks.py build/release/bin/lpc-opt

Upstream's passes are checked by name, ours with their options: options of others change with LLVM.
"""
import os
import re
import shlex
import subprocess
import sys

MODULE = "func.func @main() { return }\n"


def checks(tool, run, prefix):
    flags = shlex.split(run)
    dump = subprocess.run([tool, *flags, "-", "-o", os.devnull], input=MODULE, capture_output=True, text=True).stderr
    # What follows a blank line is said by the run itself.
    lines = dump[dump.index("builtin.module(") :].split("\n\n")[0].rstrip().split("\n")
    out = []
    for i, line in enumerate(lines):
        name = re.match(r"\s*([\w.-]+)(.*)", line)
        ours = not name or name[1].startswith(("lpc-", "nn-", "convert-onnx", "convert-nn", "convert-lp", "convert-packed"))
        text = line.strip() if ours or not name[2].startswith("{") else name[1] + "{"
        text = text.replace("{{", "{{[{][{]}}").replace("[[", "{{\\[\\[}}")
        out.append(f"// {prefix}{'' if i == 0 else '-NEXT'}: {text}")
    return out


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = os.path.dirname(os.path.abspath(__file__))
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".mlir"):
            continue
        path = os.path.join(folder, name)
        with open(path, encoding="utf-8") as file:
            lines = file.read().rstrip("\n").split("\n")
        runs = [line for line in lines if line.startswith("// RUN:")]
        if not any("--dump-pass-pipeline" in run for run in runs):
            continue
        kept = [line for line in lines if not re.match(r"// [A-Z]+(-NEXT)?: ", line) or line.startswith("// RUN:")]
        while kept and not kept[-1]:
            kept.pop()
        for run in runs:
            flags = re.search(r"lpc-opt %s (.*?) -o %t", run)[1]
            prefix = re.search(r"--check-prefix=(\w+)", run)
            kept += ["", *checks(sys.argv[1], flags, prefix[1] if prefix else "CHECK")]
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(kept) + "\n")


if __name__ == "__main__":
    main()
