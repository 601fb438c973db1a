#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures time and peak memory of the rewrites that keep the function, on a synthetic Llama of N parameters.

usage: benchmarks/rewrite_cost.py [--bin build/release/bin] [--parameters 113e6] [--folder /tmp] [--keep]

The graph is that of test/e2e/Inputs/transformer.py with random weights, which lie in a bytecode file beside it and are mapped. Each
row is one run of lpc-opt that reads the file, runs these steps, and throws the result away. Memory is given over the float size
of the weights: all that is resident at the peak, pages of the mapped file included, and what of it is the process's own.
A billion parameters take 4 GB for the file, 12 GB while the file is made, and 10 GB of memory.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from types import SimpleNamespace

import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "test", "e2e", "Inputs"))
sys.dont_write_bytecode = True
import transformer  # noqa: E402

STEPS = [
    ("read", ""),
    ("raise idioms", "nn-raise-idioms"),
    ("fold gains", "nn-raise-idioms,func.func(lpc-fold-norm-gains)"),
    ("and rotate (R1, R2)", "nn-raise-idioms,func.func(lpc-fold-norm-gains,lpc-rotate-axes)"),
    ("and rotate online (R3, R4)",
     "nn-raise-idioms,func.func(lpc-fold-norm-gains,lpc-rotate-axes,lpc-rotate-online{sites=all})"),
    ("rotate blocks alone", "nn-raise-idioms,func.func(lpc-rotate-blocks)"),
    ("all, and round to f32",
     "nn-raise-idioms,func.func(lpc-fold-norm-gains,lpc-rotate-axes,lpc-rotate-online{sites=all}),lpc-fold-constants"),
]  # fmt: skip


class StreamedWriter(transformer.Writer):
    """Weights are drawn when they are written, so that none of them is held."""

    def __init__(self, args):
        super().__init__(args)
        self.weights = []

    def constant(self, shape, scale=1.0, offset=0.0):
        self.n += 1
        self.weights.append((f"w{self.n}", int(numpy.prod(shape)), scale, offset))
        self.lines.append(f"%v{self.n} = nn.constant dense_resource<w{self.n}> : tensor<{'x'.join(map(str, shape))}xf32>")
        return f"v{self.n}"

    def write(self, path):
        text = self.module()
        head, tail = text[: text.index("    builtin: {") + len("    builtin: {\n")], "\n    }\n  }\n#-}\n"
        with open(path, "w", encoding="ascii") as file:
            file.write(head)
            for i, (name, count, scale, offset) in enumerate(self.weights):
                file.write((",\n" if i else "") + f'{name}: "0x04000000')
                for begin in range(0, count, 1 << 22):
                    part = self.rng.standard_normal(min(1 << 22, count - begin), dtype=numpy.float32)
                    file.write((offset + scale * part).astype("<f4").tobytes().hex())
                file.write('"')
            file.write(tail)
        return sum(count for _, count, _, _ in self.weights)


def shape_of(parameters):
    width = 2048 if parameters >= 5e8 else 1024 if parameters >= 5e7 else 256
    hidden, heads = width * 11 // 4, width // 64
    kv = heads // 4
    layer = 2 * width * width + 2 * width * kv * 64 + 3 * width * hidden
    return SimpleNamespace(norm="rms", width=width, heads=heads, kv=kv, head=64, hidden=hidden, seed=0, post=False, branch=False,
                           tied=False, layers=max(1, round(parameters / layer)))  # fmt: skip


def measure(command):
    """Wall seconds, peak resident bytes, peak of the anonymous ones (sampled)."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    own = [0]

    def watch():
        while process.returncode is None:
            try:
                with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                    own[0] = max([own[0]] + [int(line.split()[1]) << 10 for line in file if line.startswith("RssAnon:")])
            except OSError:
                return
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}\n{errors}")
    return time.perf_counter() - begin, usage.ru_maxrss << 10, own[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"))
    parser.add_argument("--parameters", type=float, default=113e6)
    parser.add_argument("--folder", help="for the files (default: a temporary one)")
    parser.add_argument("--keep", action="store_true", help="leave the bytecode file, and take it if it is there")
    args = parser.parse_args()
    tool = os.path.join(args.bin, "lpc-opt")
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        text = os.path.join(folder, "llama.mlir")
        code = os.path.join(args.folder if args.keep and args.folder else folder, f"llama-{args.parameters:.0f}.mlirbc")
        shape = shape_of(args.parameters)
        if not os.path.exists(code):
            StreamedWriter(shape).write(text)
            subprocess.run([tool, text, "--emit-bytecode", "-o", code], check=True)
            os.remove(text)
        bytes_ = os.path.getsize(code)
        print(f"{bytes_ / 4e6:.0f} million parameters: width {shape.width}, {shape.layers} layers, {os.cpu_count()} cores\n")
        print("| steps | seconds | resident / float size | own / float size |\n|---|---|---|---|")
        for name, steps in STEPS:
            seconds, resident, own = measure([tool, code, f"--pass-pipeline=builtin.module({steps})",
                                              "--mlir-elide-resource-strings-if-larger=64", "-o", "/dev/null"])  # fmt: skip
            print(f"| {name} | {seconds:.1f} | {resident / bytes_:.2f} | {own / bytes_:.2f} |", flush=True)


if __name__ == "__main__":
    main()
