// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A format for each layer: a default, and others for nodes whose names match.
#ifndef LPC_LIB_QUANTIZATION_LAYERFORMATS_H
#define LPC_LIB_QUANTIZATION_LAYERFORMATS_H

#include "lpc/Numerics/FormatSpec.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Regex.h"

namespace lpc::quant {

class LayerFormats {
public:
  using Parse = llvm::function_ref<std::optional<num::FormatSpec>(llvm::StringRef format,
                                                                  std::string &error)>;

  /// `layers` is `regex=format;regex=format`; the first that matches a name decides. A format is a
  /// spec, `float`, or nothing for the default. An empty default is float. Returns false and sets
  /// `error` to one sentence.
  bool parse(llvm::StringRef standard, llvm::StringRef layers, Parse parseFormat,
             std::string &error);

  /// The number of the format of a node.
  unsigned indexOf(llvm::StringRef name) const;
  /// Null is float.
  const num::FormatSpec *at(unsigned index) const {
    return formats[index] ? &*formats[index] : nullptr;
  }
  unsigned size() const { return formats.size(); }

private:
  struct Layer {
    llvm::Regex regex;
    unsigned format;
  };
  std::vector<std::optional<num::FormatSpec>> formats; ///< the default first
  std::vector<Layer> layers;
};

} // namespace lpc::quant

#endif // LPC_LIB_QUANTIZATION_LAYERFORMATS_H
