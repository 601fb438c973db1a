#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recipes and flags that are mistakes, each with the sentence that it must get; then recipes with random damage.

usage: bad_recipes.py MODEL.onnx DATA.npz FOLDER
"""
import os
import random
import subprocess
import sys

# (recipe, line, part of the sentence)
RECIPES = [
    ("rewrites: rotate", 1, "expected rewrites to be a list"),
    ("weights: int8\nrewrites:\n  - rotate", 3, "there is no rewrite 'rotate'"),
    ("rewrites:\n  - rotate-axes: {ax: all}", 2, "does not take {ax=all}: no such option ax"),
    ("rewrites:\n  - rotate-axes: {seed: [1]}", 2, "expected option 'seed' to be one word or number"),
    ("rewrites:\n  - rotate-axes: 3", 2, "expected the options of 'rotate-axes' to be a mapping"),
    ("rewrites:\n  - {fold-norm-gains: , rotate-axes: }", 2, "expected one step for each item"),
    ("weights: int8/token", 1, "weights 'int8/token': weights have no tokens"),
    ("keep: fc\nactivations: int8/channel", 2, "activations 'int8/channel': activations have no output channels"),
    ("weight-method: best", 1, "weight-method 'best': expected absmax or mse"),
    ("activation-method: best", 1, "activation-method 'best': expected minmax, percentile or mse"),
    ("keep: \"(\"", 1, "keep '(': parentheses not balanced"),
    ("weights: int8\n\nweights: int4", 3, "'weights' is given twice"),
    ("weihgts: int8", 1, "but got 'weihgts'"),
    ("- weights: int8", 1, "expected a mapping"),
    ("", 1, "expected a recipe, but the file is empty"),
    ("layers:\n  - {weights: int8}", 2, "expected a layer to have 'match'"),
    ("layers:\n  - {match: \"[\", weights: int8}", 2, "match '['"),
    ("layers:\n  - {match: \"a;b\", weights: int8}", 2, "';' and '=' cannot stand here"),
    ("layers:\n  - {match: a, weight: int8}", 2, "expected match, weights or activations in a layer, but got 'weight'"),
    ("weights: int8\n---\nweights: int8", 1, "expected one document"),
    ("weights: {int8", 1, ""),
]

# (flags, part of the sentence)
FLAGS = [
    (["--rewrite", "rotate"], "--rewrite: there is no rewrite 'rotate'"),
    (["--rewrite", "rotate-axes{axes=all"], "--rewrite: expected steps such as"),
    (["--rewrite", "smooth"], "a step of the rewrites takes statistics from data: give --calib"),
    (["--rewrite", "fold-norm-gains", "--save-statistics", "s"], "--save-statistics has no effect here"),
    (["--recipe", "no-such.yaml"], "cannot read 'no-such.yaml'"),
]


def main():
    model, data, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    recipe, output = os.path.join(folder, "r.yaml"), os.path.join(folder, "out.so")

    def run(*flags):
        done = subprocess.run(["lpc", "compile", "--quiet", model, *flags, "-o", output], capture_output=True, text=True)
        return done.returncode, done.stderr.strip()

    def expect(sentence, *flags):
        code, error = run(*flags)
        if code != 2 or "\n" in error or not error.startswith("error: ") or sentence not in error or os.path.exists(output):
            sys.exit(f"{flags}: expected exit code 2 and '{sentence}', but got {code}:\n{error}")

    for text, line, sentence in RECIPES:
        with open(recipe, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        expect(sentence, "--recipe", recipe)
        expect(f"{recipe}:{line}: ", "--recipe", recipe)
    for flags, sentence in FLAGS:
        expect(sentence, *flags)
    print(f"{len(RECIPES) + len(FLAGS)} mistakes, one sentence each")

    rng = random.Random(1)
    whole = "rewrites:\n  - fold-norm-gains\n  - smooth: {alpha: 0.5}\nweights: int8\nlayers:\n  - {match: \"fc\", weights: int4/g8}\n"
    for _ in range(150):
        text = list(whole)
        for _ in range(rng.randrange(1, 5)):
            at = rng.randrange(len(text))
            text[at : at + rng.randrange(3)] = rng.choice(["", ":", "\n", "{", "}", "[", "-", "\"", "\0", "é", "  ", "a", "&a ", "*a", "|"])
        with open(recipe, "w", encoding="utf-8") as file:
            file.write("".join(text))
        # The folder of -o does not exist: a recipe that is well ends there.
        done = subprocess.run(["lpc", "compile", "--quiet", model, "--recipe", recipe, "--calib", f"{data}:x=calib_x", "-o",
                               os.path.join(folder, "none", "x.so")], capture_output=True, text=True)
        # A number that is none has a line of LLVM in front.
        if done.returncode != 2 or not done.stderr.strip().split("\n")[-1].startswith("error: "):
            sys.exit(f"{''.join(text)!r}: exit code {done.returncode}\n{done.stderr[:500]}")


if __name__ == "__main__":
    main()
