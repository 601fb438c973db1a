// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The importer from memory: kinds of error, limits as options, and weights that are not copied.
#include "lib/Import/ONNX/ModelView.h"

#include "dialects/ONNX/IR/ONNXOps.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include <gtest/gtest.h>

using namespace lpc;
using namespace mlir;

namespace {

class ImportTest : public ::testing::Test {
protected:
  MLIRContext context;
  ImportOptions options;
  ImportError error;
  onnx_pb::ModelProto model;

  void SetUp() override {
    model.set_ir_version(10);
    auto *opset = model.add_opset_import();
    opset->set_domain("");
    opset->set_version(18);
    addNode("Relu", "x", "y");
    auto *input = model.mutable_graph()->add_input();
    input->set_name("x");
    auto *type = input->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx_pb::TensorProto::FLOAT);
    type->mutable_shape()->add_dim()->set_dim_value(4);
    model.mutable_graph()->add_output()->set_name("y");
  }

  onnx_pb::NodeProto *addNode(StringRef op, StringRef input, StringRef output) {
    auto *node = model.mutable_graph()->add_node();
    node->set_op_type(op.str());
    node->add_input(input.str());
    node->add_output(output.str());
    return node;
  }

  onnx_pb::TensorProto *addWeights(StringRef name, int64_t size) {
    auto *tensor = model.mutable_graph()->add_initializer();
    tensor->set_name(name.str());
    tensor->set_data_type(onnx_pb::TensorProto::FLOAT);
    tensor->add_dims(size);
    std::vector<float> values(size);
    for (int64_t i = 0; i < size; ++i)
      values[i] = static_cast<float>(i);
    tensor->set_raw_data(values.data(), size * sizeof(float));
    return tensor;
  }

  FailureOr<OwningOpRef<ModuleOp>> import(StringRef directory = "") {
    std::string bytes = model.SerializeAsString();
    return importONNX(llvm::MemoryBufferRef(bytes, "dir/test.onnx"), directory, &context, options,
                      error);
  }
};

} // namespace

TEST_F(ImportTest, ImportsFromMemory) {
  auto module = import();
  ASSERT_TRUE(succeeded(module)) << error.message;
  EXPECT_EQ((**module)->getAttrOfType<StringAttr>("onnx.file").getValue(), "test.onnx");
  unsigned nodes = 0;
  (*module)->walk([&](onnx::NodeOp node) {
    ++nodes;
    EXPECT_TRUE(node.isOp("Relu"));
    EXPECT_TRUE(node.hasInput(0));
    EXPECT_FALSE(node.hasInput(1));
    EXPECT_EQ(onnx::getSourceName(node.getLoc()), "y");
    EXPECT_EQ(onnx::getOutputName(node.getLoc(), 0), "y");
    // A conversion that fuses locations keeps the names.
    Location fused = FusedLoc::get(&context, {UnknownLoc::get(&context), node.getLoc()});
    EXPECT_EQ(onnx::getSourceName(fused), "y");
    EXPECT_EQ(onnx::getOutputName(fused, 0), "y");
  });
  EXPECT_EQ(nodes, 1u);
}

TEST_F(ImportTest, WeightsOutliveTheBufferAndTheModule) {
  addWeights("w", 1 << 16);
  DenseResourceElementsAttr weights;
  {
    auto module = import();
    ASSERT_TRUE(succeeded(module)) << error.message;
    (*module)->walk([&](onnx::ConstantOp constant) {
      weights = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
    });
  }
  ASSERT_TRUE(weights);
  AsmResourceBlob *blob = weights.getRawHandle().getBlob();
  ASSERT_TRUE(blob);
  EXPECT_FALSE(blob->isMutable());
  ArrayRef<float> values = blob->getDataAs<float>();
  ASSERT_EQ(values.size(), size_t(1) << 16);
  EXPECT_EQ(values[65535], 65535.0f);
}

TEST_F(ImportTest, KindsOfError) {
  model.mutable_graph()->mutable_node(0)->set_input(0, "ghost");
  EXPECT_TRUE(failed(import()));
  EXPECT_EQ(error.kind, ImportError::Kind::Malformed);
  EXPECT_EQ(error.getExitCode(), 4);
  EXPECT_EQ(error.message, "test.onnx: node #0 (Relu) reads the value 'ghost', which no input, "
                           "initializer or node defines");
}

TEST_F(ImportTest, UnknownElementTypesAreUnsupported) {
  addWeights("w", 4)->set_data_type(99);
  EXPECT_TRUE(failed(import()));
  EXPECT_EQ(error.kind, ImportError::Kind::Unsupported);
  EXPECT_EQ(error.getExitCode(), 3);
}

TEST_F(ImportTest, LimitsAreOptions) {
  options.limits.maxNodes = 2;
  addNode("Abs", "y", "a");
  EXPECT_TRUE(succeeded(import())) << error.message;
  addNode("Abs", "a", "b");
  EXPECT_TRUE(failed(import()));
  EXPECT_EQ(error.kind, ImportError::Kind::Limit);
  EXPECT_EQ(error.getExitCode(), 5);
  EXPECT_EQ(error.message, "test.onnx: the model has more than 2 nodes");
}

TEST_F(ImportTest, FilesAreLimited) {
  options.limits.maxFileBytes = 10;
  EXPECT_TRUE(failed(import()));
  EXPECT_EQ(error.kind, ImportError::Kind::Limit);
}

TEST_F(ImportTest, DecodedDataIsLimited) {
  // 4-bit elements take twice their packed size.
  auto *tensor = addWeights("w", 200'000);
  tensor->set_data_type(onnx_pb::TensorProto::INT4);
  tensor->set_raw_data(std::string(100'000, '\x12'));
  EXPECT_TRUE(succeeded(import())) << error.message;
  options.limits.maxDecodedBytes = 150'000;
  EXPECT_TRUE(failed(import()));
  EXPECT_EQ(error.kind, ImportError::Kind::Limit);
}

TEST_F(ImportTest, MissingFilesAreIo) {
  auto *tensor = addWeights("w", 4);
  tensor->clear_raw_data();
  tensor->set_data_location(onnx_pb::TensorProto::EXTERNAL);
  auto *entry = tensor->add_external_data();
  entry->set_key("location");
  entry->set_value("nowhere.bin");
  EXPECT_TRUE(failed(import(".")));
  EXPECT_EQ(error.kind, ImportError::Kind::Io);
  EXPECT_TRUE(failed(import("")));
  EXPECT_EQ(error.kind, ImportError::Kind::Io);
  EXPECT_TRUE(failed(importONNX("no/such/model.onnx", &context, options, error)));
  EXPECT_EQ(error.kind, ImportError::Kind::Io);
  EXPECT_EQ(error.message, "cannot open 'no/such/model.onnx': No such file or directory");
}
