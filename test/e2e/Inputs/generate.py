#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares what `lpc generate` prints with greedy decoding in ONNX Runtime on the same model.

usage: generate.py MODEL.onnx LPC_OUTPUT PROMPT BYTES

The model takes ids [B, T] and past [..., P, ...] (empty at first) and gives logits [B, T, 256] and present.
"""
import sys

import numpy
import onnxruntime


def main():
    model, output, prompt, count = sys.argv[1], sys.argv[2], sys.argv[3].encode(), int(sys.argv[4])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    past = numpy.zeros((4, 2, 1, 4, 0, 32), numpy.float32)
    text, feed = bytearray(prompt), prompt
    for _ in range(count):
        ids = numpy.frombuffer(feed, numpy.uint8).astype(numpy.int64)[None]
        logits, past = session.run(["logits", "present"], {"ids": ids, "past": past})
        text.append(int(logits[0, -1].argmax()))
        feed = bytes(text[-1:])
    with open(output, "rb") as file:
        found = file.read().removesuffix(b"\n")
    if found != bytes(text):
        at = next((i for i, (a, b) in enumerate(zip(found, text)) if a != b), min(len(found), len(text)))
        sys.exit(f"texts differ at byte {at} of {len(text)}:\n lpc {found!r}\n ort {bytes(text)!r}")
    print(f"the same {len(found)} bytes")


if __name__ == "__main__":
    main()
