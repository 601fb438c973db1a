#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scaffolds a pass: the entry in Passes.td, the source file, its line in CMakeLists.txt, and the test.

usage: tools/dev/new_pass.py <where> <VerbObject> --summary "imperative sentence without a period"

<where> is a dialect (Nn), an area of lib/ (Transforms, Analysis, Target/CPU) or Conversion; a conversion is called
Convert<A>To<B>. Names, flag and places follow docs/Style.md. What exists is never overwritten.

  tools/dev/new_pass.py Nn FoldCasts --summary "Fold casts of casts"
"""
import argparse
import os
import re
import sys

sys.dont_write_bytecode = True  # leave no cache folder in the source tree
from check_layout import to_kebab  # noqa: E402

SPDX = "// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n"

PASSES_TD = """{spdx}// The passes of {place}, in the order in which they usually run.
#ifndef {guard}
#define {guard}

include "mlir/Pass/PassBase.td"

#endif // {guard}
"""

PASSES_H = """{spdx}// Factories, options and registration of the passes of {place}.
#ifndef {guard}
#define {guard}

#include "mlir/Pass/Pass.h"

namespace {namespace} {{

#define GEN_PASS_DECL
#include "{include}.inc"

#define GEN_PASS_REGISTRATION
#include "{include}.inc"

}} // namespace {namespace}

#endif // {guard}
"""

ENTRY = """def {name}Pass : Pass<"{flag}"> {{
  let summary = "{summary}";
  let description = [{{
    {summary}.

    Example:

    ```mlir
    // before
    // after
    ```
  }}];
}}

"""

SOURCE = """{spdx}// {summary}.
//
// Say here: the idea in three sentences, the cost or benefit, and what the pass deliberately leaves alone.
#include "{include}"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace {namespace} {{

#define GEN_PASS_DEF_{def_name}
#include "{include}.inc"

namespace {{

struct {name}Pass final : impl::{name}PassBase<{name}Pass> {{
  using {name}PassBase::{name}PassBase;

  void runOnOperation() override {{
    mlir::RewritePatternSet patterns(&getContext());
    if (mlir::failed(mlir::applyPatternsGreedily(getOperation(), std::move(patterns)))) {{
      getOperation()->emitError("{flag}: patterns did not converge");
      signalPassFailure();
    }}
  }}
}};

}} // namespace
}} // namespace {namespace}
"""

TEST = """// RUN: lpc-opt %s --{flag} --split-input-file | FileCheck %s
// {summary}: first the simplest case, then variations, then what must not change.

// CHECK-LABEL: @no_change_of_empty
func.func @no_change_of_empty() {{
  // CHECK-NEXT: return
  return
}}
"""


class Place:
    """Where the parts of a pass go."""

    def __init__(self, root, where, name):
        self.dialect = os.path.isdir(os.path.join(root, "dialects", where))
        kebab = to_kebab(name)
        if self.dialect:
            mnemonic = read_mnemonic(root, where)
            self.folder = self.declarations = f"dialects/{where}/Transforms"
            self.include = f"dialects/{where}/Transforms/Passes.h"
            self.namespace = f"lpc::{mnemonic}"
            self.flag = f"{mnemonic}-{kebab}"
            self.library = f"LPC{where}Transforms"
            self.links = [f"LPC{where}IR"]
            self.group = where
        else:
            self.folder, self.declarations = f"lib/{where}", f"include/lpc/{where}"
            self.include = f"lpc/{where}/Passes.h"
            self.namespace = "lpc"
            self.flag = f"lpc-{kebab}"
            self.library = "LPC" + where.replace("/", "")
            self.links = []
            self.group = where.replace("/", "")
            if where == "Conversion":
                arrow = name.removeprefix("Convert")
                self.folder, self.flag, self.library = f"lib/Conversion/{arrow}", kebab, f"LPC{arrow}"
        self.test = f"test/{self.folder}/{kebab}.mlir"
        self.guard = "LPC_" + re.sub(r"\W", "_", self.include.removeprefix("lpc/")).upper()


def read_mnemonic(root, dialect):
    with open(os.path.join(root, f"dialects/{dialect}/IR/{dialect}Dialect.td"), encoding="utf-8") as file:
        return re.search(r'let name = "(\w+)"', file.read())[1]


class Scaffold:
    def __init__(self, root):
        self.root = root

    def read(self, path):
        try:
            with open(os.path.join(self.root, path), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def write(self, path, text):
        old = self.read(path)
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        print(("changed " if old is not None else "wrote   ") + path)

    def write_new(self, path, text):
        if self.read(path) is None:
            self.write(path, text)

    def add_entry(self, path, entry):
        text = self.read(path)
        at = text.rindex("#endif")
        self.write(path, text[:at] + entry + text[at:])

    def add_subdirectory(self, folder):
        """Makes the nearest list file above `folder` lead there."""
        parent, name = os.path.split(folder)
        while parent and self.read(f"{parent}/CMakeLists.txt") is None:
            parent, name = os.path.dirname(parent), os.path.basename(parent) + "/" + name
        path = f"{parent}/CMakeLists.txt"
        text = self.read(path) if parent else None
        if text is not None and f"add_subdirectory({name})" not in text:
            self.write(path, text.rstrip("\n") + f"\nadd_subdirectory({name})\n" if text.strip() else f"add_subdirectory({name})\n")

    def add_source(self, place, source):
        """Adds `source` to the folder's library, in alphabetical order; makes the library if there is none."""
        path = f"{place.folder}/CMakeLists.txt"
        text = self.read(path)
        library = re.search(r"(add_lpc_library\(\w+\n)((?:  [\w/]+\.cpp\n)*)", text or "")
        if library:
            sources = sorted(library[2].splitlines(keepends=True) + [f"  {source}\n"])
            self.write(path, text[: library.start(2)] + "".join(sources) + text[library.end(2) :])
            return
        passes = f"add_lpc_passes({place.group})\n\n" if place.dialect else ""
        links = "".join(f"  {link}\n" for link in place.links)
        links = f"\n  LINK_LIBS\n{links}" if links else ""
        kept = "" if text is None or text.strip() in ("", "# (empty)") else text.rstrip("\n") + "\n\n"
        self.write(path, f"{kept}{passes}add_lpc_library({place.library}\n  {source}\n{links})\n")
        self.add_subdirectory(place.folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("where", help="a dialect, or an area of lib/")
    parser.add_argument("name", help="VerbObject, without Pass")
    parser.add_argument("--summary", required=True, help="imperative sentence that says what changes, without a period")
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    options = parser.parse_args()
    root, name = os.path.normpath(options.root), options.name

    if not re.fullmatch(r"[A-Z][a-z]\w*", name) or name.endswith("Pass"):
        parser.error(f"'{name}' is not a VerbObject in CamelCase without Pass")
    if options.summary.endswith(".") or '"' in options.summary:
        parser.error("a summary has no final period and no quotes")
    if options.where == "Conversion" and not re.fullmatch(r"Convert\w+To\w+", name):
        parser.error("a conversion is called Convert<A>To<B>")
    known = [os.path.join(root, top, options.where) for top in ("dialects", "lib")]
    if not any(os.path.isdir(folder) for folder in known):
        parser.error(f"'{options.where}' is neither a dialect nor an area of lib/")

    place = Place(root, options.where, name)
    scaffold = Scaffold(root)
    source = f"{place.folder}/{name}.cpp"
    for path in (source, place.test):
        if scaffold.read(path) is not None:
            parser.error(f"{path} exists")

    definitions = f"{place.declarations}/Passes.td"
    values = dict(
        spdx=SPDX, name=name, def_name=f"{name}Pass".upper(), flag=place.flag, summary=options.summary,
        include=place.include, namespace=place.namespace, guard=place.guard,
        place=f"{place.declarations.removeprefix('include/lpc/')}",
    )  # fmt: skip
    is_new = scaffold.read(definitions) is None
    if is_new:
        scaffold.write(definitions, PASSES_TD.format(**{**values, "guard": place.guard.removesuffix("_H") + "_TD"}))
        scaffold.write_new(f"{place.declarations}/Passes.h", PASSES_H.format(**values))
        if not place.dialect:
            scaffold.write_new(f"{place.declarations}/CMakeLists.txt", f"add_lpc_passes({place.group})\n")
            scaffold.add_subdirectory(place.declarations)
    scaffold.add_entry(definitions, ENTRY.format(**values))
    scaffold.write(source, SOURCE.format(**values))
    scaffold.add_source(place, f"{name}.cpp")
    scaffold.write(place.test, TEST.format(**values))

    print(f"\nflag: --{place.flag}")
    if is_new:
        print(f"new group of passes: call {place.namespace}::register{place.group}Passes() in lib/Registration/InitAll.cpp")
    print("next: the description and example in Passes.td, the patterns, the test; then tools/dev/check_docs.sh --update")
    return 0


if __name__ == "__main__":
    sys.exit(main())
