# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Writes tensors with numpy and onnx for PythonFilesTest, and checks what it wrote back.
#   python_files.py write <folder>      python_files.py check <folder>
import pathlib
import sys

import ml_dtypes  # noqa: F401  (registers the element types)
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SMALL = "FLOAT UINT8 INT8 UINT16 INT16 INT32 INT64 BOOL FLOAT16 DOUBLE UINT32 UINT64 BFLOAT16 FLOAT8E4M3FN FLOAT8E4M3FNUZ \
FLOAT8E5M2 FLOAT8E5M2FNUZ UINT4 INT4 FLOAT4E2M1 FLOAT8E8M0 UINT2 INT2".split()


def tensors():
    """One odd-sized tensor for each element type: values that every type holds, negative ones where it can."""
    for name in SMALL:
        code = getattr(TensorProto, name)
        dtype = helper.tensor_dtype_to_np_dtype(code)
        values = np.array([[0, 1, 1], [0, 1, 0], [1, 1, 0]], np.float64)[:, :3]
        if name.startswith(("INT", "FLOAT", "DOUBLE", "BFLOAT")) and name != "FLOAT8E8M0":
            values[1] = [-1, 1, -2]
        if name == "FLOAT8E8M0":
            values = np.exp2(values)
        yield name.lower(), code, values.astype(dtype)


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, code, array in tensors():
        raw = numpy_helper.from_array(array, name)
        assert raw.data_type == code, name
        typed = helper.make_tensor(name, code, array.shape, array.astype(np.float64).flatten().tolist()
                                   if array.dtype.kind not in "iub" else array.flatten().tolist())
        assert not typed.HasField("raw_data"), name
        (folder / f"{name}_raw.pb").write_bytes(raw.SerializeToString())
        (folder / f"{name}.pb").write_bytes(typed.SerializeToString())
        np.save(folder / f"{name}.npy", array)
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.savez(folder / "numpy.npz", x=x, y=np.int64(5))
    np.savez_compressed(folder / "numpy_deflated.npz", x=x, y=np.int64(5))
    (folder / "orders").mkdir(exist_ok=True)
    cube = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    np.save(folder / "orders/plain.npy", cube)
    np.save(folder / "orders/fortran.npy", np.asfortranarray(cube))
    np.save(folder / "orders/big.npy", cube.astype(">i4"))
    (folder / "done").touch()


def check(folder):
    back = folder / "back"
    stored, deflated = np.load(back / "stored.npz"), np.load(back / "deflated.npz")
    for name, code, array in tensors():
        proto = onnx.TensorProto.FromString((back / f"{name}.pb").read_bytes())
        assert proto.data_type == code and proto.name == name
        found = numpy_helper.to_array(proto)
        assert found.dtype == array.dtype and found.tobytes() == array.tobytes(), name
        for npy in (np.load(back / f"{name}.npy"), stored[name], deflated[name]):
            assert npy.shape == array.shape
            if npy.dtype.kind == "V":  # the element type is not NumPy's: the codes must be the same
                npy = np.frombuffer(npy.tobytes(), array.dtype).reshape(array.shape)
            assert np.array_equal(npy.astype(np.float64), array.astype(np.float64)), name


{"write": write, "check": check}[sys.argv[1]](pathlib.Path(sys.argv[2]))
