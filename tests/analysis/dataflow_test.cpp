#include "quern/analysis/dataflow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/network.h"

namespace quern {
namespace {

using test::Network;
using testing::ElementsAre;

const Node& layer(const Graph& graph, const std::string& name) {
  return graph.node(*graph.find_layer(name));
}

QuantizerId add_quantizer(Graph& graph) {
  Quantizer quantizer;
  quantizer.scale = graph.add_scale({{}, "s", {1.0F}});
  return graph.add_quantizer(quantizer);
}

TEST(Dataflow, AValueComesFromTheLayerWhoseArithmeticGaveIt) {
  Network net;
  const ValueId conv = net.conv("conv", net.input());
  const ValueId relu = net.op("relu", "Relu", {net.batchnorm("bn", conv)});
  const ValueId sum = net.op("add", "Add", {relu, conv});
  const ValueId scaled = net.op("scaled", "Mul", {net.constant("two", Tensor::scalar(2.0F)), sum});
  const Graph graph = net.finish({scaled});

  EXPECT_EQ(source_layer(graph, relu)->layer, "conv");
  EXPECT_EQ(source_layer(graph, scaled)->layer, "add");
  EXPECT_EQ(source_layer(graph, graph.inputs()[0]), nullptr);
}

TEST(Dataflow, AValueMayComeFromAnInput) {
  Network net;
  const ValueId normalized = net.batchnorm("bn", net.input());
  const Graph graph = net.finish({normalized});

  EXPECT_EQ(source_layer(graph, normalized), nullptr);
  EXPECT_EQ(source_input(graph, normalized), graph.inputs()[0]);
}

TEST(Dataflow, GridsAreFoundThroughMovesAndConcats) {
  Network net;
  const ValueId a = net.conv("a", net.input());
  const ValueId b = net.conv("b", net.input());
  const ValueId joined = net.op("cat", "Concat", {a, b}, {{"axis", std::int64_t{1}}});
  Graph graph = net.finish({net.op("flat", "Flatten", {joined}, {{"axis", std::int64_t{1}}})});
  EXPECT_TRUE(grids_of(graph, graph.outputs()[0]).empty());

  const NodeId first = graph.insert_quant(a, add_quantizer(graph), "qa");
  EXPECT_TRUE(grids_of(graph, graph.outputs()[0]).empty());  // b is still float.
  const NodeId second = graph.insert_quant(b, add_quantizer(graph), "qb");

  EXPECT_THAT(grids_of(graph, graph.outputs()[0]), ElementsAre(first, second));
}

TEST(Dataflow, AQuantizedWeightIsNoActivation) {
  Network net;
  Graph graph = net.finish({net.conv("conv", net.input(), {.bias = true})});
  graph.insert_quant(layer(graph, "conv").inputs[1], add_quantizer(graph), "q");

  EXPECT_THAT(activation_inputs(graph, layer(graph, "conv")), ElementsAre(0u));
  EXPECT_TRUE(has_weight(graph, layer(graph, "conv")));
}

TEST(Dataflow, AProductOfTwoActivationsHasNoWeight) {
  Network net;
  const Graph graph = net.finish({net.op("mm", "MatMul", {net.input(), net.input()})});
  EXPECT_FALSE(has_weight(graph, layer(graph, "mm")));
  EXPECT_THAT(activation_inputs(graph, layer(graph, "mm")), ElementsAre(0u, 1u));
}

TEST(Dataflow, AReadoutIsReadByOutputsOnly) {
  Network net;
  const ValueId a = net.conv("a", net.input());
  const ValueId gate = net.op("gate", "Sigmoid", {a});
  const ValueId product = net.op("mul", "Mul", {a, gate});
  const ValueId last = net.op("last", "Sigmoid", {product});
  const Graph graph = net.finish({net.op("flat", "Flatten", {last})});

  EXPECT_FALSE(is_readout(graph, layer(graph, "gate")));
  EXPECT_TRUE(is_readout(graph, layer(graph, "last")));
  EXPECT_FALSE(is_readout(graph, layer(graph, "a")));
}

TEST(Dataflow, ProbabilitiesComeOutOfASoftmax) {
  Network net;
  const ValueId logits = net.head("fc", net.input());
  const ValueId softmax = net.op("softmax", "Softmax", {logits});
  Graph graph = net.finish({softmax});
  EXPECT_TRUE(gives_probabilities(graph));

  const ScaleId scale = graph.add_scale({{}, "scale", {1.0F / 256}});
  Quantizer grid;
  grid.scale = scale;
  graph.insert_quant(softmax, graph.add_quantizer(grid), "softmax.quant");
  EXPECT_TRUE(gives_probabilities(graph));

  graph.set_output(0, logits);
  EXPECT_FALSE(gives_probabilities(graph));
}

TEST(Dataflow, RuleSubjectsKnowGroups) {
  Network net(4);
  const ValueId grouped = net.conv("grouped", net.input(), {.channels = 4, .groups = 2});
  const ValueId depthwise = net.conv("depthwise", grouped, {.channels = 8, .groups = 4});
  const ValueId up = net.op("up", "ConvTranspose", {depthwise, net.weight("w", {8, 1, 2, 2})},
                            {{"group", std::int64_t{8}}});
  const Graph graph = net.finish({net.conv("plain", up)});

  EXPECT_EQ(rule_subject(graph, layer(graph, "grouped")).groups, 2);
  EXPECT_FALSE(rule_subject(graph, layer(graph, "grouped")).depthwise);
  EXPECT_TRUE(rule_subject(graph, layer(graph, "depthwise")).depthwise);
  EXPECT_TRUE(rule_subject(graph, layer(graph, "up")).depthwise);
  EXPECT_EQ(rule_subject(graph, layer(graph, "plain")).groups, 1);
}

}  // namespace
}  // namespace quern
