// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ModelHandleTest.cpp: loading, running and replacing the weights of a model; what is said of files
// that are no models.
#include "lpc-runtime/io/ModelHandle.h"

#include "TempFolder.h"
#include "lpc-runtime/checksum.h"
#include "lpc-runtime/codegen.h"

#include <cstring>

using namespace lpc::rt;

namespace {

using ModelHandleTest = TempFolder;

std::string model(const char *name) { return std::string(MODEL_DIR) + "/" + name + ".so"; }

HostTensor floats(std::vector<int64_t> shape, const std::vector<float> &values) {
  HostTensor tensor = *HostTensor::zeros(LPC_DTYPE_F32, std::move(shape));
  std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

std::vector<uint8_t> weightsFile(float w, uint64_t bytes = 4096, uint64_t program = 0x1234) {
  std::vector<uint8_t> file(LPC_WEIGHTS_HEADER_BYTES + 4096);
  std::memcpy(file.data() + LPC_WEIGHTS_HEADER_BYTES, &w, 4);
  lpc_checksum sum;
  lpc_checksum_begin(&sum);
  lpc_checksum_add(&sum, file.data() + LPC_WEIGHTS_HEADER_BYTES, 4096);
  lpc_weights_header header = {
      {'L', 'P', 'C', 'W', 'T', 'S', '0', '2'}, bytes, program, lpc_checksum_end(&sum)};
  std::memcpy(file.data(), &header, sizeof(header));
  return file;
}

TEST_F(ModelHandleTest, runs_a_model) {
  auto handle = ModelHandle::open(model("fake_model"), {2, ""});
  ASSERT_TRUE(handle) << handle.error();
  ASSERT_EQ(handle->inputs().size(), 2u);
  EXPECT_EQ(handle->inputs()[0].text(), "x: float32[batch, 3]");
  EXPECT_EQ(handle->inputs()[1].text(), "y: float32[3]");
  EXPECT_EQ(handle->outputs()[0].text(), "z: float32[batch, 3]");
  EXPECT_EQ(handle->manifest(), "{\"lpc\":\"test\"}");
  HostTensor inputs[] = {floats({2, 3}, {1, 2, 3, 4, 5, 6}), floats({3}, {10, 20, 30})};
  auto results = handle->run(inputs);
  ASSERT_TRUE(results) << results.error();
  EXPECT_EQ((*results)[0], floats({2, 3}, {12, 24, 36, 18, 30, 42}));

  NamedTensor named[] = {{"y", inputs[1]}, {"x", inputs[0]}};
  auto byName = handle->run(named);
  ASSERT_TRUE(byName) << byName.error();
  EXPECT_EQ((*byName)[0].name, "z");
  EXPECT_EQ((*byName)[0].tensor, (*results)[0]);

  std::vector<float> large(9000, 1);
  HostTensor more[] = {floats({3000, 3}, large), inputs[1]};
  auto many = handle->run(more);
  ASSERT_TRUE(many) << many.error();
  EXPECT_EQ((*many)[0].at(8999), 32);
}

TEST_F(ModelHandleTest, says_what_is_wrong_with_a_run) {
  auto handle = ModelHandle::open(model("fake_model"));
  ASSERT_TRUE(handle) << handle.error();
  HostTensor x = floats({1, 3}, {666, 0, 0}), y = floats({3}, {0, 0, 0});
  NamedTensor unknown[] = {{"x", x}, {"why", y}}, twice[] = {{"x", x}, {"x", x}},
              missing[] = {{"x", x}};
  NamedTensor failing[] = {{"x", x}, {"y", y}}, wrong[] = {{"x", floats({1, 2}, {1, 2})}, {"y", y}};
  EXPECT_EQ(handle->run(unknown).error(), "the model has no input 'why': it has 'x', 'y'");
  EXPECT_EQ(handle->run(twice).error(), "input 'x' is given twice");
  EXPECT_EQ(handle->run(missing).error(), "input 'y: float32[3]' is missing");
  EXPECT_EQ(handle->run(wrong).error(), "input 'x': expected dimension 1 to be 3, but found 2");
  EXPECT_EQ(handle->run(failing).error(), "node 'Bad_0': 1 rows are bad");
}

TEST_F(ModelHandleTest, observes) {
  auto handle = ModelHandle::open(model("fake_model"));
  ASSERT_TRUE(handle) << handle.error();
  int64_t seen = 0;
  ASSERT_TRUE(handle->setObserver(
      [&](int32_t id, const float *, int64_t n, int64_t inner) { seen += id * n * inner; }));
  ModelHandle moved = std::move(*handle);
  HostTensor inputs[] = {floats({1, 3}, {1, 2, 3}), floats({3}, {0, 0, 0})};
  ASSERT_TRUE(moved.run(inputs));
  EXPECT_EQ(seen, 27);
  ASSERT_TRUE(moved.setObserver({}));
  ASSERT_TRUE(moved.run(inputs));
  EXPECT_EQ(seen, 27);
}

TEST_F(ModelHandleTest, replaces_weights) {
  HostTensor inputs[] = {floats({1, 3}, {1, 2, 3}), floats({3}, {0, 0, 0})};
  auto handle = ModelHandle::open(model("fake_model"), {1, write("w", weightsFile(5))});
  ASSERT_TRUE(handle) << handle.error();
  EXPECT_EQ((*handle->run(inputs))[0], floats({1, 3}, {5, 10, 15}));

  auto fails = [&](const std::vector<uint8_t> &file) {
    return ModelHandle::open(model("fake_model"), {1, write("bad", file)}).error();
  };
  EXPECT_NE(fails({1, 2, 3}).find("is not a weights file of lpc"), std::string::npos);
  EXPECT_NE(fails(weightsFile(1, 4)).find("expected 4096 bytes of weights, but found 4"),
            std::string::npos);
  EXPECT_NE(fails(weightsFile(1, 4096, 7))
                .find("expected program 0000000000001234, but found 0000000000000007"),
            std::string::npos);
  std::vector<uint8_t> damaged = weightsFile(1);
  damaged.back() = 1;
  EXPECT_NE(fails(damaged).find("is damaged"), std::string::npos);
  std::vector<uint8_t> shortFile = weightsFile(1);
  shortFile.resize(5000);
  EXPECT_NE(fails(shortFile).find("is truncated: expected 4096 bytes of weights, but found 904"),
            std::string::npos);
  EXPECT_NE(ModelHandle::open(model("fake_model"), {1, folder}).error().find("not a regular file"),
            std::string::npos);
}

// However the bytes come in pieces, the sum is one; each byte and the length count.
TEST_F(ModelHandleTest, checksums_do_not_depend_on_the_split) {
  std::vector<uint8_t> bytes(300);
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = uint8_t(i * 7);
  auto sumOf = [&](size_t count, size_t piece) {
    lpc_checksum sum;
    lpc_checksum_begin(&sum);
    for (size_t at = 0; at < count; at += piece)
      lpc_checksum_add(&sum, bytes.data() + at, std::min(piece, count - at));
    return lpc_checksum_end(&sum);
  };
  uint64_t whole = sumOf(300, 300);
  for (size_t piece : {1, 7, 63, 64, 65, 128, 299})
    EXPECT_EQ(sumOf(300, piece), whole) << piece;
  EXPECT_NE(sumOf(299, 300), whole);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= 0x80;
    EXPECT_NE(sumOf(300, 300), whole) << i;
    bytes[i] ^= 0x80;
  }
  bytes[299] = 0;
  EXPECT_NE(sumOf(299, 300), sumOf(300, 300));
}

TEST_F(ModelHandleTest, finds_external_weights_beside_the_model) {
  std::filesystem::copy_file(model("fake_model_external"), path("m.so"));
  EXPECT_NE(ModelHandle::open(path("m.so")).error().find("fake_model.weights"), std::string::npos);
  write("fake_model.weights", weightsFile(3));
  auto handle = ModelHandle::open(path("m.so"));
  ASSERT_TRUE(handle) << handle.error();
  HostTensor inputs[] = {floats({1, 3}, {1, 2, 3}), floats({3}, {1, 1, 1})};
  EXPECT_EQ((*handle->run(inputs))[0], floats({1, 3}, {4, 7, 10}));
}

TEST_F(ModelHandleTest, refuses_what_is_not_a_model) {
  EXPECT_EQ(ModelHandle::open(path("none.so")).error(), "'" + path("none.so") + "' does not exist");
  EXPECT_EQ(ModelHandle::open(folder).error(), "'" + folder + "' is not a file");
  std::string text = write("text.so", std::vector<uint8_t>(100, 'a'));
  EXPECT_NE(ModelHandle::open(text).error().find("'" + text + "' is not a compiled model"),
            std::string::npos);
  EXPECT_EQ(ModelHandle::open(model("fake_no_model")).error(),
            "'" + model("fake_no_model") +
                "' is not a model compiled by lpc: it has no lpc_abi_version");
  EXPECT_EQ(ModelHandle::open(model("fake_old_abi")).error(),
            "'" + model("fake_old_abi") +
                "' has version 999 of the C ABI, but version 1 is needed: compile the model again");
  EXPECT_NE(ModelHandle::open(model("fake_model_cpu")).error().find("the model needs a CPU with"),
            std::string::npos);
}

TEST_F(ModelHandleTest, two_models_live_side_by_side) {
  auto first = ModelHandle::open(model("fake_model"));
  auto second = ModelHandle::open(model("fake_model"), {1, write("w", weightsFile(5))});
  ASSERT_TRUE(first && second);
  HostTensor inputs[] = {floats({1, 3}, {1, 2, 3}), floats({3}, {0, 0, 0})};
  EXPECT_EQ((*first->run(inputs))[0].at(0), 2);
  EXPECT_EQ((*second->run(inputs))[0].at(0), 5);
}

} // namespace
