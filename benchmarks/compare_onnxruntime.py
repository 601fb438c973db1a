#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times compiled models against ONNX Runtime on the same inputs and threads, interleaved, and writes a results file.

usage: benchmarks/compare_onnxruntime.py [--lpc build/release/bin/lpc] [--models ../shared/models] [--threads 2] [--rounds 15]

Cases: float ResNet-50 (the light model of the onnx package's test data), kjv_llama prefill (B = 1, T = 256), digits_resnet.
Both run in this process: lpc through the C ABI of the compiled .so. Each round times one run of each, in turn, so that
other load falls on both; the ratio is taken round by round. Worker threads may spin on after a run: those of ONNX Runtime are told to
stop then, and before each timed run there is a pause and one run that is not timed. Writes benchmarks/results/<date>-cpu.md.
"""
import argparse
import datetime
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import onnx
import onnxruntime

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "benchmarks"))
from lpc_model import LpcModel  # noqa: E402


def resnet50():
    folder = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light", "light_resnet50")
    return folder + ".onnx"


def make_cases(models):
    rng = numpy.random.default_rng(0)
    cases = [("ResNet-50 float, batch 1", resnet50(), lambda name: rng.standard_normal((1, 3, 224, 224)).astype("float32"))]
    llama = os.path.join(models, "kjv_llama.onnx")
    if os.path.exists(llama):
        cases.append(("kjv_llama float, prefill 1 x 256", llama, lambda name: rng.integers(0, 128, (1, 256))))
    digits = os.path.join(ROOT, "examples", "digits", "digits_resnet.onnx")
    cases.append(("digits_resnet float, batch 32", digits, lambda name: rng.random((32, 1, 8, 8), dtype="float32")))
    return cases


def seconds(function):
    time.sleep(0.1)
    function()
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def spread(values):
    values = sorted(values)
    return values[len(values) // 10], statistics.median(values), values[-1 - len(values) // 10]


def compare(path, make, args, folder):
    # A name of its own: the loader takes two files of one path for one library.
    so = os.path.join(folder, os.path.basename(path) + ".so")
    subprocess.run([args.lpc, "compile", "--quiet", path, "-o", so, "--target", args.target], check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    options.log_severity_level = 3
    # Its workers spin within a run as they always do, but not on beyond it, where they would take the cores from lpc.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    graph_inputs = {i.name for i in session.get_inputs()}
    feeds = {name: make(name) for name in graph_inputs}
    model = LpcModel(so, args.threads)
    ordered = [numpy.ascontiguousarray(feeds[name]) for name in model.input_names()]
    ours = model.run(ordered)
    theirs = session.run(None, feeds)
    error = max(float(numpy.abs(a - b).max() / max(numpy.abs(b).max(), 1e-12)) for a, b in zip(ours, theirs))
    for _ in range(3):
        model.run(ordered)
        session.run(None, feeds)
    lpc_times, ort_times = [], []
    for _ in range(args.rounds):
        lpc_times.append(seconds(lambda: model.run(ordered)) * 1e3)
        ort_times.append(seconds(lambda: session.run(None, feeds)) * 1e3)
    return lpc_times, ort_times, error


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lpc", default=os.path.join(ROOT, "build", "release", "bin", "lpc"))
    parser.add_argument("--models", default=os.path.join(ROOT, os.pardir, "shared", "models"))
    parser.add_argument("--target", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--output", default="")
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for title, path, make in make_cases(args.models):
            lpc_times, ort_times, error = compare(path, make, args, folder)
            ratios = [a / b for a, b in zip(lpc_times, ort_times)]
            low, middle, high = spread(ratios)
            rows.append(f"| {title} | {statistics.median(lpc_times):.2f} | {statistics.median(ort_times):.2f} | "
                        f"{middle:.2f} | {low:.2f} to {high:.2f} | {error:.1e} |")
            print(rows[-1], flush=True)
    date = datetime.date.today().isoformat()
    cpu = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            cpu = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), cpu)
    output = args.output or os.path.join(ROOT, "benchmarks", "results", f"{date}-cpu.md")
    with open(output, "w", encoding="utf-8") as file:
        file.write(f"# lpc and ONNX Runtime {onnxruntime.__version__}, {date}\n\n"
                   f"{cpu}, {os.cpu_count()} cores, {args.threads} threads each, {args.rounds} interleaved rounds; "
                   f"written by `benchmarks/compare_onnxruntime.py --threads {args.threads} --rounds {args.rounds} "
                   f"--target {args.target}`.\n"
                   "Times are medians in milliseconds; the ratio (lpc / ONNX Runtime) is taken round by round: its median and "
                   "the range without the lowest and highest tenth.\n\n"
                   "| model | lpc | ONNX Runtime | ratio | spread | largest relative difference |\n|---|---|---|---|---|---|\n"
                   + "\n".join(rows) + "\n")
    print(output)


if __name__ == "__main__":
    main()
