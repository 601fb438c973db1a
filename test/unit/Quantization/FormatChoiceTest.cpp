// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which specs weights and activations take, and the sentence for the others.
#include "lpc/Quantization/FormatChoice.h"

#include <gtest/gtest.h>

using namespace lpc;
using namespace lpc::quant;

static std::string weightError(const char *format, const char *method = "absmax") {
  std::string error;
  return parseWeightFormat(format, method, error) ? "" : error;
}
static std::string activationError(const char *format) {
  std::string error;
  return parseActivationFormat(format, error) ? "" : error;
}

TEST(FormatChoice, Weights) {
  for (const num::Preset &preset : num::presets())
    EXPECT_EQ(weightError(std::string(preset.name).c_str()), "") << preset.name;
  for (const char *format :
       {"int8/channel", "e4m3/128x128", "uint4/g32/asym:float", "int4/g64/posneg"})
    EXPECT_EQ(weightError(format), "") << format;
  EXPECT_NE(weightError("int8/token").find("weights have no tokens"), std::string::npos);
  EXPECT_NE(weightError("int99"), "");
}

TEST(FormatChoice, Method) {
  std::string error;
  EXPECT_EQ(parseWeightFormat("int4/g128", "mse", error)->rule, num::Rule::MSE);
  EXPECT_EQ(parseWeightFormat("nvfp4", "mse", error)->rule, num::Rule::MSE);
  EXPECT_EQ(parseWeightFormat("mxfp4@even", "absmax", error)->rule, num::Rule::Even);
  EXPECT_NE(weightError("q4_k", "mse").find("method mse does not fit 'q4_k'"), std::string::npos);
}

TEST(FormatChoice, Activations) {
  std::string error;
  for (const char *format :
       {"mxfp4", "mxfp8", "mxint8", "nvfp4", "nvint4", "e4m3/token", "e4m3/g128", "e4m3/g128@pow2",
        "int4/token", "uint8/token/asym", "uint4/g32/asym:float", "q8_0", "bfp"}) {
    std::optional<num::FormatSpec> spec = parseActivationFormat(format, error);
    ASSERT_TRUE(spec) << format << ": " << error;
    EXPECT_FALSE(isStatic(*spec)) << format;
  }
  for (const char *format : {"int8", "e2m1", "uint8/asym", "dfp8", "e4m3/tensor:e8m0@rceil"}) {
    std::optional<num::FormatSpec> spec = parseActivationFormat(format, error);
    ASSERT_TRUE(spec) << format << ": " << error;
    EXPECT_TRUE(isStatic(*spec)) << format;
  }
  EXPECT_NE(activationError("int8/tensor:e4m3@nv").find("use 'absmax'"), std::string::npos);
  EXPECT_NE(activationError("e2m1/tensor:e4m3@nv_divide").find("use 'absmax'"), std::string::npos);
  EXPECT_NE(activationError("int8/channel").find("no output channels"), std::string::npos);
  EXPECT_NE(activationError("any4").find("for weights only"), std::string::npos);
  EXPECT_NE(activationError("q4_k").find("for weights only"), std::string::npos);
  EXPECT_NE(activationError("int4/g64/posneg").find("for weights only"), std::string::npos);
  EXPECT_NE(activationError("q6_k").find("rule 'kquant'"), std::string::npos);
  EXPECT_NE(activationError("nvfp4@four_over_six").find("rule 'four_over_six'"), std::string::npos);
}
