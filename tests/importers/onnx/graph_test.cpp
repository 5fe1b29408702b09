#include "quern/importers/onnx/graph.h"

#include <gmock/gmock.h>

#include <cmath>

#include "quern/importers/onnx.h"
#include "tests/support/expect_error.h"
#include "tests/support/onnx_model.h"

namespace quern {
namespace {

using test::expect_error;
using test::OnnxModel;
using test::relu_model;

Graph imported(const OnnxModel& model) { return import_onnx(model.bytes(), "a.onnx"); }

void expect_refusal(const OnnxModel& model, ErrorCode code, const std::string& part) {
  expect_error(code, part, [&] { imported(model); });
}

TEST(OnnxGraph, ReadsNodesValuesAndFreeExtents) {
  OnnxModel model = relu_model();
  auto* entry = model.proto.add_metadata_props();
  entry->set_key("author");
  entry->set_value("me");
  const Graph graph = imported(model);
  EXPECT_EQ(graph.name, "net");
  EXPECT_EQ(graph.metadata.at("author"), "me");
  const Node& node = graph.node(*graph.find_layer("relu"));
  EXPECT_EQ(graph.value(node.inputs[0]).dims->front(), (Dim{-1, "N"}));
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 3, 4, 4]");
}

TEST(OnnxGraph, NodesMayStandInAnyOrder) {
  OnnxModel model = relu_model();
  model.node("Relu", {"late"}, "z", "second");
  model.node("Relu", {"y"}, "late", "first");
  model.output("z");
  EXPECT_EQ(imported(model).nodes().size(), 3U);
}

TEST(OnnxGraph, AnInitializerListedAsInputIsAConstant) {
  OnnxModel model = relu_model();
  model.input("w", {3, 1, 1});
  model.initializer("w", {3, 1, 1});
  model.node("Mul", {"y", "w"}, "z");
  model.output("z");
  const Graph graph = imported(model);
  EXPECT_EQ(graph.inputs().size(), 1U);
  EXPECT_TRUE(graph.is_constant(*graph.find_value("w")));
}

TEST(OnnxGraph, AnInitializerOfTwoReadersIsOneConstant) {
  OnnxModel model = relu_model();
  model.initializer("w", {3, 1, 1});
  model.node("Mul", {"y", "w"}, "a");
  model.node("Add", {"a", "w"}, "b");
  model.output("b");
  const Graph graph = imported(model);
  EXPECT_EQ(graph.use_count(*graph.find_value("w")), 2U);
}

TEST(OnnxGraph, ConstantNodesBecomeConstants) {
  OnnxModel model = relu_model();
  auto* constant = model.node("Constant", {}, "six");
  OnnxModel::real(constant, "value_float", 6);
  model.node("Clip", {"y", "", "six"}, "z");
  model.output("z");
  const Graph graph = imported(model);
  EXPECT_TRUE(graph.nodes_of("Constant").empty());
  EXPECT_EQ(graph.value(*graph.find_value("six")).constant, Tensor::scalar(6.0F));
}

TEST(OnnxGraph, NamesAValueThatNothingDefines) {
  OnnxModel model = relu_model();
  model.node("Relu", {"ghost"}, "z", "reader");
  expect_refusal(model, ErrorCode::kParse,
                 "layer 'reader' reads 'ghost', which no node, input or initializer defines");
}

TEST(OnnxGraph, NamesAMissingInput) {
  OnnxModel model = relu_model();
  model.node("Relu", {}, "z", "reader");
  expect_refusal(model, ErrorCode::kParse, "layer 'reader'");
}

TEST(OnnxGraph, NamesALayerOnACycle) {
  OnnxModel model = relu_model();
  model.node("Relu", {"b"}, "a", "first");
  model.node("Relu", {"a"}, "b", "second");
  expect_refusal(model, ErrorCode::kParse, "layer 'first' is on a cycle");
}

TEST(OnnxGraph, NamesASecondDefinition) {
  OnnxModel twice = relu_model();
  twice.node("Relu", {"x"}, "y", "twin");
  expect_refusal(twice, ErrorCode::kParse, "layer 'twin' defines 'y', which is already defined");
  OnnxModel input = relu_model();
  input.node("Relu", {"y"}, "x", "loop");
  expect_refusal(input, ErrorCode::kParse, "layer 'loop' defines 'x'");
  OnnxModel initializer = relu_model();
  initializer.initializer("w", {1});
  initializer.initializer("w", {1});
  expect_refusal(initializer, ErrorCode::kParse, "initializer 'w' is defined twice");
}

TEST(OnnxGraph, WantsAnOutputThatSomethingComputes) {
  OnnxModel none = relu_model();
  none.proto.mutable_graph()->clear_output();
  expect_refusal(none, ErrorCode::kParse, "no output");
  OnnxModel ghost = relu_model();
  ghost.output("ghost");
  expect_refusal(ghost, ErrorCode::kParse, "the network's output reads 'ghost'");
}

TEST(OnnxGraph, NamesAnUnknownOperatorSet) {
  OnnxModel model = relu_model();
  model.node("FusedConv", {"y"}, "z", "fused")->set_domain("com.microsoft");
  expect_refusal(model, ErrorCode::kUnsupported, "layer 'fused': the op 'FusedConv' is of the");
}

TEST(OnnxGraph, RefusesControlFlow) {
  OnnxModel branch = relu_model();
  auto* node = branch.node("If", {"y"}, "z", "branch");
  OnnxModel::attribute(node, "then_branch", onnx::AttributeProto::GRAPH);
  expect_refusal(branch, ErrorCode::kUnsupported, "control flow is not read");
}

TEST(OnnxGraph, RefusesAbsurdExtents) {
  OnnxModel model = relu_model();
  auto* type = model.proto.mutable_graph()->mutable_input(0)->mutable_type();
  type->mutable_tensor_type()->mutable_shape()->mutable_dim(2)->set_dim_value(std::int64_t{1}
                                                                              << 40);
  expect_refusal(model, ErrorCode::kParse, "input 'x': it has the extent 1099511627776");
}

TEST(OnnxGraph, RefusesAnInputOfTooManyElements) {
  OnnxModel model;
  model.input("x", {1 << 30, 1 << 30});
  model.output("x");
  expect_refusal(model, ErrorCode::kParse, "value 'x' of shape [1073741824, 1073741824] has more");
}

TEST(OnnxGraph, RefusesNamesThatAreNotUtf8) {
  OnnxModel model = relu_model();
  model.node("Relu", {"y"}, "z", "caf\xe9");
  expect_refusal(model, ErrorCode::kParse, "the name of a layer is not UTF-8");
  OnnxModel graph = relu_model();
  graph.proto.mutable_graph()->set_name("caf\xe9");
  expect_refusal(graph, ErrorCode::kParse, "the name of the graph is not UTF-8");
}

TEST(OnnxGraph, RefusesAnAttributeGivenTwice) {
  OnnxModel model = relu_model();
  auto* node = model.node("Flatten", {"y"}, "z", "flat");
  OnnxModel::number(node, "axis", 1);
  OnnxModel::number(node, "axis", 2);
  expect_refusal(model, ErrorCode::kParse,
                 "layer 'flat' (Flatten): attribute 'axis': it is given twice");
}

TEST(OnnxGraph, RefusesAnAttributeThatIsNoNumber) {
  OnnxModel model = relu_model();
  OnnxModel::real(model.node("LeakyRelu", {"y"}, "z", "leaky"), "alpha", std::nanf(""));
  expect_refusal(model, ErrorCode::kParse, "attribute 'alpha': it is not a number");
}

}  // namespace
}  // namespace quern
