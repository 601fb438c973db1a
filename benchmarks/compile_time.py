#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures compile time and peak memory of `lpc compile`.

usage: benchmarks/compile_time.py [--lpc build/release/bin/lpc] [--models ../shared/models]

Compiles ResNet-50 (the light model of the onnx package's test data) and, where present, kjv_llama, in float and with
int8 weights; prints seconds and peak resident memory, and writes benchmarks/results/<date>-compile.md.
"""
import argparse
import datetime
import os
import tempfile
import time

import onnx

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def measure(command):
    """Wall seconds and peak resident MiB of one process."""
    begin = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: exit code {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lpc", default=os.path.join(ROOT, "build", "release", "bin", "lpc"))
    parser.add_argument("--models", default=os.path.join(ROOT, os.pardir, "shared", "models"))
    args = parser.parse_args()
    light = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light", "light_resnet50.onnx")
    cases = [("ResNet-50", light)]
    llama = os.path.join(args.models, "kjv_llama.onnx")
    if os.path.exists(llama):
        cases.append(("kjv_llama", llama))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for title, path in cases:
            for formats in ([], ["--weights", "int8/channel"]):
                so = os.path.join(folder, "m.so")
                s, mib = measure([args.lpc, "compile", "--quiet", path, *formats, "-o", so])
                rows.append(f"| {title} | {formats[1] if formats else 'float'} | {s:.1f} | {mib:.0f} | "
                            f"{os.path.getsize(so) / 2**20:.1f} |")
                print(rows[-1], flush=True)
    date = datetime.date.today().isoformat()
    output = os.path.join(ROOT, "benchmarks", "results", f"{date}-compile.md")
    with open(output, "w", encoding="utf-8") as file:
        file.write(f"# Compile time, {date}\n\n{os.cpu_count()} cores; written by `benchmarks/compile_time.py`.\n\n"
                   "| model | weights | seconds | peak memory, MiB | size of the .so, MiB |\n|---|---|---|---|---|\n"
                   + "\n".join(rows) + "\n")
    print(output)


if __name__ == "__main__":
    main()
