# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Writes models with external data into a folder: external.py <folder>
import os
import sys

import onnx
from onnx import TensorProto as T
from onnx import helper as h

root = sys.argv[1]
folder = os.path.join(root, "model")
os.makedirs(os.path.join(folder, "data"), exist_ok=True)
with open(os.path.join(folder, "data", "weights.bin"), "wb") as f:
    f.write(bytes(range(256)) * 2)
with open(os.path.join(root, "secret.bin"), "wb") as f:
    f.write(bytes(range(128)))
for name, target in {"link.bin": "data/weights.bin", "escape.bin": "../secret.bin", "up": ".."}.items():
    path = os.path.join(folder, name)
    if not os.path.lexists(path):
        os.symlink(target, path)
fifo = os.path.join(folder, "pipe")
if not os.path.exists(fifo):
    os.mkfifo(fifo)


def write(name, n=32, code=T.FLOAT, **entries):
    tensor = T(name="w", data_type=code, dims=[n], data_location=T.EXTERNAL)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=str(value))
    output = h.make_tensor_value_info("w", code, [n])
    graph = h.make_graph([], "g", [], [output], [tensor])
    onnx.save_model(h.make_model(graph, ir_version=10), os.path.join(folder, name + ".onnx"))


data = "data/weights.bin"
write("whole", 128, location=data)
write("part", location=data, offset=64, length=128)
write("misaligned", location=data, offset=1, length=128)
write("packed", 128, code=T.INT4, location=data, offset=128)
write("link_inside", location="link.bin", length=128)
write("dotdot", location="../secret.bin", length=128)
write("hidden_dotdot", location="data/../../secret.bin", length=128)
write("absolute", location=os.path.abspath(os.path.join(root, "secret.bin")), length=128)
write("link_escape", location="escape.bin", length=128)
write("folder_link_escape", location="up/secret.bin", length=128)
write("fifo", location="pipe", length=128)
write("folder", location="data", length=128)
write("missing", location="nowhere.bin", length=128)
write("nameless")
write("beyond", location=data, offset=448, length=128)
write("overflow", location=data, offset=2**64 - 64, length=128)
write("not_a_number", location=data, offset="-1")
write("wrong_length", location=data, length=64)
