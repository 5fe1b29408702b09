#include <gtest/gtest.h>

#include "quern/importers/tensorflow/ops.h"
#include "tests/support/expect_error.h"
#include "tests/support/tensorflow_graph.h"

namespace quern::tensorflow {
namespace {

using test::only;
using test::output_dims;
using test::read_by;
using test::TensorflowGraph;
using Integers = std::vector<std::int64_t>;

TEST(TensorflowOpsConv, PutsTheWeightInOnnxLayoutUnderItsName) {
  const Graph graph = test::conv_graph().import();
  const Node& conv = only(graph, "Conv");
  const Value& weight = read_by(graph, conv, 1);
  EXPECT_EQ(weight.name, "net/conv/kernel");
  EXPECT_EQ(weight.constant->shape(), (Shape{4, 3, 3, 3}));
  // Element [o = 1, i = 2, y = 0, x = 1] of [3, 3, 3, 4] in the file: position 12 + 8 + 1.
  EXPECT_EQ(to_vector<float>(*weight.constant)[27 + 18 + 1], 0.1F * (21 % 7 + 1));
  EXPECT_EQ(conv.layer, "net/conv");
  EXPECT_EQ(std::get<std::string>(conv.attributes.at("auto_pad")), "SAME_UPPER");
  EXPECT_EQ(std::get<Integers>(conv.attributes.at("strides")), (Integers{2, 2}));
}

TEST(TensorflowOpsConv, TakesABiasThatNobodyElseReads) {
  const Graph graph = test::conv_graph().import();
  EXPECT_EQ(read_by(graph, only(graph, "Conv"), 2).name, "net/conv/bias");
  EXPECT_TRUE(graph.nodes_of("Add").empty());
  EXPECT_EQ(to_string(output_dims(graph)), "[N, 4, 4, 4]");
}

TEST(TensorflowOpsConv, KeepsABiasBehindAFork) {
  TensorflowGraph file = test::conv_graph();
  file.node("Relu", "second", {"net/conv/Conv2D"});
  const Graph graph = file.import();
  EXPECT_EQ(only(graph, "Conv").inputs.size(), 2U);
  EXPECT_EQ(graph.nodes_of("Add").size(), 1U);
}

TEST(TensorflowOpsConv, TakesASumWithOneNumberPerChannelForABias) {
  TensorflowGraph file = test::conv_graph();
  file.proto.mutable_node(5 - 1 + 1)->set_op("AddV2");
  file.integers("shape", {1, 1, 1, 4});
  file.node("Reshape", "wide_bias", {"net/conv/bias", "shape"});
  file.proto.mutable_node(5)->set_input(1, "wide_bias");
  const Graph graph = file.import();
  EXPECT_EQ(read_by(graph, only(graph, "Conv"), 2).constant->shape(), (Shape{4}));
}

TEST(TensorflowOpsConv, ReadsChannelsFirst) {
  TensorflowGraph file;
  file.input("x", {2, 3, 8, 8});
  file.floats("w", {3, 3, 3, 4});
  file.floats("b", {4});
  auto* conv = file.node("Conv2D", "conv", {"x", "w"});
  TensorflowGraph::ints(conv, "strides", {1, 1, 2, 1});
  TensorflowGraph::ints(conv, "dilations", {1, 1, 1, 2});
  TensorflowGraph::text(conv, "padding", "EXPLICIT");
  TensorflowGraph::ints(conv, "explicit_paddings", {0, 0, 0, 0, 1, 2, 3, 4});
  TensorflowGraph::text(conv, "data_format", "NCHW");
  TensorflowGraph::text(file.node("BiasAdd", "bias", {"conv", "b"}), "data_format", "NCHW");
  const Graph graph = file.import();
  const Node& node = only(graph, "Conv");
  EXPECT_EQ(std::get<Integers>(node.attributes.at("strides")), (Integers{2, 1}));
  EXPECT_EQ(std::get<Integers>(node.attributes.at("dilations")), (Integers{1, 2}));
  EXPECT_EQ(std::get<Integers>(node.attributes.at("pads")), (Integers{1, 3, 2, 4}));
  EXPECT_EQ(node.inputs.size(), 3U);
  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
}

TEST(TensorflowOpsConv, ReadsGroups) {
  TensorflowGraph file;
  file.input("x", {1, 8, 8, 6});
  file.floats("w", {1, 1, 2, 9});
  file.window("Conv2D", "conv", {"x", "w"});
  EXPECT_EQ(std::get<std::int64_t>(only(file.import(), "Conv").attributes.at("group")), 3);
}

TEST(TensorflowOpsConv, ReadsADepthwiseWeight) {
  TensorflowGraph file;
  file.input("x", {1, 8, 8, 3});
  file.floats("cell/depthwise_weights", {1, 2, 3, 2});
  file.window("DepthwiseConv2dNative", "cell/depthwise", {"x", "cell/depthwise_weights"});
  const Graph graph = file.import();
  const Node& conv = only(graph, "Conv");
  const Tensor& weight = *read_by(graph, conv, 1).constant;
  EXPECT_EQ(conv.layer, "cell");
  EXPECT_EQ(weight.shape(), (Shape{6, 1, 1, 2}));
  // Channel 2 · 2 + 1, x = 1: position 6 + 4 + 1 in the file.
  EXPECT_EQ(to_vector<float>(weight)[5 * 2 + 1], 0.1F * (11 % 7 + 1));
  EXPECT_EQ(std::get<std::int64_t>(conv.attributes.at("group")), 3);
}

TEST(TensorflowOpsConv, TakesTheNodesScopeWhereTheWeightHasNone) {
  TensorflowGraph file;
  file.input("x", {1, 8, 8, 3});
  file.floats("unknown_3", {3, 3, 3, 4});
  file.window("Conv2D", "net/conv/convolution", {"x", "unknown_3"});
  EXPECT_EQ(only(file.import(), "Conv").layer, "net/conv");
}

TEST(TensorflowOpsConv, KeepsTheNodesNameWhereTwoWeightsShareAScope) {
  TensorflowGraph file;
  file.input("x", {1, 8, 8, 3});
  file.floats("sep/depthwise_weights", {3, 3, 3, 1});
  file.floats("sep/pointwise_weights", {1, 1, 3, 4});
  file.window("DepthwiseConv2dNative", "sep/depthwise", {"x", "sep/depthwise_weights"});
  file.window("Conv2D", "sep/pointwise", {"sep/depthwise", "sep/pointwise_weights"});
  const Graph graph = file.import();
  EXPECT_TRUE(graph.find_layer("sep"));
  EXPECT_TRUE(graph.find_layer("sep/pointwise"));
}

TensorflowGraph transposed_conv(std::int64_t extent, const std::string& padding) {
  TensorflowGraph file;
  file.input("x", {1, 4, 4, 3});
  file.integers("sizes", {1, static_cast<std::int32_t>(extent), 8, 5});
  file.floats("w", {3, 2, 5, 3});
  file.window("Conv2DBackpropInput", "up", {"sizes", "w", "x"}, 2, padding);
  return file;
}

TEST(TensorflowOpsConv, ReadsATransposedConvolution) {
  const Graph graph = transposed_conv(8, "SAME").import();
  const Node& conv = only(graph, "ConvTranspose");
  EXPECT_EQ(read_by(graph, conv, 1).constant->shape(), (Shape{3, 5, 3, 2}));
  EXPECT_EQ(std::get<Integers>(conv.attributes.at("pads")), (Integers{0, 0, 1, 0}));
  EXPECT_EQ(to_string(output_dims(graph)), "[1, 8, 8, 5]");
}

TEST(TensorflowOpsConv, FillsUpWhatNoWindowCovers) {
  const Graph graph = transposed_conv(10, "VALID").import();
  const Node& conv = only(graph, "ConvTranspose");
  EXPECT_EQ(std::get<Integers>(conv.attributes.at("output_padding")), (Integers{1, 0}));
  EXPECT_EQ(to_string(output_dims(graph)), "[1, 10, 8, 5]");
}

TEST(TensorflowOpsConv, RefusesAnExtentThatDoesNotGoWithTheInput) {
  test::expect_error(ErrorCode::kParse, "states an extent of 7",
                     [] { transposed_conv(7, "VALID").import(); });
  test::expect_error(ErrorCode::kParse, "layer 'up'",
                     [] { transposed_conv(30, "VALID").import(); });
  test::expect_error(ErrorCode::kUnsupported,
                     "layer 'up' (Conv2DBackpropInput): its input has the extent 4, which its "
                     "output of 9 does not shrink to with stride 2",
                     [] { transposed_conv(9, "SAME").import(); });
}

TEST(TensorflowOpsConv, ReadsADilatedConvolutionOfOldFiles) {
  TensorflowGraph file;
  file.input("x", {1, 9, 9, 3});
  file.integers("block", {2, 2});
  file.constant("pads", DT_INT32, {2, 2});
  file.constant("crops", DT_INT32, {2, 2});
  for (const int pad : {2, 3, 2, 3}) {
    file.proto.mutable_node(2)->mutable_attr()->at("value").mutable_tensor()->add_int_val(pad);
  }
  for (const int crop : {0, 1, 0, 1}) {
    file.proto.mutable_node(3)->mutable_attr()->at("value").mutable_tensor()->add_int_val(crop);
  }
  file.floats("w", {3, 3, 3, 4});
  file.node("SpaceToBatchND", "space", {"x", "block", "pads"});
  file.window("Conv2D", "conv", {"space", "w"}, 1, "VALID");
  file.node("BatchToSpaceND", "batch", {"conv", "block", "crops"});
  const Graph graph = file.import();
  const Node& conv = only(graph, "Conv");
  EXPECT_EQ(std::get<Integers>(conv.attributes.at("dilations")), (Integers{2, 2}));
  EXPECT_EQ(std::get<Integers>(conv.attributes.at("pads")), (Integers{2, 2, 2, 2}));
  EXPECT_EQ(to_string(output_dims(graph)), "[1, 9, 9, 4]");

  auto& dilations = (*file.proto.mutable_node(6)->mutable_attr())["dilations"];
  for (const int step : {1, 2, 2, 1}) dilations.mutable_list()->add_i(step);
  test::expect_error(ErrorCode::kUnsupported, "without padding, stride and dilation",
                     [&] { file.import(); });
  dilations.Clear();

  file.proto.mutable_node(6)->set_op("MaxPool");
  test::expect_error(ErrorCode::kUnsupported, "layer 'batch' (BatchToSpaceND): blocks are moved",
                     [&] { file.import(); });
}

TEST(TensorflowOpsConv, ReadsAMatrixProduct) {
  TensorflowGraph file;
  file.input("x", {-1, 6});
  file.floats("fc/weights", {6, 5});
  file.floats("fc/biases", {5});
  file.node("MatMul", "fc/MatMul", {"x", "fc/weights"});
  file.node("BiasAdd", "fc/BiasAdd", {"fc/MatMul", "fc/biases"});
  const Graph graph = file.import();
  const Node& gemm = only(graph, "Gemm");
  EXPECT_EQ(gemm.layer, "fc");
  EXPECT_EQ(read_by(graph, gemm, 1).name, "fc/weights");
  EXPECT_EQ(read_by(graph, gemm, 2).name, "fc/biases");
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "fc/BiasAdd");

  TensorflowGraph::attribute(file.proto.mutable_node(3), "transpose_a").set_b(true);
  test::expect_error(ErrorCode::kUnsupported, "layer 'fc/MatMul' (MatMul): its first factor is",
                     [&] { file.import(); });
}

TensorflowGraph batch_norm(bool is_training) {
  TensorflowGraph file;
  file.input("x", {1, 4, 4, 3});
  for (const char* name : {"gamma", "beta", "mean", "variance"}) {
    file.floats(fmt::format("bn/{}", name), {3});
  }
  auto* norm = file.node("FusedBatchNormV3", "bn/FusedBatchNormV3",
                         {"x", "bn/gamma", "bn/beta", "bn/mean", "bn/variance"});
  TensorflowGraph::attribute(norm, "is_training").set_b(is_training);
  TensorflowGraph::attribute(norm, "epsilon").set_f(0.001F);
  return file;
}

TEST(TensorflowOpsConv, ReadsABatchNorm) {
  const Graph graph = batch_norm(false).import();
  const Node& norm = only(graph, "BatchNormalization");
  EXPECT_EQ(norm.layer, "bn");
  EXPECT_EQ(read_by(graph, norm, 1).name, "bn/gamma");
  EXPECT_EQ(read_by(graph, norm, 4).name, "bn/variance");
  EXPECT_EQ(std::get<float>(norm.attributes.at("epsilon")), 0.001F);
}

TEST(TensorflowOpsConv, RefusesABatchNormInTraining) {
  test::expect_error(ErrorCode::kUnsupported, "it is in training mode",
                     [] { batch_norm(true).import(); });
}

TEST(TensorflowOpsConv, RefusesWrongWeights) {
  TensorflowGraph file;
  file.input("x", {1, 8, 8, 3});
  file.floats("w", {3, 3, 2, 4});
  file.window("Conv2D", "conv", {"x", "w"});
  test::expect_error(ErrorCode::kParse,
                     "layer 'conv' (Conv2D): its weight is [3, 3, 2, 4] for an input of 3 channels",
                     [&] { file.import(); });
  file.proto.mutable_node(2)->set_input(1, "x");
  test::expect_error(ErrorCode::kUnsupported, "its weights are computed", [&] { file.import(); });
  file.proto.mutable_node(2)->set_input(1, "w");
  file.proto.mutable_node(2)->mutable_attr()->erase("padding");
  test::expect_error(ErrorCode::kParse, "", [&] { file.import(); });
}

}  // namespace
}  // namespace quern::tensorflow
