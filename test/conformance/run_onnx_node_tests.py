#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the backend tests of the onnx package through compiled code and compares the result with expectations.json.

Each test is a folder with model.onnx and test_data_set_* folders. `lpc test-onnx` compiles, runs and compares; one
process takes many folders. A process that dies or hangs marks its folder as a crash; the rest goes to a new one.

Every difference from the expectation is a failure, in either direction: a test that starts to pass must be recorded
too (--update).
"""
import argparse
import collections
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading

import numpy
import onnx
import onnx.backend.test
import onnx.numpy_helper

STATUSES = ("pass", "wrong", "refused", "crash")
SUITES = ("node", "simple", "pytorch-operator", "pytorch-converted", "light")
QUANT_OPS = {
    "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul", "MatMulInteger",
    "ConvInteger",
}  # fmt: skip

# A folder that takes longer than this many seconds counts as a crash. The light models are whole networks.
TIMEOUT = {"light": 600}
DEFAULT_TIMEOUT = 90
FOLDERS_PER_PROCESS = 32

Case = collections.namedtuple("Case", "name folder suite")
Result = collections.namedtuple("Result", "status reason")


def collect_cases(suites, scratch):
    """The cases of the installed onnx package: name -> folder."""
    data = os.path.join(os.path.dirname(onnx.backend.test.__file__), "data")
    cases = []
    for suite in suites:
        if suite == "light":
            cases += light_cases(os.path.join(data, "light"), scratch)
            continue
        for name in sorted(os.listdir(os.path.join(data, suite))):
            folder = os.path.join(data, suite, name)
            if os.path.exists(os.path.join(folder, "model.onnx")):
                cases.append(Case(f"{suite}/{name}", folder, suite))
    return cases


def light_cases(data, scratch):
    """The light models come without inputs: the suite's rule is a ramp from 0 to 1 for each input without an
    initializer. Writes them as test folders below `scratch`."""
    cases = []
    for file in sorted(os.listdir(data)):
        if not file.endswith(".onnx"):
            continue
        stem = file.removesuffix(".onnx")
        folder = os.path.join(scratch, "light", stem)
        data_set = os.path.join(folder, "test_data_set_0")
        os.makedirs(data_set, exist_ok=True)
        link = os.path.join(folder, "model.onnx")
        if not os.path.lexists(link):
            os.symlink(os.path.join(data, file), link)
        graph = onnx.load(link).graph
        constants = {tensor.name for tensor in graph.initializer}
        inputs = [value for value in graph.input if value.name not in constants]
        for index, value in enumerate(inputs):
            shape = [dim.dim_value if dim.HasField("dim_value") else 1 for dim in value.type.tensor_type.shape.dim]
            count = int(numpy.prod(shape))
            ramp = (numpy.arange(count).reshape(shape) / count).astype(numpy.float32)
            with open(os.path.join(data_set, f"input_{index}.pb"), "wb") as out:
                out.write(onnx.numpy_helper.from_array(ramp, value.name).SerializeToString())
        with open(os.path.join(data, f"{stem}_output_0.pb"), "rb") as recorded:
            with open(os.path.join(data_set, "output_0.pb"), "wb") as out:
                out.write(recorded.read())
        cases.append(Case(f"light/{stem.removeprefix('light_')}", folder, "light"))
    return cases


def is_quant_case(case):
    if case.suite != "node":
        return False
    model = onnx.load(os.path.join(case.folder, "model.onnx"), load_external_data=False)
    return any(node.op_type in QUANT_OPS for node in model.graph.node)


class Runner:
    """Works through the cases with a pool of threads; each drives one process of lpc at a time."""

    def __init__(self, lpc, extra, jobs, verbose):
        self.command = [lpc, "test-onnx", *extra]
        self.jobs = jobs
        self.verbose = verbose
        self.results = {}
        self.lock = threading.Lock()

    def run(self, cases):
        work = queue.Queue()
        # The heavy ones first and alone in their process, so that no process is left with a long tail.
        heavy = [case for case in cases if case.suite in TIMEOUT]
        plain = [case for case in cases if case.suite not in TIMEOUT]
        for case in heavy:
            work.put([case])
        for start in range(0, len(plain), FOLDERS_PER_PROCESS):
            work.put(plain[start : start + FOLDERS_PER_PROCESS])

        def drain():
            while True:
                try:
                    batch = work.get_nowait()
                except queue.Empty:
                    return
                while batch:
                    batch = self.run_process(batch)

        threads = [threading.Thread(target=drain) for _ in range(self.jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.results

    def run_process(self, batch):
        """One process over `batch`. Returns the cases that are left when it ended early."""
        with tempfile.TemporaryFile("w+", errors="replace") as errors:
            process = subprocess.Popen(
                self.command + [case.folder for case in batch],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            hung = threading.Event()
            done = 0
            timer = self.watch(process, batch[0], hung)
            for line in process.stdout:
                words = line.rstrip("\n").split(" ", 2)
                if done == len(batch) or len(words) < 2 or words[0] not in STATUSES:
                    continue
                if words[1] != batch[done].folder:
                    continue
                timer.cancel()
                self.record(batch[done], Result(words[0], words[2] if len(words) > 2 else ""))
                done += 1
                if done < len(batch):
                    timer = self.watch(process, batch[done], hung)
            timer.cancel()
            code = process.wait()
            if done == len(batch):
                return []
            errors.seek(0)
            self.record(batch[done], Result("crash", self.why_dead(code, hung, batch[done], errors.read())))
            return batch[done + 1 :]

    @staticmethod
    def watch(process, case, hung):
        def kill():
            hung.set()
            process.kill()

        timer = threading.Timer(TIMEOUT.get(case.suite, DEFAULT_TIMEOUT), kill)
        timer.daemon = True
        timer.start()
        return timer

    @staticmethod
    def why_dead(code, hung, case, errors):
        if hung.is_set():
            return f"no answer after {TIMEOUT.get(case.suite, DEFAULT_TIMEOUT)} s"
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        last = [line for line in errors.splitlines() if line.strip()]
        return f"ended with exit code {code}" + (f": {last[-1][:200]}" if last else "")

    def record(self, case, result):
        # Reasons go into the expectation file: no folder of this machine may stand in them.
        reason = result.reason.replace(case.folder + "/", "").replace(case.folder, case.name).strip()
        result = Result(result.status, reason[:200])
        with self.lock:
            self.results[case.name] = result
            if self.verbose:
                print(f"{result.status:8} {case.name} {result.reason}", flush=True)
            elif len(self.results) % 100 == 0:
                print(f"{len(self.results)} tests run", file=sys.stderr, flush=True)


def load_expectations(path):
    try:
        with open(path, encoding="utf-8") as file:
            return {name: Result(*entry) for name, entry in json.load(file).items()}
    except FileNotFoundError:
        return {}


def save_expectations(path, results):
    """One test per line, so that a change of status is a change of one line. Passing tests need no reason."""
    lines = []
    for name in sorted(results):
        status, reason = results[name]
        entry = json.dumps([status, "" if status == "pass" else reason])
        lines.append(f"  {json.dumps(name)}: {entry}")
    with open(path, "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


def count_table(results):
    """Rows are suites, columns are statuses."""
    counts = collections.Counter((name.split("/")[0], result.status) for name, result in results.items())
    print(f"{'suite':20}" + "".join(f"{status:>9}" for status in STATUSES) + f"{'total':>9}")
    for suite in [*(suite for suite in SUITES if any(name == suite for name, _ in counts)), "all"]:
        row = [
            sum(count for (name, of), count in counts.items() if of == status and suite in (name, "all"))
            for status in STATUSES
        ]
        print(f"{suite:20}" + "".join(f"{count:>9}" for count in row) + f"{sum(row):>9}")


def reason_table(results, limit):
    counts = collections.Counter(
        (result.status, result.reason) for result in results.values() if result.status != "pass"
    )
    for (status, reason), count in counts.most_common(limit):
        print(f"{count:5} {status:8} {reason}")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lpc", default="build/release/bin/lpc", help="the lpc tool (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time (default: all cores)")
    parser.add_argument("--suite", action="append", choices=SUITES, help="only this suite (may be repeated)")
    parser.add_argument("--filter", default="", help="only tests whose name contains this text")
    parser.add_argument("--quant", action="store_true", help="only the quantization cases, each one listed by name")
    parser.add_argument("--verbose", action="store_true", help="print each test with its status and reason")
    parser.add_argument("--reasons", type=int, metavar="N", help="also print the N most frequent reasons")
    parser.add_argument("--update", action="store_true", help="write what was found to the expectation file")
    parser.add_argument("--expectations", default=os.path.join(here, "expectations.json"))
    parser.add_argument("--lpc-flag", action="append", default=[], help="a flag for `lpc test-onnx` (may be repeated)")
    options = parser.parse_args()

    lpc = os.path.abspath(options.lpc)
    if not os.access(lpc, os.X_OK):
        print(f"run_onnx_node_tests: there is no tool {options.lpc}; build it or pass --lpc", file=sys.stderr)
        return 2

    with tempfile.TemporaryDirectory(prefix="lpc-conformance-") as scratch:
        cases = [case for case in collect_cases(options.suite or SUITES, scratch) if options.filter in case.name]
        quant = {case.name for case in cases if is_quant_case(case)}
        if options.quant:
            cases = [case for case in cases if case.name in quant]
        results = Runner(lpc, options.lpc_flag, options.jobs, options.verbose).run(cases)

    expected = load_expectations(options.expectations)
    whole = not (options.suite or options.filter or options.quant)
    if options.update:
        save_expectations(options.expectations, results if whole else {**expected, **results})
        expected = load_expectations(options.expectations)

    if options.quant:
        for name in sorted(results):
            print(f"{results[name].status:8} {name} {results[name].reason}".rstrip())
    unexpected = 0
    for name in sorted(set(results) | (set(expected) if whole else set())):
        found = results.get(name, Result("absent", "the onnx package has no such test"))
        wanted = expected.get(name, Result("unknown", ""))
        if found.status != wanted.status:
            unexpected += 1
            print(f"unexpected: {name}: expected {wanted.status}, found {found.status} {found.reason}".rstrip())

    print()
    count_table(results)
    if options.reasons:
        reason_table(results, options.reasons)
    quant_pass = sum(1 for name in quant if name in results and results[name].status == "pass")
    print(f"quantization cases: {quant_pass} of {len(quant)} pass")
    passed = sum(1 for result in results.values() if result.status == "pass")
    print(f"{len(results)} tests, {passed} give the recorded outputs, {unexpected} differ from the expectation file")
    print(f"{len(results) - unexpected} passed, {unexpected} failed")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
