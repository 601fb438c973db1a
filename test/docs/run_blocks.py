#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the ```sh blocks of a page, in order, in one folder; a ```text block after one shows lines that it must print.

usage: run_blocks.py PAGE.md FOLDER [FILE...]

FOLDER is made anew, and FILEs are copied into it. Each line of a text block must occur in the output of the block before
it, in order; `...` stands for anything. Blocks of other languages are not run.
"""
import os
import re
import shutil
import subprocess
import sys


def check(expected, output, where):
    at = 0
    for line in expected.strip("\n").split("\n"):
        if line.strip() == "...":
            continue
        pattern = ".*".join(re.escape(part) for part in line.split("..."))
        found = re.compile(rf"^{pattern}$", re.M).search(output, at)
        if not found:
            sys.exit(f"{where}: the output lacks the line '{line}':\n{output}")
        at = found.end()


def main():
    page, folder, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for file in files:
        shutil.copy(file, folder)
    with open(page, encoding="utf-8") as file:
        text = file.read()
    count, output = 0, None
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S):
        where = f"{os.path.basename(page)}:{text.count(chr(10), 0, match.start()) + 1}"
        if match[1] == "sh":
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", match[2]], cwd=folder, capture_output=True, text=True)
            output = done.stdout + done.stderr
            if done.returncode:
                sys.exit(f"{where}: exit code {done.returncode}\n{match[2]}\n{output}")
            count += 1
        elif match[1] == "text" and output is not None:
            check(match[2], output, where)
        else:
            output = None
    print(f"{count} blocks ran")
    if not count:
        sys.exit(f"{page} has no block to run")


if __name__ == "__main__":
    main()
