// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Npy.h: NumPy's .npy and .npz files.
#ifndef LPC_RUNTIME_IO_NPY_H
#define LPC_RUNTIME_IO_NPY_H

#include "lpc-runtime/io/HostTensor.h"

namespace lpc::rt {

/// Parses the bytes of an .npy file (versions 1 to 3, either byte order, C or Fortran order).
/// Element types: bool, integers and floats of NumPy. The raw types that ml_dtypes writes are read
/// as uint8 ("V1", fp8) and uint16 ("V2", bfloat16): use adapt() to give them their meaning.
/// `where` names the source in messages.
Result<HostTensor> parseNpy(std::span<const uint8_t> file, const std::string &where);
Result<HostTensor> readNpy(const std::string &path);

/// The bytes of an .npy file, version 1 or 2. Types that NumPy lacks: bfloat16 as "V2", fp8 as "V1"
/// (as ml_dtypes does), integers below 8 bits widened to 8, e2m1 and e8m0 as "V1" with one code per
/// byte.
std::vector<uint8_t> formatNpy(const HostTensor &tensor);
Status writeNpy(const std::string &path, const HostTensor &tensor);

/// All arrays of an .npz, in the order of the archive, names without ".npy".
Result<std::vector<NamedTensor>> readNpz(const std::string &path);
/// The names of the arrays only.
Result<std::vector<std::string>> listNpz(const std::string &path);
/// One array.
Result<HostTensor> readNpzEntry(const std::string &path, const std::string &name);
/// Deterministic: the same tensors give the same bytes.
Status writeNpz(const std::string &path, std::span<const NamedTensor> tensors,
                bool compress = false);

/// .npy, .pb (TensorProto), or an .npz with a single array, by suffix.
Result<HostTensor> readTensorFile(const std::string &path);

} // namespace lpc::rt

#endif // LPC_RUNTIME_IO_NPY_H
