#include "quern/weights/match_layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;

Graph network(const std::string& name, double width, int input = 32,
              Framework framework = Framework::kTensorFlow) {
  return make_network(
      name, {.width = width, .input = input, .classes = 7, .seed = 1, .framework = framework});
}

TEST(MatchLayers, FindsTheWidth) {
  for (const ZooEntry& entry : zoo()) {
    for (const double width : {0.33, 0.5}) {
      const Graph graph = network(std::string(entry.name), width);
      const FileLayers file = {weighted_layers(graph), /*is_ordered=*/true};
      const MatchedLayers matched = match_layers(file, entry, std::nullopt);
      const auto found = weighted_layers(network(std::string(entry.name), matched.width));
      for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].weights.weight.shape(), file.layers[i].weights.weight.shape());
      }
    }
  }
}

TEST(MatchLayers, PrefersARoundWidth) {
  // 0.24 and 0.25 have the same channels, and neither is published.
  const FileLayers file = {weighted_layers(network("mobilenet_v2", 0.25)), /*is_ordered=*/true};
  const ZooEntry& entry = zoo_entry("mobilenet_v2");
  EXPECT_EQ(match_layers(file, entry, 0.24).width, 0.24);
  EXPECT_EQ(match_layers(file, entry, std::nullopt).width, 0.25);
}

TEST(MatchLayers, OrdersBranchesByShape) {
  FileLayers file = {weighted_layers(network("resnet8", 1)), /*is_ordered=*/false};
  const std::vector<WeightedLayer> original = file.layers;
  std::swap(file.layers[4], file.layers[5]);  // The shortcut runs first.
  const MatchedLayers matched = match_layers(file, zoo_entry("resnet8"), std::nullopt);
  for (std::size_t i = 0; i < original.size(); ++i) {
    EXPECT_EQ(matched.layers[i].node, original[i].node) << i;
  }
}

TEST(MatchLayers, NamesTheLayerThatDoesNotFit) {
  FileLayers file = {weighted_layers(network("mobilenet_v1", 0.5)), /*is_ordered=*/true};
  const ZooEntry& entry = zoo_entry("mobilenet_v1");
  expect_error(ErrorCode::kParse,
               "layer 'conv1' has the shape [16, 3, 3, 3], expected [8, 3, 3, 3] as "
               "zoo:mobilenet_v1 has in 'conv1' at width 0.25",
               [&] { match_layers(file, entry, 0.25); });
  file.layers[4].weights.weight = Tensor(DType::kFloat32, {60, 64, 1, 1});
  expect_error(ErrorCode::kParse, "layer 'conv_pw_2' has the shape [60, 64, 1, 1], expected [64",
               [&] { match_layers(file, entry, std::nullopt); });
  file.is_ordered = false;
  expect_error(ErrorCode::kParse,
               "no layer is like 'conv_pw_2' of zoo:mobilenet_v1 at width 0.5: shape [64, 32, 1, "
               "1], groups 1, strides [1, 1]",
               [&] { match_layers(file, entry, std::nullopt); });
  file.layers.pop_back();
  expect_error(ErrorCode::kParse,
               "it has 27 convolutions and linear layers, zoo:mobilenet_v1 has 28",
               [&] { match_layers(file, entry, std::nullopt); });
}

TEST(Difference, IsNoneBetweenEqualNetworks) {
  const Graph graph = network("mnasnet", 0.5);
  EXPECT_EQ(difference(graph, weighted_layers(graph), graph, weighted_layers(graph)), std::nullopt);
}

TEST(Difference, NamesPadsActivationsAndAdditions) {
  const auto between = [](const Graph& file, const Graph& zoo) {
    return difference(file, weighted_layers(file), zoo, weighted_layers(zoo)).value_or("");
  };
  const Graph zoo = network("mnasnet", 0.5);
  EXPECT_EQ(between(network("mnasnet", 0.5, 32, Framework::kPyTorch), zoo),
            "layer 'stem' is padded by [1, 1, 1, 1], the zoo's 'stem' by [0, 0, 1, 1]");
  // At an odd side both frameworks pad alike, and only the stem's activation differs.
  EXPECT_EQ(between(network("mnasnet", 0.5, 65, Framework::kPyTorch), network("mnasnet", 0.5, 65)),
            "behind layer 'stem' stands Relu, behind the zoo's 'stem' no activation");

  Graph without = network("mnasnet", 0.5);
  without.bypass(*without.find_layer("cell_2/add"));
  EXPECT_EQ(between(without, zoo), "it adds 9 pairs of activations, the zoo's network 10");
}

}  // namespace
}  // namespace quern
