// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TensorProto.h: ONNX TensorProto files (.pb) and test_data_set folders, read without protobuf.
#ifndef LPC_RUNTIME_IO_TENSORPROTO_H
#define LPC_RUNTIME_IO_TENSORPROTO_H

#include "lpc-runtime/io/HostTensor.h"

namespace lpc::rt {

/// Parses a serialized TensorProto: raw_data or the typed fields. Strings, segments and external
/// data are refused.
Result<NamedTensor> parseTensorProto(std::span<const uint8_t> file, const std::string &where);
Result<NamedTensor> readTensorProto(const std::string &path);

/// A serialized TensorProto with raw_data.
std::vector<uint8_t> formatTensorProto(const NamedTensor &tensor);
Status writeTensorProto(const std::string &path, const NamedTensor &tensor);

/// input_<i>.pb and output_<i>.pb of an ONNX test_data_set folder, in the order of i. Names may be
/// empty.
struct TestDataSet {
  std::vector<NamedTensor> inputs, outputs;
};
Result<TestDataSet> readTestDataSet(const std::string &folder);

} // namespace lpc::rt

#endif // LPC_RUNTIME_IO_TENSORPROTO_H
