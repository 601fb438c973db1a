// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Formats by the names of nodes.
#include "LayerFormats.h"

#include "llvm/ADT/SmallVector.h"

using namespace lpc;
using namespace lpc::quant;
using llvm::StringRef;

bool LayerFormats::parse(StringRef standard, StringRef text, Parse parseFormat,
                         std::string &error) {
  formats.emplace_back();
  if (!standard.empty() && standard != "float" && !(formats[0] = parseFormat(standard, error)))
    return false;
  llvm::SmallVector<StringRef> items;
  text.split(items, ';', -1, /*KeepEmpty=*/false);
  for (StringRef item : items) {
    if (!item.contains('=')) {
      error = "expected regex=format, but got '" + item.str() + "'";
      return false;
    }
    auto [pattern, format] = item.rsplit('=');
    Layer layer{llvm::Regex(pattern), 0};
    std::string why;
    if (!layer.regex.isValid(why)) {
      error = "'" + pattern.str() + "' is no regular expression: " + why;
      return false;
    }
    if (!format.empty()) {
      layer.format = formats.size();
      formats.emplace_back();
      if (format != "float" && !(formats.back() = parseFormat(format, error)))
        return false;
    }
    layers.push_back(std::move(layer));
  }
  return true;
}

unsigned LayerFormats::indexOf(StringRef name) const {
  for (const Layer &layer : layers)
    if (layer.regex.match(name))
      return layer.format;
  return 0;
}
