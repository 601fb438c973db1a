# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Writes the small well-formed models of the importer's tests: models.py <case> <file.onnx>
import struct
import sys

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper


def info(name, shape=(4,), code=T.FLOAT):
    return h.make_tensor_value_info(name, code, shape)


def model(nodes, inputs, outputs, initializers=(), opsets=None, ir=10, functions=(), sparse=(), values=()):
    graph = h.make_graph(
        nodes, "g", inputs, outputs, list(initializers), value_info=list(values), sparse_initializer=list(sparse)
    )
    opsets = opsets or [("", 18)]
    return h.make_model(
        graph,
        opset_imports=[h.make_opsetid(*o) for o in opsets],
        ir_version=ir,
        functions=list(functions),
        producer_name="test",
        producer_version="1",
    )


def graph():
    """Names, dynamic dimensions, absent inputs and outputs, hints, metadata."""
    big = np.arange(32, dtype=np.float32)
    m = model(
        [
            h.make_node("Add", ["x", "w"], ["s"], name="add"),
            h.make_node("Clip", ["s", "", "max"], ["c"]),
            h.make_node("Any", ["c"], ["", "u"], name="two outputs", domain="my.domain", alpha=0.1, axes=[1, -2]),
            h.make_node("Relu", ["u"], ["y"], domain="ai.onnx"),
        ],
        [info("x", ("batch", 32, None, "batch")), info("unranked", None), info("scalar", ())],
        [info("y", ("batch", 10)), info("x", ("other",))],
        [
            numpy_helper.from_array(big, "w"),
            numpy_helper.from_array(np.float32(6), "max"),
            numpy_helper.from_array(np.zeros((1000, 1000), np.float32), "a splat: stored once"),
        ],
        opsets=[("", 18), ("my.domain", 3)],
        values=[info("s", (1, 2, 3))],
    )
    h.set_model_props(m, {"key": "value"})
    return m


def unordered():
    return model(
        [
            h.make_node("C", ["b"], ["y"], name="third"),
            h.make_node("B", ["a"], ["b"], name="second"),
            h.make_node("A", ["x"], ["a"], name="first"),
        ],
        [info("x")],
        [info("y")],
    )


def overridden():
    """An initializer that is also an input, as files before IR 4 must have it."""
    return model(
        [h.make_node("Add", ["x", "w"], ["y"])],
        [info("x"), info("w")],
        [info("y")],
        [numpy_helper.from_array(np.arange(4, dtype=np.float32), "w")],
        ir=3,
        opsets=[("", 9)],
    )


def attributes():
    """Each kind of attribute; the float is not a short decimal, its bits must survive."""
    node = h.make_node("Any", [], ["y"], name="n")
    node.attribute.extend(
        [
            h.make_attribute("f", struct.unpack("<f", bytes.fromhex("cdcccc3d"))[0]),
            h.make_attribute("fs", [1.0, float("inf")]),
            h.make_attribute("i", -(2**63)),
            h.make_attribute("is", [1, 2]),
            h.make_attribute("s", b"text \xff"),
            h.make_attribute("ss", ["a", "b"]),
            h.make_attribute("t", h.make_tensor("t", T.INT8, [2], [1, 2])),
            h.make_attribute("ts", [h.make_tensor("t", T.INT8, [1], [1]), h.make_tensor("t", T.FLOAT, [], [2])]),
            h.make_attribute("tp", h.make_tensor_type_proto(T.FLOAT, (1, None))),
        ]
    )
    empty = onnx.AttributeProto(name="empty", type=onnx.AttributeProto.INTS)
    old = onnx.AttributeProto(name="old", i=7)  # no type, as in the first files
    node.attribute.extend([empty, old])
    return model([node], [], [info("y")])


# Element types: raw and typed forms of the same values. Codes of the narrow floats: 1 and -1, or 1 and 2.
TYPES = {
    "f32": (T.FLOAT, "float_data", [1.0, -1.0], struct.pack("<2f", 1, -1)),
    "f64": (T.DOUBLE, "double_data", [1.0, -1.0], struct.pack("<2d", 1, -1)),
    "f16": (T.FLOAT16, "int32_data", [0x3C00, 0xBC00], bytes.fromhex("003c00bc")),
    "bf16": (T.BFLOAT16, "int32_data", [0x3F80, 0xBF80], bytes.fromhex("803f80bf")),
    "i8": (T.INT8, "int32_data", [-128, 127], bytes([128, 127])),
    "i16": (T.INT16, "int32_data", [-32768, 1], struct.pack("<2h", -32768, 1)),
    "i32": (T.INT32, "int32_data", [-(2**31), 1], struct.pack("<2i", -(2**31), 1)),
    "i64": (T.INT64, "int64_data", [-(2**63), 1], struct.pack("<2q", -(2**63), 1)),
    "ui8": (T.UINT8, "int32_data", [255, 1], bytes([255, 1])),
    "ui16": (T.UINT16, "int32_data", [65535, 1], struct.pack("<2H", 65535, 1)),
    "ui32": (T.UINT32, "uint64_data", [2**32 - 1, 1], struct.pack("<2I", 2**32 - 1, 1)),
    "ui64": (T.UINT64, "uint64_data", [2**64 - 1, 1], struct.pack("<2Q", 2**64 - 1, 1)),
    "bool": (T.BOOL, "int32_data", [1, 0], bytes([1, 0])),
    "c64": (T.COMPLEX64, "float_data", [1.0, 2.0, 3.0, 4.0], struct.pack("<4f", 1, 2, 3, 4)),
    "c128": (T.COMPLEX128, "double_data", [1.0, 2.0, 3.0, 4.0], struct.pack("<4d", 1, 2, 3, 4)),
    "e4m3": (T.FLOAT8E4M3FN, "int32_data", [0x38, 0xB8], bytes([0x38, 0xB8])),
    "e4m3z": (T.FLOAT8E4M3FNUZ, "int32_data", [0x40, 0xC0], bytes([0x40, 0xC0])),
    "e5m2": (T.FLOAT8E5M2, "int32_data", [0x3C, 0xBC], bytes([0x3C, 0xBC])),
    "e5m2z": (T.FLOAT8E5M2FNUZ, "int32_data", [0x40, 0xC0], bytes([0x40, 0xC0])),
    "e8m0": (T.FLOAT8E8M0, "int32_data", [0x7F, 0x80], bytes([0x7F, 0x80])),
    "ui4": (T.UINT4, "int32_data", [0x1F], bytes([0x1F])),
    "i4": (T.INT4, "int32_data", [0x78], bytes([0x78])),
    "e2m1": (T.FLOAT4E2M1, "int32_data", [0xA2], bytes([0xA2])),
    "ui2": (T.UINT2, "int32_data", [0b0111], bytes([0b0111])),
    "i2": (T.INT2, "int32_data", [0b0110], bytes([0b0110])),
}


def types():
    initializers = []
    for name, (code, field, entries, raw) in TYPES.items():
        typed = T(name=name + "_typed", data_type=code, dims=[2])
        getattr(typed, field).extend(entries)
        initializers += [typed, T(name=name + "_raw", data_type=code, dims=[2], raw_data=raw)]
    initializers.append(T(name="text", data_type=T.STRING, dims=[2], string_data=[b"a", b"b"]))
    initializers.append(T(name="nothing", data_type=T.FLOAT, dims=[2, 0, 3]))
    initializers.append(T(name="int4_odd", data_type=T.INT4, dims=[3], raw_data=bytes([0x21, 0x0F])))
    return model([], [], [info("f32_raw", (2,))], initializers)


def big_types():
    """Resources: one byte per element for sub-byte types and booleans."""
    n = 66
    return model(
        [],
        [],
        [info("i4", (n,), T.INT4)],
        [
            T(name="i4", data_type=T.INT4, dims=[n], raw_data=bytes([0x8F]) + bytes(n // 2 - 1)),
            T(name="b", data_type=T.BOOL, dims=[n], raw_data=bytes([1]) + bytes(n - 1)),
            T(name="f16", data_type=T.FLOAT16, dims=[n], int32_data=[0x3C00] + [0] * (n - 1)),
            T(name='odd "name"/\n', data_type=T.UINT8, dims=[n], raw_data=bytes(range(n))),
        ],
    )


def sparse():
    def make(name, index_array):
        return h.make_sparse_tensor(
            numpy_helper.from_array(np.array([1, 2], np.float32), name), numpy_helper.from_array(index_array, ""), [2, 3]
        )

    return model(
        [],
        [],
        [info("linear", (2, 3))],
        sparse=[make("linear", np.array([1, 5], np.int64)), make("pairs", np.array([[0, 1], [1, 2]], np.int64))],
    )


def other_types():
    tensor = h.make_tensor_type_proto(T.FLOAT, None)
    seq = h.make_value_info("s", h.make_sequence_type_proto(tensor))
    opt = h.make_value_info("o", h.make_optional_type_proto(h.make_sequence_type_proto(tensor)))
    mapping = onnx.ValueInfoProto(name="m")
    mapping.type.map_type.key_type = T.INT64
    mapping.type.map_type.value_type.CopyFrom(h.make_tensor_type_proto(T.STRING, None))
    untyped = onnx.ValueInfoProto(name="u")
    return model([], [seq, opt, mapping, info("t", (2,), T.STRING), untyped], [seq])


def control_flow():
    """Subgraphs that read outer values, have inputs and initializers, and stand inside each other."""
    inner = h.make_graph(
        [h.make_node("Add", ["outer", "k"], ["sum"], name="inside")],
        "then",
        [],
        [info("sum")],
        [numpy_helper.from_array(np.float32(1), "k")],
    )
    loop_body = h.make_graph(
        [h.make_node("Mul", ["state", "x"], ["next"])],
        "body",
        [info("i", (), T.INT64), info("cond_in", (), T.BOOL), info("state")],
        [info("cond_in", (), T.BOOL), info("next")],
    )
    outer = h.make_graph(
        [h.make_node("Loop", ["", "c", "x"], ["looped"], name="loop", body=loop_body)], "else", [], [info("looped")]
    )
    return model(
        [
            # Out of order: `outer` is used in a branch only.
            h.make_node("If", ["c"], ["y"], name="if", then_branch=inner, else_branch=outer),
            h.make_node("Neg", ["x"], ["outer"], name="neg"),
        ],
        [info("c", (), T.BOOL), info("x")],
        [info("y")],
    )


def functions():
    """Calls inside calls, attributes by reference and by default, an absent input, a graph handed to a function."""
    inner = h.make_function(
        "local",
        "Inner",
        ["a", "b"],
        ["r"],
        [h.make_node("Elu", ["a"], ["t"], name="elu"), h.make_node("Max", ["t", "b"], ["r"], name="max")],
        [h.make_opsetid("", 17)],
        ["alpha"],
    )
    ref = onnx.AttributeProto(name="alpha", ref_attr_name="alpha", type=onnx.AttributeProto.FLOAT)
    inner.node[0].attribute.append(ref)
    outer = h.make_function(
        "local",
        "Outer",
        ["v"],
        ["w"],
        [
            h.make_node("Inner", ["v"], ["m"], name="call", domain="local"),
            h.make_node("Any", ["m"], ["w"], name="any"),
        ],
        [h.make_opsetid("", 16), h.make_opsetid("local", 1)],
        ["graph"],
        [h.make_attribute("beta", 2.0)],
    )
    pass_on = onnx.AttributeProto(name="alpha", ref_attr_name="beta", type=onnx.AttributeProto.FLOAT)
    outer.node[0].attribute.append(pass_on)
    outer.node[1].attribute.append(
        onnx.AttributeProto(name="body", ref_attr_name="graph", type=onnx.AttributeProto.GRAPH)
    )
    passed = h.make_graph([h.make_node("Abs", ["x"], ["abs"])], "passed", [], [info("abs")])
    return model(
        [
            h.make_node("Outer", ["x"], ["p"], name="first", domain="local", graph=passed),
            h.make_node("Outer", ["p"], ["y"], name="second", domain="local", beta=3.0),
        ],
        [info("x")],
        [info("y")],
        functions=[inner, outer],
        opsets=[("", 18), ("local", 1)],
    )


if __name__ == "__main__":
    onnx.save_model(globals()[sys.argv[1]](), sys.argv[2])
