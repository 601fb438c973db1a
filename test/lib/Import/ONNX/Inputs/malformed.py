# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Writes the malformed models of the importer's tests into a folder: malformed.py <folder>
import os
import random
import sys

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def info(name, shape=(4,), code=T.FLOAT):
    return h.make_tensor_value_info(name, code, shape)


def model(nodes, inputs=None, outputs=None, initializers=(), functions=(), ir=10, opsets=(("", 18), ("local", 1))):
    inputs = [info("x")] if inputs is None else inputs
    outputs = [info("y")] if outputs is None else outputs
    graph = h.make_graph(nodes, "g", inputs, outputs, list(initializers))
    imports = [h.make_opsetid(*o) for o in opsets]
    return h.make_model(graph, opset_imports=imports, ir_version=ir, functions=list(functions))


def save(name, content):
    data = content if isinstance(content, bytes) else content.SerializeToString()
    with open(os.path.join(folder, name + ".onnx"), "wb") as f:
        f.write(data)


def varint(n):
    out = bytearray()
    while n >= 128:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def in_graph(payload):
    """A model around the bytes of a graph."""
    return b"\x08\x0a" + field(7, payload)


relu = h.make_node("Relu", ["x"], ["y"], name="relu")

# -- bytes that are no model ---------------------------------------------------
good = model([relu]).SerializeToString()
save("empty", b"")
save("truncated", good[: len(good) - 7])
save("random", random.Random(1).randbytes(4096))
save("text", b"this is not a model, it is a sentence\n")
save("no_graph", onnx.ModelProto(ir_version=10))
save("no_version", field(7, model([relu]).graph.SerializeToString()))
save("empty_graph", in_graph(b""))
save("no_outputs", model([relu], outputs=[]))
save("group", b"\x08\x0a\x0b\x0c")
save("field_zero", b"\x02\x00")
save("endless_varint", b"\x08" + b"\xff" * 11)
save("huge_length", b"\x08\x0a\x3a" + varint(2**63) + b"x")


# -- limits ---------------------------------------------------------------------
def nested(levels):
    """Ifs inside each other, from the inside out, as bytes: no library writes them so deep."""
    output = field(12, info("y").SerializeToString())
    graph = field(1, h.make_node("Relu", ["x"], ["y"]).SerializeToString()) + output
    for level in range(levels):
        attribute = field(1, b"then_branch") + b"\xa0\x01\x05" + field(6, graph)
        graph = field(1, field(1, b"c") + field(2, b"y%d" % level) + field(4, b"If") + field(5, attribute))
        graph += field(12, info("y%d" % level).SerializeToString())
    inputs = field(11, info("x").SerializeToString()) + field(11, info("c", (), T.BOOL).SerializeToString())
    return in_graph(graph + inputs) + field(8, h.make_opsetid("", 18).SerializeToString())


for depth in (32, 33, 34, 1000):
    save(f"nested_{depth}", nested(depth))
nest = field(1, b"\x08\x01")
for _ in range(200):
    nest = field(4, field(1, nest))  # TypeProto.sequence_type.elem_type
save("nested_types", in_graph(field(11, field(1, b"x") + field(2, nest))))
million = 1_000_000
save("many_nodes", in_graph(b"\x0a\x00" * (8 * million)))
save("many_attributes", in_graph(field(1, b"\x2a\x00" * (8 * million))))
save("many_inputs", in_graph(field(1, b"\x0a\x00" * (8 * million))))
save("many_initializers", in_graph(b"\x2a\x00" * (8 * million)))
save("many_dims", in_graph(field(5, field(1, b"\x01" * 17))))
save("long_list", in_graph(field(1, field(5, field(8, b"\x01" * (5 * million))))))
save("high_rank", model([relu], inputs=[info("x", (1,) * 17)]))
bomb = [h.make_function("local", "F0", ["a"], ["b"], [h.make_node("Relu", ["a"], ["b"])], [h.make_opsetid("", 18)])]
for i in range(1, 30):
    calls = [h.make_node(f"F{i-1}", ["a"], ["t"], domain="local"), h.make_node(f"F{i-1}", ["t"], ["b"], domain="local")]
    bomb.append(h.make_function("local", f"F{i}", ["a"], ["b"], calls, [h.make_opsetid("local", 1)]))
save("function_bomb", model([h.make_node("F29", ["x"], ["y"], domain="local")], functions=bomb))
dense = onnx.SparseTensorProto(dims=[2**20, 2**10])
dense.values.CopyFrom(numpy_helper.from_array(np.array([1], np.float32), "w"))
dense.indices.CopyFrom(numpy_helper.from_array(np.array([1], np.int64), ""))
big_sparse = model([relu])
big_sparse.graph.sparse_initializer.append(dense)
save("big_sparse", big_sparse)


# -- tensors ----------------------------------------------------------------------
def tensor(name, **fields):
    save(name, model([relu], initializers=[T(name="w", **fields)]))


tensor("negative_dim", data_type=T.FLOAT, dims=[2, -1], raw_data=bytes(8))
tensor("overflow", data_type=T.FLOAT, dims=[2**62, 2**62, 16], raw_data=bytes(8))
tensor("raw_too_short", data_type=T.FLOAT, dims=[4], raw_data=bytes(15))
tensor("raw_too_long", data_type=T.INT4, dims=[3], raw_data=bytes(3))
tensor("no_data", data_type=T.FLOAT, dims=[4])
tensor("wrong_field", data_type=T.FLOAT, dims=[1], int64_data=[1])
tensor("two_places", data_type=T.FLOAT, dims=[1], float_data=[1], raw_data=bytes(4))
tensor("out_of_range", data_type=T.INT8, dims=[1], int32_data=[128])
tensor("bad_bool", data_type=T.BOOL, dims=[2], raw_data=bytes([1, 2]))
tensor("unknown_code", data_type=99, dims=[1], raw_data=bytes(4))
tensor("no_code", dims=[1], raw_data=bytes(4))
tensor("few_strings", data_type=T.STRING, dims=[2], string_data=[b"a"])
sparse = model([relu])
bad = onnx.SparseTensorProto(dims=[2, 3])
bad.values.CopyFrom(numpy_helper.from_array(np.array([1, 2], np.float32), "w"))
bad.indices.CopyFrom(numpy_helper.from_array(np.array([1, 6], np.int64), ""))
sparse.graph.sparse_initializer.append(bad)
save("sparse_outside", sparse)
save("negative_input", model([relu], inputs=[info("x", (-1,))]))
save("unknown_input_code", model([relu], inputs=[info("x", (1,), 99)]))

# -- graphs -----------------------------------------------------------------------
add = h.make_node("Add", ["x", "b"], ["a"], name="first")
save("cycle", model([add, h.make_node("Neg", ["a"], ["b"], name="second"), h.make_node("Relu", ["b"], ["y"])]))
save("self_cycle", model([h.make_node("Add", ["x", "y"], ["y"], name="self")]))
save("undefined", model([h.make_node("Add", ["x", "ghost"], ["y"], name="add")]))
save("undefined_unnamed", model([h.make_node("Add", ["x", "ghost\n\x1b"], ["y"])]))
save("undefined_output", model([h.make_node("Relu", ["x"], ["z"])]))
save("duplicate_results", model([relu, h.make_node("Neg", ["x"], ["y"], name="neg")]))
save("duplicate_inputs", model([relu], inputs=[info("x"), info("x")]))
save("result_is_input", model([relu, h.make_node("Neg", ["y"], ["x"], name="neg")], inputs=[info("x")]))
shadow = h.make_graph([h.make_node("Neg", ["x"], ["t"])], "shadow", [], [info("t")])
save(
    "shadowing",
    model([h.make_node("Abs", ["x"], ["t"]), h.make_node("If", ["t"], ["y"], name="if", then_branch=shadow)]),
)
inside = h.make_graph([h.make_node("Neg", ["ghost"], ["t"], name="inner")], "g", [], [info("t")])
save("undefined_in_graph", model([h.make_node("If", ["x"], ["y"], name="if", then_branch=inside)]))
save("no_operator", model([h.make_node("", ["x"], ["y"], name="n")]))
save("no_opset", model([relu], opsets=[("other", 1)]))
save("opset_zero", model([relu], opsets=[("", 0)]))
twice = h.make_node("Any", ["x"], ["y"], name="n")
twice.attribute.extend([h.make_attribute("a", 1), h.make_attribute("a", 2)])
save("attribute_twice", model([twice]))
nameless = h.make_node("Any", ["x"], ["y"], name="n")
nameless.attribute.append(onnx.AttributeProto(i=1, type=onnx.AttributeProto.INT))
save("attribute_nameless", model([nameless]))
kind = h.make_node("Any", ["x"], ["y"], name="n")
kind.attribute.append(onnx.AttributeProto(name="a"))
save("attribute_typeless", model([kind]))
stray = h.make_node("Any", ["x"], ["y"], name="n")
stray.attribute.append(onnx.AttributeProto(name="a", ref_attr_name="b", type=onnx.AttributeProto.INT))
save("stray_reference", model([stray]))
call = h.make_node("F", ["x"], ["y"], name="call", domain="local")
recursive = h.make_function(
    "local", "F", ["a"], ["b"], [h.make_node("F", ["a"], ["b"], name="again", domain="local")], [h.make_opsetid("local", 1)]
)
save("recursive", model([call], functions=[recursive]))
save("function_twice", model([call], functions=[recursive, recursive]))
empty = h.make_function("local", "F", ["a"], ["b"], [], [])
save("function_undefined", model([call], functions=[empty]))
save("too_many_arguments", model([h.make_node("F", ["x", "x"], ["y"], domain="local")], functions=[empty]))
