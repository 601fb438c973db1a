#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Looks for floating-point arithmetic, comparison and conversion, and for division, in an x86-64 object file.

usage: no_float.py LLVM-OBJDUMP FILE.o

Looked at is what the compiler generated: the entry function, its parts, tiles and packed kernels. The runtime beside it (threads,
memory, the order of tiles) divides sizes, not elements. Moves, shuffles, blends and logical operations on vector registers
carry integers as well and are no arithmetic. A call to one of the C compiler's functions (two underscores) counts.
"""
import re
import subprocess
import sys

OPERATIONS = (r"add|sub|addsub|hadd|hsub|mul|div|sqrt|rsqrt|rcp|rsqrt14|rcp14|max|min|cmp\w*|comi|ucomi|round|rndscale|"
              r"scalef|getexp|getmant|dp|reduce|range|fixupimm|fn?m(?:add|sub|addsub|subadd)(?:132|213|231)")
FLOAT = re.compile(rf"v?(?:{OPERATIONS})(?:ss|sd|ps|pd|sh|ph)$")
CONVERT = re.compile(r"v?cvt\w*$")
DIVIDE = re.compile(r"i?div[bwlq]?$")
X87 = re.compile(r"f(?!s$|ence$)[a-z]+$")
GENERATED = re.compile(r"lpc_(entry|tile|packed|kernel)")
CALL = re.compile(r"\b(?:call|jmp)q?\b.*<__\w+>|R_X86_64_\w+\s+__(?!tls)\w+")


def main():
    text = subprocess.run([sys.argv[1], "-dr", "--no-show-raw-insn", sys.argv[2]], check=True, capture_output=True,
                          text=True).stdout
    function, count, found = "", 0, []
    for line in text.splitlines():
        label = re.match(r"[0-9a-f]+ <(.*)>:$", line)
        if label:
            function = label.group(1)
        if not GENERATED.match(function):
            continue
        if CALL.search(line):
            found.append(f"{function}: {line.strip()}")
        instruction = re.match(r"\s+[0-9a-f]+:\s+(?:(?:lock|rep|repne|notrack|data16)\s+)*([a-z0-9]+)", line)
        if not instruction:
            continue
        count += 1
        word = instruction.group(1)
        if any(kind.match(word) for kind in (FLOAT, CONVERT, DIVIDE, X87)):
            found.append(f"{function}: {line.strip()}")
    print(f"{count} instructions, {len(found)} of floating point or division")
    print("\n".join(found[:20]))
    sys.exit(bool(found) or count == 0)


main()
