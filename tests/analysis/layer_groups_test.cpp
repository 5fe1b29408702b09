#include "quern/analysis/layer_groups.h"

#include <gmock/gmock.h>

#include "tests/support/network.h"

namespace quern {
namespace {

using test::Network;
using testing::ElementsAre;

QuantizerId grid(Graph& graph, int bits) {
  Quantizer quantizer;
  quantizer.spec.bits = bits;
  quantizer.scale = graph.add_scale({{}, "s", {0.5F}});
  return graph.add_quantizer(quantizer);
}

std::vector<std::string> layers_of(const std::vector<LayerGroup>& groups) {
  std::vector<std::string> layers;
  for (const LayerGroup& group : groups) layers.push_back(group.layer);
  return layers;
}

TEST(LayerGroups, TakeWhatFollowsALayerUpToItsQuant) {
  Network net;
  const ValueId conv = net.conv("conv", net.input(), {.bias = true});
  const ValueId relu = net.op("relu", "Relu", {net.batchnorm("bn", conv)});
  Graph graph = net.finish({net.op("pool", "GlobalAveragePool", {relu})});
  const NodeId conv_node = *graph.find_layer("conv");
  const ValueId weight = graph.node(conv_node).inputs[1];
  const QuantizerId weight_grid = grid(graph, 4);
  const QuantizerId output_grid = grid(graph, 8);
  graph.insert_quant(weight, weight_grid, "conv.weight_quant");
  const NodeId quant = graph.insert_quant(relu, output_grid, "conv.output_quant");

  const std::vector<LayerGroup> groups = layer_groups(graph);

  ASSERT_THAT(layers_of(groups), ElementsAre("conv", "pool"));
  EXPECT_EQ(groups[0].op, "Conv");
  EXPECT_EQ(groups[0].nodes.size(), 4);
  EXPECT_EQ(groups[0].nodes.back(), quant);
  EXPECT_EQ(groups[0].output, graph.node(quant).outputs[0]);
  EXPECT_EQ(groups[0].weight, weight);
  EXPECT_EQ(groups[0].bias, graph.node(conv_node).inputs[2]);
  EXPECT_EQ(groups[0].weight_grid, weight_grid);
  EXPECT_EQ(groups[0].output_grid, output_grid);
  EXPECT_THAT(groups[0].inputs, ElementsAre(graph.inputs()[0]));
  EXPECT_FALSE(groups[1].is_quantized());
}

TEST(LayerGroups, AValueThatOthersReadEndsItsLayer) {
  Network net;
  const ValueId conv = net.conv("conv", net.input());
  const ValueId relu = net.op("relu", "Relu", {conv});
  const Graph graph = net.finish({net.op("add", "Add", {relu, conv})});

  const std::vector<LayerGroup> groups = layer_groups(graph);

  EXPECT_THAT(layers_of(groups), ElementsAre("conv", "relu", "add"));
  EXPECT_THAT(groups[2].inputs, ElementsAre(relu, conv));
}

TEST(LayerGroups, ASecondQuantAndThatOfAnInputStandAlone) {
  Network net;
  const ValueId conv = net.conv("conv", net.input());
  Graph graph = net.finish({conv});
  graph.insert_quant(conv, grid(graph, 8), "first");
  graph.insert_quant(graph.outputs()[0], grid(graph, 4), "second");
  graph.insert_quant(graph.inputs()[0], grid(graph, 8), "input.quant");

  const std::vector<LayerGroup> groups = layer_groups(graph);

  EXPECT_THAT(layers_of(groups), ElementsAre("input.quant", "conv", "second"));
  EXPECT_EQ(groups[2].op, "Quant");
}

}  // namespace
}  // namespace quern
