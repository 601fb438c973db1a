#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a command that must fail cleanly: this exit code, one sentence on stderr that holds a text, nothing written.

usage: refuses.py CODE TEXT OUTPUT_FILE COMMAND...
"""
import os
import subprocess
import sys


def main():
    code, text, output, command = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
    if os.path.exists(output):
        os.remove(output)
    done = subprocess.run([*command, "--quiet"], capture_output=True, text=True)
    lines = done.stderr.strip().split("\n")
    where = f"{' '.join(command)}: exit code {done.returncode}, stderr:\n{done.stderr}"
    if done.returncode != code:
        sys.exit(f"expected exit code {code}\n{where}")
    if len(lines) != 1 or not lines[0].startswith("error: "):
        sys.exit(f"expected one line that starts with 'error: '\n{where}")
    if text not in lines[0]:
        sys.exit(f"expected a sentence with '{text}'\n{where}")
    if done.stdout:
        sys.exit(f"expected nothing on stdout, but got:\n{done.stdout}")
    if os.path.exists(output):
        sys.exit(f"{output} was written\n{where}")
    print(lines[0])


if __name__ == "__main__":
    main()
