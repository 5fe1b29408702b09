#include "quern/weights/fill_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "quern/zoo/zoo.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

const ZooOptions kSmall{.width = 0.25, .input = 32, .seed = 5};

Graph target() {
  ZooOptions options = kSmall;
  options.seed = std::nullopt;
  return make_network("resnet8", options);
}

std::vector<LayerWeights> weights_of(const Graph& graph) {
  std::vector<LayerWeights> weights;
  for (const WeightedLayer& layer : weighted_layers(graph)) weights.push_back(layer.weights);
  return weights;
}

TEST(FillNetwork, TakesEveryNumber) {
  const Graph source = make_network("resnet8", kSmall);
  Graph graph = target();
  const FillReport report = fill_network(graph, weighted_layers(graph), weights_of(source));
  EXPECT_EQ(report.layers, 10u);
  EXPECT_EQ(report.batchnorms, 7u);
  EXPECT_EQ(report.folded, 0u);
  EXPECT_EQ(graph, source);
}

TEST(FillNetwork, ABiasReplacesABatchNormThatIsFolded) {
  std::vector<LayerWeights> weights = weights_of(make_network("resnet8", kSmall));
  weights[0].batchnorm.reset();
  weights[0].bias = Tensor::of<float>({4}, {1, 2, 3, 4});
  Graph graph = target();
  const FillReport report = fill_network(graph, weighted_layers(graph), weights);
  EXPECT_EQ(report.folded, 1u);
  EXPECT_FALSE(graph.find_layer("batch_normalization"));
  const Node& conv = graph.node(*graph.find_layer("conv2d"));
  EXPECT_EQ(*graph.value(conv.inputs[2]).constant, *weights[0].bias);
  EXPECT_EQ(graph.node(graph.uses(conv.outputs[0])[0].node).op, "Relu");
}

TEST(FillNetwork, ABiasComesAndGoesWithTheWeights) {
  std::vector<LayerWeights> weights = weights_of(make_network("resnet8", kSmall));
  weights[1].bias.reset();
  Graph graph = target();
  fill_network(graph, weighted_layers(graph), weights);
  EXPECT_EQ(graph.node(*graph.find_layer("conv2d_1")).inputs.size(), 2u);

  weights[1].bias = Tensor::of<float>({4}, {1, 2, 3, 4});
  fill_network(graph, weighted_layers(graph), weights);
  const Node& conv = graph.node(*graph.find_layer("conv2d_1"));
  ASSERT_EQ(conv.inputs.size(), 3u);
  EXPECT_EQ(*graph.value(conv.inputs[2]).constant, *weights[1].bias);
}

TEST(FillNetwork, TheEpsilonOfAFileCounts) {
  std::vector<LayerWeights> weights = weights_of(make_network("resnet8", kSmall));
  weights[0].batchnorm->epsilon = 0.25F;
  Graph graph = target();
  fill_network(graph, weighted_layers(graph), weights);
  EXPECT_EQ(graph.attribute_or(*graph.find_layer("batch_normalization"), "epsilon", 0.0F), 0.25F);
}

TEST(FillNetwork, RefusesABatchNormWithoutAPlace) {
  std::vector<LayerWeights> weights = weights_of(make_network("resnet8", kSmall));
  weights[5].batchnorm = weights[4].batchnorm;
  Graph graph = target();
  test::expect_error(
      ErrorCode::kUnsupported,
      "behind layer 'conv2d_5' stands a batch norm, behind the zoo's 'conv2d_5' none",
      [&] { fill_network(graph, weighted_layers(graph), weights); });
}

TEST(FillNetwork, RefusesNumbersThatAreNotFinite) {
  std::vector<LayerWeights> weights = weights_of(make_network("resnet8", kSmall));
  weights[0].weight.mutable_data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  Graph graph = target();
  test::expect_error(ErrorCode::kParse, "conv2d.weight",
                     [&] { fill_network(graph, weighted_layers(graph), weights); });
}

}  // namespace
}  // namespace quern
