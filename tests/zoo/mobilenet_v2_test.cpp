#include "quern/zoo/mobilenet_v2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/analysis/cost.h"

namespace quern {
namespace {

Shape weight_shape(const Graph& graph, const std::string& layer) {
  return graph.constant_behind(graph.node(*graph.find_layer(layer)).inputs[1])->shape();
}

TEST(MobileNetV2, LayersAreNamedAsTorchvisionNamesThem) {
  const Graph graph = make_network("mobilenet_v2", {.input = 32});
  EXPECT_EQ(weight_shape(graph, "features.0.0"), (Shape{32, 3, 3, 3}));
  EXPECT_EQ(weight_shape(graph, "features.1.conv.0.0"), (Shape{32, 1, 3, 3}));
  EXPECT_EQ(weight_shape(graph, "features.1.conv.1"), (Shape{16, 32, 1, 1}));
  EXPECT_EQ(weight_shape(graph, "features.2.conv.0.0"), (Shape{96, 16, 1, 1}));
  EXPECT_EQ(weight_shape(graph, "features.17.conv.2"), (Shape{320, 960, 1, 1}));
  EXPECT_EQ(weight_shape(graph, "features.18.0"), (Shape{1280, 320, 1, 1}));
  EXPECT_EQ(weight_shape(graph, "classifier.1"), (Shape{1000, 1280}));
  EXPECT_EQ(graph.node(*graph.find_layer("features.17.conv.3")).op, "BatchNormalization");
  EXPECT_EQ(graph.nodes_of("Conv").size(), 52u);
  EXPECT_EQ(graph.nodes_of("Add").size(), 10u);
  EXPECT_EQ(graph.nodes_of("Clip").size(), 35u);
}

TEST(MobileNetV2, WidthScalesAllButTheLastConvolutionBelowOne) {
  const Graph half = make_network("mobilenet_v2", {.width = 0.5, .input = 32});
  EXPECT_EQ(weight_shape(half, "features.0.0")[0], 16);
  EXPECT_EQ(weight_shape(half, "features.18.0")[0], 1280);
  const Graph wide = make_network("mobilenet_v2", {.width = 1.4, .input = 32});
  EXPECT_EQ(weight_shape(wide, "features.18.0")[0], 1792);
}

TEST(MobileNetV2Mini, HasTheSeedsParameters) {
  EXPECT_EQ(cost(make_network("mobilenet_v2_mini")).parameters, 68882);
}

TEST(MobileNetV2Mini, WidthFollowsTheSeedsRules) {
  const Graph tenth = make_network("mobilenet_v2_mini", {.width = 0.1, .input = 32});
  EXPECT_EQ(weight_shape(tenth, "features.0.0")[0], 4);  // Multiples of 4 at this width only.
  EXPECT_EQ(weight_shape(tenth, "features.11.0")[0], 128);
  const Graph quarter = make_network("mobilenet_v2_mini", {.width = 0.25, .input = 32});
  EXPECT_EQ(weight_shape(quarter, "features.0.0")[0], 8);
  const Graph doubled = make_network("mobilenet_v2_mini", {.width = 2, .input = 32});
  EXPECT_EQ(weight_shape(doubled, "features.0.0")[0], 64);
  EXPECT_EQ(weight_shape(doubled, "features.11.0")[0], 256);
}

}  // namespace
}  // namespace quern
