# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A compiled model in Python: the C ABI of runtime/include/lpc-runtime/lpc.h through ctypes, for the benchmark scripts."""
import ctypes
import os

import numpy

MAX_RANK = 16
DTYPES = {1: numpy.float32, 2: numpy.uint8, 3: numpy.int8, 6: numpy.int32, 7: numpy.int64, 9: numpy.bool_, 11: numpy.float64}
CODES = {numpy.dtype(t): code for code, t in DTYPES.items()}


class Tensor(ctypes.Structure):
    _fields_ = [("dtype", ctypes.c_int32), ("rank", ctypes.c_int32), ("shape", ctypes.c_int64 * MAX_RANK),
                ("data", ctypes.c_void_p), ("bytes", ctypes.c_size_t)]  # fmt: skip


class TensorInfo(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("dims", ctypes.c_int64 * MAX_RANK), ("dim_names", ctypes.c_char_p * MAX_RANK)]  # fmt: skip


class OpenOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_int32), ("reserved", ctypes.c_int32),
                ("weights_path", ctypes.c_char_p)]  # fmt: skip


class LpcModel:
    def __init__(self, path, threads=0):
        self.lib = ctypes.CDLL(os.path.abspath(path))
        self.lib.lpc_last_error.restype = ctypes.c_char_p
        self.lib.lpc_last_error.argtypes = [ctypes.c_void_p]
        for name in ("lpc_model_num_inputs", "lpc_model_num_outputs"):
            getattr(self.lib, name).restype = ctypes.c_size_t
            getattr(self.lib, name).argtypes = [ctypes.c_void_p]
        self.lib.lpc_model_input.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(TensorInfo)]
        self.lib.lpc_run.argtypes = [ctypes.c_void_p, ctypes.POINTER(Tensor), ctypes.c_size_t, ctypes.POINTER(Tensor),
                                     ctypes.c_size_t]  # fmt: skip
        self.handle = ctypes.c_void_p()
        options = OpenOptions(ctypes.sizeof(OpenOptions), threads, 0, None)
        self.check(self.lib.lpc_model_open(ctypes.byref(options), ctypes.byref(self.handle)), None)

    def check(self, status, handle):
        if status:
            raise RuntimeError(self.lib.lpc_last_error(handle).decode())

    def input_names(self):
        names = []
        for i in range(self.lib.lpc_model_num_inputs(self.handle)):
            info = TensorInfo()
            self.check(self.lib.lpc_model_input(self.handle, i, ctypes.byref(info)), self.handle)
            names.append(info.name.decode())
        return names

    def run(self, arrays):
        """Outputs are views of the model's memory: valid until the next run."""
        inputs = (Tensor * len(arrays))()
        for tensor, array in zip(inputs, arrays):
            tensor.dtype, tensor.rank = CODES[array.dtype], array.ndim
            for i, d in enumerate(array.shape):
                tensor.shape[i] = d
            tensor.data, tensor.bytes = array.ctypes.data, array.nbytes
        count = self.lib.lpc_model_num_outputs(self.handle)
        outputs = (Tensor * count)()
        self.check(self.lib.lpc_run(self.handle, inputs, len(arrays), outputs, count), self.handle)
        results = []
        for t in outputs:
            buffer = (ctypes.c_char * t.bytes).from_address(t.data)
            results.append(numpy.frombuffer(buffer, DTYPES[t.dtype]).reshape([t.shape[i] for i in range(t.rank)]))
        return results
