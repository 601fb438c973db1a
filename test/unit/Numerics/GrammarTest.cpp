// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The spellings of formats and of scale structures, and the sentences for wrong ones.
#include "lpc/Numerics/FormatSpec.h"

#include <gtest/gtest.h>

using namespace lpc::num;

namespace {

TEST(GrammarTest, AliasesAndEqualParametersAreTheNamedFormat) {
  const char *rows[][2] = {
      {"e4m3fn", "e4m3"},
      {"e2m1fn", "e2m1"},
      {"e8m0fnu", "e8m0"},
      {"ue8m0", "e8m0"},
      {"f16", "fp16"},
      {"fp8", "e4m3"},
      {"e5m10<specials=ieee>", "fp16"},
      {"e8m7<specials=ieee>", "bf16"},
      {"e8m10<specials=ieee>", "tf32"},
      {"e4m3<specials=ieee>", "e4m3.ieee"},
      {"e4m3<specials=fnuz,bias=8>", "e4m3fnuz"},
      {"e4m3<bias=7>", "e4m3"},
      {"e4m3.ieee<specials=fn>", "e4m3"},
      {"e4m3<unsigned>", "ue4m3"},
      {"e3m2<specials=finite>", "e3m2"},
      {"e6m1<bias=31>", "e6m1"},
      {"e3m2<specials=fn,bias=5>", "e3m2<bias=5,specials=fn>"},
      {"e4m3.ieee<bias=3>", "e4m3<bias=3,specials=ieee>"},
      {"ue8m0<subnormals,specials=finite>", "ue8m0<specials=finite,subnormals>"},
      {"e8m0<signed>", "e8m0<signed>"},
      {"e2m1<bias=-3>", "e2m1<bias=-3>"},
  };
  for (auto [spelling, name] : rows) {
    std::string error;
    const Format *format = Format::parse(spelling, &error);
    ASSERT_TRUE(format) << error;
    EXPECT_EQ(name, format->name());
    EXPECT_EQ(format, Format::parse(name));
  }
}

TEST(GrammarTest, KnownNamesParseToThemselves) {
  for (const std::string &name : knownFormatNames()) {
    const Format *format = Format::parse(name);
    ASSERT_TRUE(format) << name;
    EXPECT_EQ(name, format->name());
  }
}

TEST(GrammarTest, WrongFormatsGetOneSentence) {
  const char *rows[][2] = {
      {"int17", "unknown number format 'int17': integers have 1 to 16 bits"},
      {"int0", "unknown number format 'int0': integers have 1 to 16 bits"},
      {"uint08", "unknown number format 'uint08': integers have 1 to 16 bits"},
      {"int1.narrow", "unknown number format 'int1.narrow': a narrow integer has 2 to 16 bits"},
      {"uint8.narrow",
       "unknown number format 'uint8.narrow': only signed integers have a narrow form"},
      {"int8.narow", "unknown number format 'int8.narow': did you mean 'int8.narrow'?"},
      {"e4m4fn", "unknown number format 'e4m4fn': did you mean 'e4m3'?"},
      {"bf61", "unknown number format 'bf61': did you mean 'bf16'?"},
      {"e9m10", "unknown number format 'e9m10': a minifloat has at most 19 bits"},
      {"e99m1", "unknown number format 'e99m1': a minifloat has at most 19 bits"},
      {"e4m3<bias=x>",
       "unknown number format 'e4m3<bias=x>': the bias must be a whole number, not 'x'"},
      {"e4m3<bias=1,bias=2>",
       "unknown number format 'e4m3<bias=1,bias=2>': the option 'bias' is given twice"},
      {"e4m3<bias=7", "unknown number format 'e4m3<bias=7': the '<' has no '>' at the end"},
      {"e4m3<>",
       "unknown number format 'e4m3<>': expected 'key=value' or a word between '<', ',' and '>'"},
      {"e4m3<bias=5000>",
       "unknown number format 'e4m3<bias=5000>': its values leave the range 2^-959 to 2^959"},
      {"int8<bias=1>",
       "unknown number format 'int8<bias=1>': integers take no options in angle brackets"},
      {"", "unknown number format '': a format is a name such as 'int8', 'int4' or 'e4m3'"},
      {"e1m0<specials=fn,unsigned>", "unknown number format 'e1m0<specials=fn,unsigned>': a "
                                     "minifloat has at least 2 bits, sign included"},
  };
  for (auto [spelling, expected] : rows) {
    std::string error;
    EXPECT_FALSE(Format::parse(spelling, &error)) << spelling;
    EXPECT_EQ(expected, error);
  }
  EXPECT_FALSE(Format::parse("nonsense")) << "the error is optional";
}

TEST(GrammarTest, HostileSpellingsAreRefused) {
  for (std::string text :
       {std::string(100000, 'e'), std::string("e4m3<") + std::string(1000, ','),
        std::string("\0\n\xff", 3), std::string("<>"), std::string("<<<>>>"),
        std::string("e4m3<bias=-99999999999999999999>"), std::string("em"), std::string("e4m"),
        std::string("ue"), std::string("u"), std::string("e4294967300m3")}) {
    std::string error;
    EXPECT_FALSE(Format::parse(text, &error));
    EXPECT_FALSE(error.empty());
    EXPECT_LT(error.size(), 400u);
    EXPECT_FALSE(FormatSpec::parse(text, &error));
  }
}

TEST(SpecTest, ElementsThatCannotBeScaledAreRefused) {
  const char *rows[][2] = {
      {"posit16<es=4>/channel", "beyond the range of f32"},
      {"e5m2<bias=-900>", "beyond the range of f32"},
      {"e5m2<bias=300>", "below the normal range of f32"},
      {"table<0,-0>", "has no value but 0"},
      {"int1/g8:e8m0", "rule 'floor' needs a format with positive values, not 'int1'"},
      {"fix1/g8:e8m0@rceil", "rule 'rceil' needs a format with positive values"},
      {"int1/g8:e4m3@nv", "rule 'nv' needs a format with positive values"},
      {"int1/g8:e8m0@mse", "rule 'mse' needs a format with positive values"},
      {"int4.narrow/g16:table<0.25,0.5>/tensor@razor", "1 or more among them"},
  };
  for (auto [text, words] : rows) {
    std::string error;
    EXPECT_FALSE(FormatSpec::parse(text, &error)) << text;
    EXPECT_NE(error.find(words), std::string::npos) << error;
  }
  for (const char *text : {"int1/channel", "fix1", "posit16<es=3>/g8:e8m0", "bf16/channel"})
    EXPECT_TRUE(FormatSpec::parse(text)) << text;
}

TEST(SpecTest, RoundTrips) {
  struct Row {
    const char *text, *canonical;
    Granularity granularity;
    unsigned groupSize;
    bool asymmetric;
  };
  const Row rows[] = {
      {"int8", "int8", Granularity::Tensor, 0, false},
      {"int8/tensor", "int8", Granularity::Tensor, 0, false},
      {"int8/channel", "int8/channel", Granularity::Channel, 0, false},
      {"e4m3fn/token", "e4m3/token", Granularity::Token, 0, false},
      {"int4/g128", "int4/g128", Granularity::Group, 128, false},
      {"uint4/g32/asym", "uint4/g32/asym", Granularity::Group, 32, true},
      {"uint8/asym", "uint8/asym", Granularity::Tensor, 0, true},
      {"e3m2<bias=5,unsigned>/g16", "ue3m2<bias=5>/g16", Granularity::Group, 16, false},
  };
  for (const Row &row : rows) {
    std::string error;
    auto spec = FormatSpec::parse(row.text, &error);
    ASSERT_TRUE(spec) << error;
    EXPECT_EQ(row.canonical, spec->str());
    EXPECT_EQ(row.granularity, spec->granularity());
    EXPECT_EQ(row.groupSize, spec->groupSize());
    EXPECT_EQ(row.asymmetric, spec->zeroPoint == ZeroPointKind::Integer);
    EXPECT_EQ(spec, FormatSpec::parse(spec->str()));
  }
}

TEST(SpecTest, ScaleStructures) {
  // Spelling, canonical spelling (a preset's name where there is one), rule.
  const char *rows[][3] = {
      {"e2m1/g32:e8m0", "mxfp4", "floor"},
      {"mxfp4", "mxfp4", "floor"},
      {"mxfp4@even", "mxfp4@even", "even"},
      {"e2m1/g32:e8m0@rceil", "mxfp4@rceil", "rceil"},
      {"e2m1/g16:e4m3/tensor", "nvfp4", "nv"},
      {"e2m1/g16:e4m3/token@nv", "e2m1/g16:e4m3/token", "nv"},
      {"e2m1/16x16:e4m3/tensor", "e2m1/16x16:e4m3/tensor", "nv"},
      {"e4m3/128x128", "e4m3/128x128", "absmax"},
      {"e4m3/1x128", "e4m3/g128", "absmax"},
      {"fp8/g128@pow2", "e4m3/g128@pow2", "pow2"},
      {"e2m1/g32:e8m0/tensor@floor_fit", "e2m1/g32:e8m0/tensor@floor_fit", "floor_fit"},
      {"uint4/g64/asym:float", "uint4/g64/asym:float", "minmax"},
      {"uint4/g64:fp16/offset:fp16", "uint4/g64:fp16/offset:fp16", "minmax"},
      {"int4.narrow/g64/posneg", "int4.narrow/g64/posneg", "absmax"},
      {"int4/g32@mse", "int4/g32@mse", "mse"},
      {"uint4/g32:uint6/g256:fp16/offset:uint6:fp16", "q4_k", "kquant"},
      {"uint4/g128/offset/table", "any4", "kmeans"},
      {"uint4/table", "ganq4", "kmeans"},
      {"uint4/table:bf16", "uint4/table:bf16", "kmeans"},
      {"uint4/tensor/table", "uint4/tensor/table", "kmeans"},
      {"int4/g32:f32", "int4/g32", "absmax"},
  };
  for (auto [text, canonical, rule] : rows) {
    std::string error;
    auto spec = FormatSpec::parse(text, &error);
    ASSERT_TRUE(spec) << error;
    EXPECT_EQ(canonical, spec->str());
    EXPECT_EQ(rule, toString(spec->rule));
    EXPECT_EQ(spec, FormatSpec::parse(spec->str()));
    EXPECT_EQ(spec, FormatSpec::parse(spec->expanded())) << spec->expanded();
  }
}

TEST(SpecTest, PresetsRoundTrip) {
  for (const Preset &preset : presets()) {
    std::string error;
    auto spec = FormatSpec::parse(preset.name, &error);
    ASSERT_TRUE(spec) << error;
    EXPECT_EQ(spec, FormatSpec::parse(preset.spelling)) << preset.name;
    EXPECT_EQ(spec, FormatSpec::parse(spec->str()));
    // Of two names for one structure the first is the canonical one.
    const Preset *first = nullptr;
    for (const Preset &other : presets())
      if (!first && FormatSpec::parse(other.name) == spec)
        first = &other;
    EXPECT_EQ(first->name, spec->str());
    EXPECT_EQ(spec, FormatSpec::parse(spec->expanded())) << spec->expanded();
  }
}

TEST(SpecTest, PlainSpecsAreThoseOfOneScale) {
  for (const char *text : {"int8", "int4/g32", "uint8/asym", "e4m3/token", "uint4/channel/asym"})
    EXPECT_TRUE(FormatSpec::parse(text)->isPlain()) << text;
  for (const char *text : {"mxfp4", "nvfp4", "int4/g32@mse", "e4m3/128x128", "uint4/g32/offset",
                           "any4", "uint4/asym:float", "int4.narrow/g64/posneg", "int4/g32:fp16"})
    EXPECT_FALSE(FormatSpec::parse(text)->isPlain()) << text;
}

TEST(SpecTest, WrongSpecsGetOneSentence) {
  const char *rows[][2] = {
      {"int17/g32", "unknown number format 'int17' in 'int17/g32': integers have 1 to 16 bits"},
      {"int8/chanel",
       "unknown scale structure 'chanel' in 'int8/chanel': did you mean 'channel'? "
       "expected tensor, channel, token, g<size>, <rows>x<columns>, posneg, asym, offset or table"},
      {"int8/g0", "unknown scale structure 'g0' in 'int8/g0': a group has 1 to 1048576 elements"},
      {"int8/", "unknown scale structure '' in 'int8/': expected tensor, channel, token, g<size>, "
                "<rows>x<columns>, posneg, asym, offset or table"},
      {"int8/channel/g32", "the blocks of 'g32' do not hold whole blocks of 'channel' before it in "
                           "'int8/channel/g32': levels go from the innermost to the outermost"},
      {"int8/g32/g48", "the blocks of 'g48' do not hold whole blocks of 'g32' before it in "
                       "'int8/g32/g48': levels go from the innermost to the outermost"},
      {"int8/g32/channel",
       "rule 'nv' needs scales in a narrow format, alone or below one level of f32 "
       "scales in 'int8/g32/channel'"},
      {"int8/g32:e9m9",
       "'e9m9' in 'int8/g32:e9m9' has 19 bits, but scales are stored in at most 16"},
      {"int8/g32@flor", "unknown scale rule 'flor' in 'int8/g32@flor': did you mean 'floor'?"},
      {"int8/g32@minmax",
       "rule 'minmax' needs a zero point: 'asym' or 'offset' in 'int8/g32@minmax'"},
      {"q4_0/g32",
       "unknown number format 'q4_0' in 'q4_0/g32': it is a preset, which takes no further "
       "words but '@' and a rule"},
      {"int8/asym/offset", "'offset' and 'asym' exclude each other in 'int8/asym/offset'"},
      {"e4m3@four_over_six",
       "rule 'four_over_six' needs scales in a narrow format, alone or below one "
       "level of f32 scales in 'e4m3@four_over_six'"},
      {"int4/table",
       "a table is indexed by codes of uint1 to uint8, not of 'int4' in 'int4/table'"},
      {"uint4/posneg",
       "'posneg' needs a signed format, rule 'absmax' and no zero point in 'uint4/posneg'"},
      {"uint8/asym/asym", "'asym' is given twice in 'uint8/asym/asym'"},
      {"uint8/asym/g32",
       "'asym' must come last in 'uint8/asym/g32': write the granularity 'g32' before it"},
      {"tf32/channel", "'tf32' in 'tf32/channel' has 19 bits, but a tensor of codes holds at most "
                       "16: use it for scalars, or choose bf16 or fp16"},
      {"e4m3/asym",
       "'asym' does not fit 'e4m3' in 'e4m3/asym': only integer formats have a zero point"},
  };
  for (auto [text, expected] : rows) {
    std::string error;
    EXPECT_FALSE(FormatSpec::parse(text, &error)) << text;
    EXPECT_EQ(expected, error);
  }
}

} // namespace
