#include "quern/importers/onnx/layers.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_model.h"

namespace quern {
namespace {

using test::OnnxModel;
using testing::ElementsAre;

/// The layer of a Conv called `name` that reads `weight`.
std::string layer_of_conv(const std::string& name, const std::string& weight,
                          const std::string& op = "Conv") {
  OnnxModel model;
  model.initializer(weight, {1});
  model.node(op, {"x", weight}, "y", name);
  return layer_names(model.proto.graph())[0];
}

TEST(LayerNames, NodeWithoutANameIsCalledAfterItsWeights) {
  EXPECT_EQ(layer_of_conv("", "features.0.0.weight"), "features.0.0");
  EXPECT_EQ(layer_of_conv("", "bn.gamma", "BatchNormalization"), "bn");
  EXPECT_EQ(layer_of_conv("", "model/conv1/kernel:0"), "model/conv1");
}

TEST(LayerNames, WeightsWithoutASuffixNameNothing) {
  EXPECT_EQ(layer_of_conv("", "onnx::Conv_193"), "Conv_0");
  EXPECT_EQ(layer_of_conv("", "weight"), "Conv_0");
  EXPECT_EQ(layer_of_conv("", ".weight"), "Conv_0");
}

TEST(LayerNames, ScopePathGivesWayToTheModuleItEndsIn) {
  EXPECT_EQ(layer_of_conv("/features/features.0/features.0.0/Conv", "features.0.0.weight"),
            "features.0.0");
  EXPECT_EQ(layer_of_conv("/blocks/blocks.0/b/b.3/Conv", "blocks.0.b.3.weight"), "blocks.0.b.3");
  EXPECT_EQ(layer_of_conv("/blocks/b.3/Conv", "shared.weight"), "/blocks/b.3/Conv");
  EXPECT_EQ(layer_of_conv("/blocks/b.3/Conv", "b.13.weight"), "/blocks/b.3/Conv");
}

TEST(LayerNames, ScopePathNamesTheModuleOfWeightsWithoutAName) {
  const auto layer = [](const char* path) { return layer_of_conv(path, "onnx::Conv_193"); };
  EXPECT_EQ(layer("/features/features.0/features.0.0/Conv"), "features.0.0");
  EXPECT_EQ(layer("/features/features.1/conv/conv.0/conv.0.0/Conv"), "features.1.conv.0.0");
  EXPECT_EQ(layer("/layer1/layer1.0/conv1/Conv_2"), "layer1.0.conv1");
  EXPECT_EQ(layer("/conv1/conv10/Conv"), "conv1.conv10");
  EXPECT_EQ(layer("/Conv"), "/Conv");
  EXPECT_EQ(layer("//Conv"), "//Conv");
  EXPECT_EQ(layer("//a/Conv"), "//a/Conv");
  EXPECT_EQ(layer("/features/stem"), "/features/stem");
  EXPECT_EQ(layer("model/conv1/Conv"), "model/conv1/Conv");
}

TEST(LayerNames, ScopePathOfAProductOfActivationsIsKept) {
  OnnxModel model;
  model.node("MatMul", {"x", "y"}, "z", "/attention/MatMul");
  EXPECT_THAT(layer_names(model.proto.graph()), ElementsAre("/attention/MatMul"));
}

TEST(LayerNames, CountedNamesGiveWayToTheWeights) {
  EXPECT_EQ(layer_of_conv("Conv_12", "features.0.0.weight"), "features.0.0");
  EXPECT_EQ(layer_of_conv("node_conv2d_3", "features.0.0.weight"), "features.0.0");
  EXPECT_EQ(layer_of_conv("Conv_stem", "features.0.0.weight"), "Conv_stem");
}

TEST(LayerNames, NodeWithoutWeightsKeepsItsName) {
  OnnxModel model;
  model.initializer("fc.bias", {1});
  model.node("Relu", {"x"}, "a", "/act/Relu");
  model.node("Relu", {"a"}, "b");
  model.node("Add", {"b", "fc.bias"}, "c");
  EXPECT_THAT(layer_names(model.proto.graph()), ElementsAre("/act/Relu", "Relu_1", "Add_2"));
}

TEST(LayerNames, QuantIsCalledAfterWhatItQuantizes) {
  OnnxModel model;
  model.input("image", {1, 3, 4, 4});
  model.initializer("conv.weight", {2, 3, 1, 1});
  model.initializer("conv.bias", {2});
  model.quant("image", "xq", Tensor::scalar(1.0F));
  model.quant("conv.weight", "wq", Tensor::scalar(1.0F));
  model.quant("conv.bias", "bq", Tensor::scalar(1.0F));
  model.node("Conv", {"xq", "wq", "bq"}, "y");
  model.quant("y", "yq", Tensor::scalar(1.0F));
  model.quant("yq", "yqq", Tensor::scalar(1.0F))->set_name("kept");
  EXPECT_THAT(layer_names(model.proto.graph()),
              ElementsAre("image.quant", "conv.weight_quant", "conv.bias_quant", "conv",
                          "conv.output_quant", "kept"));
}

}  // namespace
}  // namespace quern
