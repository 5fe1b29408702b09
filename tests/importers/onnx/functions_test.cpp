#include "quern/importers/onnx/functions.h"

#include <gmock/gmock.h>

#include "quern/importers/onnx.h"
#include "tests/support/expect_error.h"
#include "tests/support/onnx_model.h"

namespace quern {
namespace {

using test::expect_error;
using test::OnnxModel;
using testing::ElementsAre;

/// x [N, 3, 4, 4], and functions of the domain "own" to call on it.
struct FunctionModel : OnnxModel {
  FunctionModel() : OnnxModel(17) {
    import("own", 1);
    input("x", {0, 3, 4, 4});
  }

  onnx::FunctionProto* function(const std::string& name, const std::vector<std::string>& inputs,
                                const std::vector<std::string>& outputs) {
    auto* function = proto.add_functions();
    function->set_domain("own");
    function->set_name(name);
    for (const std::string& input : inputs) function->add_input(input);
    for (const std::string& output : outputs) function->add_output(output);
    return function;
  }

  onnx::NodeProto* call(const std::string& function, const std::vector<std::string>& inputs,
                        const std::string& output, const std::string& name) {
    auto* call = node(function, inputs, output, name);
    call->set_domain("own");
    return call;
  }
};

onnx::NodeProto* add_node(onnx::FunctionProto* function, const std::string& op,
                          const std::vector<std::string>& inputs, const std::string& output,
                          const std::string& name = "") {
  auto* node = function->add_node();
  node->set_op_type(op);
  node->set_name(name);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(output);
  return node;
}

void refer(onnx::NodeProto* node, const std::string& key, const std::string& attribute) {
  auto* reference = OnnxModel::attribute(node, key, onnx::AttributeProto::FLOAT);
  reference->set_ref_attr_name(attribute);
}

Graph imported(const OnnxModel& model) { return import_onnx(model.bytes(), "a.onnx"); }

std::vector<std::string> layers(const Graph& graph) {
  std::vector<std::string> names;
  for (const NodeId id : graph.nodes()) names.push_back(graph.node(id).layer);
  return names;
}

void expect_refusal(const OnnxModel& model, ErrorCode code, const std::string& part) {
  expect_error(code, part, [&] { imported(model); });
}

TEST(InlineFunctions, NamesNodesAfterTheCall) {
  FunctionModel model;
  auto* function = model.function("Twice", {"a"}, {"b"});
  add_node(function, "Relu", {"a"}, "inner", "relu");
  add_node(function, "Sigmoid", {"inner"}, "b");
  model.call("Twice", {"x"}, "y", "first");
  model.call("Twice", {"y"}, "z", "second");
  model.output("z");
  const Graph graph = imported(model);
  EXPECT_THAT(layers(graph),
              ElementsAre("first/relu", "first/Sigmoid", "second/relu", "second/Sigmoid"));
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "z");
  EXPECT_TRUE(graph.find_value("first/inner"));
}

TEST(InlineFunctions, InlinesCallsInsideOfFunctions) {
  FunctionModel model;
  add_node(model.function("Inner", {"a"}, {"b"}), "Relu", {"a"}, "b", "relu");
  auto* outer = model.function("Outer", {"a"}, {"b"});
  add_node(outer, "Inner", {"a"}, "between", "one")->set_domain("own");
  add_node(outer, "Inner", {"between"}, "b", "two")->set_domain("own");
  model.call("Outer", {"x"}, "y", "call");
  model.output("y");
  EXPECT_THAT(layers(imported(model)), ElementsAre("call/one/relu", "call/two/relu"));
}

TEST(InlineFunctions, GivesNodesTheAttributesOfTheCall) {
  FunctionModel model;
  auto* function = model.function("Leaky", {"a"}, {"b"});
  refer(add_node(function, "LeakyRelu", {"a"}, "b", "it"), "alpha", "slope");
  auto* fallback = function->add_attribute_proto();
  fallback->set_name("slope");
  fallback->set_type(onnx::AttributeProto::FLOAT);
  fallback->set_f(0.25F);
  OnnxModel::real(model.call("Leaky", {"x"}, "y", "given"), "slope", 0.5F);
  model.call("Leaky", {"y"}, "z", "default");
  model.output("z");
  const Graph graph = imported(model);
  EXPECT_EQ(graph.attribute_or(*graph.find_layer("given/it"), "alpha", 0.0F), 0.5F);
  EXPECT_EQ(graph.attribute_or(*graph.find_layer("default/it"), "alpha", 0.0F), 0.25F);
}

TEST(InlineFunctions, AnAttributeWithoutValueIsLeftOut) {
  FunctionModel model;
  auto* function = model.function("Leaky", {"a"}, {"b"});
  refer(add_node(function, "LeakyRelu", {"a"}, "b", "it"), "alpha", "slope");
  model.call("Leaky", {"x"}, "y", "call");
  model.output("y");
  const Graph graph = imported(model);
  EXPECT_EQ(graph.attribute(*graph.find_layer("call/it"), "alpha"), nullptr);
}

TEST(InlineFunctions, NodesFollowTheVersionThatTheFunctionImports) {
  FunctionModel model;
  auto* function = model.function("Old", {"a"}, {"b"});
  auto* import = function->add_opset_import();
  import->set_domain("");
  import->set_version(9);
  OnnxModel::real(add_node(function, "Clip", {"a"}, "b", "clip"), "max", 6);
  model.call("Old", {"x"}, "y", "call");
  model.output("y");
  const Graph graph = imported(model);
  const Node& clip = graph.node(*graph.find_layer("call/clip"));
  ASSERT_EQ(clip.inputs.size(), 3U);
  EXPECT_EQ(to_vector<float>(*graph.value(clip.inputs[2]).constant), std::vector<float>{6});

  import->set_version(6);
  expect_refusal(model, ErrorCode::kUnsupported,
                 "the function 'Old' uses operator set 6 (supported: 7 and newer)");
}

TEST(InlineFunctions, AnOutputMayBeAnInput) {
  FunctionModel model;
  model.function("Same", {"a"}, {"a"});
  model.call("Same", {"x"}, "y", "call");
  model.output("y");
  const Graph graph = imported(model);
  EXPECT_EQ(graph.node(graph.nodes()[0]).op, "Identity");
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "y");
}

TEST(InlineFunctions, InputsLeftOutStayOut) {
  FunctionModel model;
  add_node(model.function("Bounded", {"a", "low", "high"}, {"b"}), "Clip", {"a", "low", "high"},
           "b", "clip");
  model.initializer("high", Tensor::scalar(6.0F));
  model.call("Bounded", {"x", "", "high"}, "y", "call");
  model.output("y");
  const Graph graph = imported(model);
  EXPECT_FALSE(graph.node(*graph.find_layer("call/clip")).inputs[1]);
}

TEST(InlineFunctions, KeepsNamesApart) {
  FunctionModel model;
  auto* function = model.function("Twice", {"a"}, {"b"});
  add_node(function, "Relu", {"a"}, "inner");
  add_node(function, "Relu", {"inner"}, "b");
  model.node("Relu", {"x"}, "f/inner", "before");
  model.call("Twice", {"f/inner"}, "y", "f");
  model.output("y");
  EXPECT_EQ(imported(model).nodes().size(), 3U);
}

TEST(InlineFunctions, RefusesWhatDoesNotFit) {
  FunctionModel recursive;
  add_node(recursive.function("Self", {"a"}, {"b"}), "Self", {"a"}, "b")->set_domain("own");
  recursive.call("Self", {"x"}, "y", "call");
  recursive.output("y");
  expect_refusal(recursive, ErrorCode::kParse, "the function 'Self' calls itself");

  FunctionModel inputs;
  add_node(inputs.function("One", {"a"}, {"b"}), "Relu", {"a"}, "b");
  inputs.call("One", {"x", "x"}, "y", "call");
  expect_refusal(
      inputs, ErrorCode::kParse,
      "layer 'call' has 2 inputs and 1 outputs, the function 'One' that it calls 1 and 1");

  FunctionModel attribute;
  auto* function = attribute.function("Leaky", {"a"}, {"b"});
  function->add_attribute("slope");
  refer(add_node(function, "LeakyRelu", {"a"}, "b"), "alpha", "slope");
  attribute.call("Leaky", {"x"}, "y", "call");
  expect_refusal(attribute, ErrorCode::kParse,
                 "layer 'call' lacks the attribute 'slope' of the function 'Leaky'");
}

TEST(InlineFunctions, RefusesWhatGrowsWithoutBound) {
  FunctionModel model;
  constexpr int kLevels = 40;
  for (int level = 0; level < kLevels; ++level) {
    auto* function = model.function(std::to_string(level), {"a"}, {"b"});
    const std::string next = level + 1 < kLevels ? std::to_string(level + 1) : "Relu";
    const std::string domain = level + 1 < kLevels ? "own" : "";
    add_node(function, next, {"a"}, "m")->set_domain(domain);
    add_node(function, next, {"m"}, "b")->set_domain(domain);
  }
  model.call("0", {"x"}, "y", "call");
  model.output("y");
  expect_refusal(model, ErrorCode::kUnsupported, "the model's functions hold more than");
}

}  // namespace
}  // namespace quern
