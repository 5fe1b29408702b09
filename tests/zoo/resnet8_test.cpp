#include "quern/zoo/resnet8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quern {
namespace {

std::vector<std::string> layers_of(const Graph& graph, const std::string& op) {
  std::vector<std::string> layers;
  for (const NodeId id : graph.nodes_of(op)) layers.push_back(graph.node(id).layer);
  return layers;
}

TEST(ResNet8, IsTheNetworkOfMlperfTiny) {
  const Graph graph = make_network("resnet8");
  EXPECT_EQ(graph.nodes_of("Conv").size(), 9u);
  EXPECT_EQ(graph.nodes_of("BatchNormalization").size(), 7u);  // None on the shortcuts.
  EXPECT_EQ(graph.nodes_of("Relu").size(), 7u);
  EXPECT_THAT(layers_of(graph, "Add"), testing::ElementsAre("add", "add_1", "add_2"));
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 10]");

  const Node& shortcut = graph.node(*graph.find_layer("conv2d_5"));
  EXPECT_EQ(graph.constant_behind(shortcut.inputs[1])->shape(), (Shape{32, 16, 1, 1}));
  EXPECT_TRUE(graph.is_constant(shortcut.inputs[2]));
}

TEST(ResNet8, ReadsPixelsAsTheyAre) {
  const Graph graph = make_network("resnet8");
  EXPECT_EQ(graph.preprocessing->resize, 32);
  EXPECT_EQ(graph.preprocessing->crop, 32);
  EXPECT_EQ(graph.preprocessing->scale, 1);
  EXPECT_THAT(graph.preprocessing->mean, testing::Each(0));
  EXPECT_THAT(graph.preprocessing->std, testing::Each(1));
}

}  // namespace
}  // namespace quern
