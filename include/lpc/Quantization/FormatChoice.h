// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What weights and activations can be: the format grammar, less what has no meaning for them.
#ifndef LPC_QUANTIZATION_FORMATCHOICE_H
#define LPC_QUANTIZATION_FORMATCHOICE_H

#include "lpc/Numerics/FormatSpec.h"

#include "llvm/ADT/StringRef.h"

namespace lpc::quant {

/// Whether a word names a way to choose the scales of weights: absmax or mse.
bool isWeightMethod(llvm::StringRef word);

/// The format of weights; the method `mse` takes the place of the format's own rule, `absmax` keeps
/// it. Returns nothing and sets `error` to one sentence for what is unknown or has no meaning.
std::optional<num::FormatSpec> parseWeightFormat(llvm::StringRef format, llvm::StringRef method,
                                                 std::string &error);

/// The format of activations: scales are computed at run time, or come from calibration where
/// isStatic says so.
std::optional<num::FormatSpec> parseActivationFormat(llvm::StringRef format, std::string &error);

/// One scale for the whole tensor, known before the run.
bool isStatic(const num::FormatSpec &activation);

} // namespace lpc::quant

#endif // LPC_QUANTIZATION_FORMATCHOICE_H
