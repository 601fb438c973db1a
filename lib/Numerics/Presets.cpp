// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names for scale structures that others have published. A new one is one row.
#include "Specs.h"

#include <cassert>

namespace lpc::num {

static constexpr Preset table[] = {
    {"mxfp8", "e4m3/g32:e8m0@floor", "OCP MX"},
    {"mxfp8_e5m2", "e5m2/g32:e8m0@floor", "OCP MX"},
    {"mxfp6", "e2m3/g32:e8m0@floor", "OCP MX"},
    {"mxfp6_e3m2", "e3m2/g32:e8m0@floor", "OCP MX"},
    {"mxfp4", "e2m1/g32:e8m0@floor", "OCP MX"},
    {"mxint8", "fix8.narrow<f=6>/g32:e8m0@floor", "OCP MX; the lowest code is decoded, never made"},
    {"mxint4", "fix4.narrow<f=2>/g32:e8m0@floor", "the same with 4 bits"},
    {"nvfp4", "e2m1/g16:e4m3/tensor@nv", "NVIDIA's two-level FP4"},
    {"nvint4", "int4.narrow/g16:e4m3/tensor@nv", "the same with integers"},
    {"bfp", "int8.narrow/g16:e8m0@floor", "block floating point, sign and 7 bits (MSFP16)"},
    {"msfp12", "int4.narrow/g16:e8m0@floor", "block floating point, sign and 3 bits"},
    {"dfp8", "int8/tensor:e8m0@dfp", "dynamic fixed point"},
    {"dfp16", "int16/tensor:e8m0@dfp", "dynamic fixed point"},
    {"nf4", "nf4/g64@absmax", "bitsandbytes, f32 scales"},
    {"ternary", "ternary/tensor@absmean", "BitNet b1.58"},
    {"q4_0", "int4/g32:fp16@signed_max", "gguf"},
    {"q8_0", "int8.narrow/g32:fp16@reciprocal", "gguf"},
    {"q4_k", "uint4/g32:uint6/g256:fp16/offset:uint6:fp16@kquant", "gguf"},
    {"q6_k", "int6/g16:int8/g256:fp16@kquant", "gguf"},
    {"tq1_0", "ternary/g256:fp16@reciprocal", "gguf; in bytes five codes at a time"},
    {"tq2_0", "ternary/g256:fp16@reciprocal", "gguf; in bytes four codes at a time"},
    {"any4", "uint4/g128/offset/table@kmeans", "learned tables on group-scaled weights"},
    {"any3", "uint3/g128/offset/table@kmeans", "the same, 8 entries"},
    {"any2", "uint2/g128/offset/table@kmeans", "the same, 4 entries"},
    {"ganq4", "uint4/table@kmeans", "one table per row, no scales"},
    {"ganq3", "uint3/table@kmeans", "the same, 8 entries"},
    {"ganq2", "uint2/table@kmeans", "the same, 4 entries"},
    {"razor4", "int4.narrow/g16:ue3m0<bias=0,nosubnormals>/tensor@razor", "QRazor, from 8 bits"},
    {"razor4_16", "int4.narrow/g16:ue4m0<bias=0,nosubnormals>/tensor@razor16",
     "QRazor, from 16 bits"},
};

std::span<const Preset> presets() { return table; }

const std::vector<std::pair<std::string_view, FormatSpec>> &detail::parsedPresets() {
  static const auto *all = [] {
    auto *list = new std::vector<std::pair<std::string_view, FormatSpec>>;
    for (const Preset &p : table) {
      std::optional<FormatSpec> spec = FormatSpec::parse(p.spelling);
      assert(spec && "every preset is in the grammar");
      if (spec)
        list->emplace_back(p.name, std::move(*spec));
    }
    return list;
  }();
  return *all;
}

} // namespace lpc::num
