// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors of the evaluator to and from the tensors that tools read and write.
#ifndef LPC_REFERENCE_HOSTTENSOR_H
#define LPC_REFERENCE_HOSTTENSOR_H

#include "lpc/Reference/Tensor.h"

#include "lpc-runtime/io/HostTensor.h"

namespace lpc::ref {

/// Same type, shape and values; elements below 8 bits are unpacked.
Result<Tensor> fromHost(const rt::HostTensor &host);
/// The inverse. Codes become the builtin integer or float of the same bits and meaning, where ONNX
/// has one.
Result<rt::HostTensor> toHost(const Tensor &tensor);

} // namespace lpc::ref

#endif // LPC_REFERENCE_HOSTTENSOR_H
