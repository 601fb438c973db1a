#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fills the tables of a page with what lpc prints: the lines between `<!-- lpc formats ... -->` and `<!-- end -->`.

usage: gen_formats.py <lpc> <page> <output file>
"""
import re
import subprocess
import sys


def main():
    lpc, page, output = sys.argv[1:]
    with open(page, encoding="utf-8") as file:
        text = file.read()

    def fill(match):
        words = match[1].split()
        made = subprocess.run([lpc, *words[1:]], capture_output=True, text=True, check=True).stdout
        return f"<!-- {match[1]} -->\n{made}<!-- end -->"

    filled, count = re.subn(r"<!-- (lpc formats [^>]*?) -->\n.*?<!-- end -->", fill, text, flags=re.S)
    if not count:
        sys.exit(f"{page} has no table of lpc formats")
    with open(output, "w", encoding="utf-8") as file:
        file.write(filled)


main()
