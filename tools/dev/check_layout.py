#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the rules of docs/Style.md that a script can check: where files are, how long they are, what they are called.

usage: tools/dev/check_layout.py [--root FOLDER]

Prints nothing when all is well; otherwise one line per finding, and exit code 1.
Each exception stands in this file, with its reason.
"""
import argparse
import os
import re
import subprocess
import sys

TOP_LEVEL = {
    "lib", "include", "tools", "test", "dialects", "runtime", "docs", "examples", "benchmarks", "cmake",
    "CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", ".ci", ".clang-format", ".clang-tidy",
    ".gitignore",
}  # fmt: skip

# (what a path must match, most lines it may have); the first match decides.
SIZE_LIMITS = [
    (r"(^|/)Passes\.td$", 600),
    (r"^tools/[^/]+/main\.cpp$", 60),
    (r"^test/.*\.(mlir|test)$", 300),
    (r"\.(h|c|cpp|td|py|sh)$", 1000),
]

# path -> reason why it may be longer than its limit.
SIZE_EXCEPTIONS = {}

# Sources that carry the two-line header: the SPDX line, then a line on what the file is for.
HEADER_SUFFIXES = (".h", ".c", ".cpp", ".td", ".py", ".sh", ".cpp.in", ".h.in", ".py.in")

# dialect -> the dialects that its files may include. docs/Architecture.md shows the same edges.
DIALECT_EDGES = {"ONNX": set(), "Nn": set(), "Lp": set(), "Packed": {"Lp"}}

# Parts of include/lpc that a dialect may use.
DIALECT_MAY_USE = ("lpc/Support/", "lpc/Numerics/")

# Folders that know neither LLVM nor MLIR, and which lpc headers they may use.
PURE_FOLDERS = {
    "runtime/": ("lpc-runtime/",),
    "lib/Numerics/": ("lpc/Numerics/",),
    "include/lpc/Numerics/": ("lpc/Numerics/",),
}

# Test files that each dialect has.
DIALECT_TESTS = ("ops.mlir", "invalid.mlir")

# Pass flag -> reason why its name, file or test is not the derived one.
PASS_EXCEPTIONS = {}

# The texts are cut so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:wor[k]|roo[t]|hom[e]|far[m]|tm[p])/")
REGISTRY_HOST = re.compile(r"https?://[\w.-]*(?:debia[n]\.org|pyp[i]\.org|pythonhoste[d]\.org|npmj[s]\.)")
BARE_TODO = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b(?!\(#\d+\))")

# path -> reason why it may name a temporary folder or the like.
PATH_EXCEPTIONS = {}

# Tables and texts made by a program: sizes and headers are not ours to choose.
GENERATED = re.compile(r"^docs/generated/|^benchmarks/results/|^test/conformance/expectations\.json$")
BINARY = (".onnx", ".npz", ".npy", ".pb", ".png", ".so", ".bin")


class Checker:
    def __init__(self, root):
        self.root = root
        self.findings = []
        self.paths = self.list_files()
        self.text = {}
        for path in self.paths:
            if path.endswith(BINARY):
                continue
            try:
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    self.text[path] = file.read()
            except UnicodeDecodeError:
                self.report(path, "is neither UTF-8 text nor of a known binary kind")
            except FileNotFoundError:
                pass  # deleted in the working tree, not yet in the index

    def report(self, path, message, line=None):
        self.findings.append(f"{path}{f':{line}' if line else ''}: {message}")

    def list_files(self):
        """Tracked files and new ones that git does not ignore; every file where there is no git."""
        command = ["git", "-C", self.root, "ls-files", "-co", "--exclude-standard", "--deduplicate"]
        if os.path.exists(os.path.join(self.root, ".git")):
            listed = subprocess.run(command, capture_output=True, text=True)
            if listed.returncode == 0:
                return sorted(set(listed.stdout.splitlines()))
        found = []
        for folder, _, files in os.walk(self.root):
            found += [os.path.relpath(os.path.join(folder, file), self.root) for file in files]
        return sorted(found)

    def check_top_level(self):
        for name in sorted({path.split("/")[0] for path in self.paths} - TOP_LEVEL):
            self.report(name, "is not in the list of top-level names")

    def check_sizes(self):
        for path, text in self.text.items():
            if GENERATED.search(path) or path in SIZE_EXCEPTIONS:
                continue
            lines = text.count("\n")
            for pattern, limit in SIZE_LIMITS:
                if re.search(pattern, path):
                    if lines > limit:
                        self.report(path, f"has {lines} lines; the limit is {limit} (split it by op family)")
                    break

    def check_headers(self):
        for path, text in self.text.items():
            if GENERATED.search(path):
                continue
            if not path.endswith(HEADER_SUFFIXES) and not text.startswith("#!"):
                continue
            lines = text.split("\n", 3)
            if lines[0].startswith("#!"):
                lines = lines[1:]
            if not re.match(r"(//|#|/\*) SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\b", lines[0]):
                self.report(path, "does not start with the SPDX line of lpc", 1)
            elif len(lines) < 2 or not re.match(r'\s*(//|#|"""|/?\*) ?\S', lines[1]):
                self.report(path, "has no line under the SPDX line that says what it is for", 2)

    def check_guards(self):
        """include/lpc/Numerics/Format.h is guarded by LPC_NUMERICS_FORMAT_H: the include path in capitals."""
        for path, text in self.text.items():
            if not path.endswith(".h") or path.startswith(("examples/", "docs/")):
                continue
            guard = re.search(r"^#ifndef (\w+)\n#define \1$", text, re.M)
            stem = re.sub(r"\W", "_", os.path.basename(path)).upper()
            if not guard:
                self.report(path, "has no include guard")
            elif not guard[1].startswith("LPC_") or not guard[1].endswith(stem):
                self.report(path, f"include guard '{guard[1]}' is not LPC_<path in capitals>_{stem}")

    def check_texts(self):
        for path, text in self.text.items():
            if path == "LICENSE" or path in PATH_EXCEPTIONS:
                continue
            for pattern, message in (
                (MACHINE_PATH, "names a path of one machine"),
                (REGISTRY_HOST, "names a package registry's host"),
                (BARE_TODO, "holds a to-do without an issue number"),
            ):
                for match in pattern.finditer(text):
                    self.report(path, message, text.count("\n", 0, match.start()) + 1)

    def check_edges(self):
        include = re.compile(r'^\s*#?\s*include\s+["<]([^">]+)[">]', re.M)
        for path, text in self.text.items():
            dialect = re.match(r"dialects/(\w+)/", path)
            pure = next((folder for folder in PURE_FOLDERS if path.startswith(folder)), None)
            if not (dialect or pure) or not path.endswith((".h", ".c", ".cpp", ".td")):
                continue
            for match in include.finditer(text):
                target, line = match[1], text.count("\n", 0, match.start(1)) + 1
                if pure and re.match(r"(mlir|llvm|clang|lld|dialects)[-/]", target):
                    self.report(path, f"includes '{target}', but {pure} knows neither LLVM nor MLIR", line)
                elif pure and target.startswith("lpc") and not target.startswith(PURE_FOLDERS[pure]):
                    self.report(path, f"includes '{target}', which {pure} may not use", line)
                elif dialect:
                    self.check_dialect_edge(path, dialect[1], target, line)

    def check_dialect_edge(self, path, dialect, target, line):
        other = re.match(r"dialects/(\w+)/", target)
        if other and other[1] != dialect and other[1] not in DIALECT_EDGES.get(dialect, set()):
            self.report(path, f"includes '{target}', but dialect {dialect} may not use dialect {other[1]}", line)
        elif target.startswith("lpc/") and not target.startswith(DIALECT_MAY_USE):
            self.report(path, f"includes '{target}'; a dialect may use only {' and '.join(DIALECT_MAY_USE)}", line)
        elif target.startswith("lib/"):
            self.report(path, f"includes '{target}'; lib/ is not includable", line)

    def check_dialects(self):
        for dialect in sorted({path.split("/")[1] for path in self.paths if re.match(r"dialects/\w+/", path)}):
            if dialect not in DIALECT_EDGES:
                self.report(f"dialects/{dialect}", "has no entry in DIALECT_EDGES (and docs/Architecture.md)")
            for test in DIALECT_TESTS:
                if f"test/dialects/{dialect}/IR/{test}" not in self.text:
                    self.report(f"test/dialects/{dialect}/IR/{test}", "is missing")

    def check_passes(self):
        runs = "\n".join(
            match[1]
            for path, text in self.text.items()
            if path.startswith("test/")
            for match in re.finditer(r"RUN:(.*(?:\\\n.*)*)", text)
        )
        for path, text in self.text.items():
            if os.path.basename(path) != "Passes.td":
                continue
            for entry in re.finditer(r'^def (\w+)\s*:\s*(?:Interface)?Pass<\s*"([^"]*)"(.*?)^}', text, re.M | re.S):
                line = text.count("\n", 0, entry.start()) + 1
                self.check_pass(path, line, entry[1], entry[2], entry[3], runs)

    def check_pass(self, path, line, name, flag, body, runs):
        if not name.endswith("Pass"):
            self.report(path, f"pass '{name}' does not end in Pass", line)
        for field in ("summary", "description"):
            if not re.search(rf"let {field}\s*=\s*(\[\{{\s*[^\s}}]|\"[^\"])", body):
                self.report(path, f"pass '{name}' has no {field}", line)
        if "let constructor" in body:
            self.report(path, f"pass '{name}' has a constructor; TableGen makes it", line)
        if not re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", runs.replace("--", " ").replace(" -", " ")):
            self.report(path, f"flag '{flag}' is on no RUN line", line)
        if flag in PASS_EXCEPTIONS:
            return
        wanted = self.derive(path, name.removesuffix("Pass"))
        if wanted is None:
            self.report(path, "holds passes, but is not where passes are defined", line)
            return
        wanted_flag, sources, tests = wanted
        if flag != wanted_flag:
            self.report(path, f"pass '{name}' has the flag '{flag}'; by its name and place it is '{wanted_flag}'", line)
        if not any(source in self.text for source in sources):
            self.report(path, f"pass '{name}' has no source file {' or '.join(sources)}", line)
        if not any(test in self.text for test in tests):
            self.report(path, f"pass '{name}' has no test {' or '.join(tests)}", line)

    def derive(self, path, stem):
        """Flag, source files and test files of the pass `stem` that `path` defines."""
        kebab = to_kebab(stem)
        dialect = re.fullmatch(r"dialects/(\w+)/Transforms/Passes\.td", path)
        if dialect:
            folder = f"dialects/{dialect[1]}/Transforms"
            flag = f"{self.mnemonic(dialect[1])}-{kebab}"
            return flag, [f"{folder}/{stem}.cpp"], [f"test/{folder}/{kebab}.mlir"]
        area = re.fullmatch(r"include/lpc/([\w/]+)/Passes\.td", path)
        if not area:
            return None
        if area[1].split("/")[0] == "Conversion":
            arrow = stem.removeprefix("Convert")
            folder = f"lib/Conversion/{arrow}"
            tests = [f"test/{folder}/{to_kebab(arrow)}.mlir", f"test/{folder}/{kebab}.mlir"]
            tests += [test for test in self.text if test.startswith(f"test/{folder}/")]
            return f"convert-{to_kebab(arrow)}", [f"{folder}/{arrow}.cpp", f"{folder}/{stem}.cpp"], tests
        folder = f"lib/{area[1]}"
        flag = kebab if kebab.startswith("test-print-") else f"lpc-{kebab}"
        return flag, [f"{folder}/{stem}.cpp"], [f"test/{folder}/{kebab}.mlir"]

    def mnemonic(self, dialect):
        text = self.text.get(f"dialects/{dialect}/IR/{dialect}Dialect.td", "")
        name = re.search(r'let name = "(\w+)"', text)
        return name[1] if name else dialect.lower()


def to_kebab(name):
    """ConvertONNXToNn -> convert-onnx-to-nn."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1-\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", name).lower()


def main():
    parser = argparse.ArgumentParser(description="Checks the layout rules of docs/Style.md.")
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    checker = Checker(os.path.normpath(parser.parse_args().root))
    for check in ("top_level", "sizes", "headers", "guards", "texts", "edges", "dialects", "passes"):
        getattr(checker, f"check_{check}")()
    for finding in checker.findings:
        print(f"check_layout: {finding}")
    return 1 if checker.findings else 0


if __name__ == "__main__":
    sys.exit(main())
