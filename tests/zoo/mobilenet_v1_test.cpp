#include "quern/zoo/mobilenet_v1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quern {
namespace {

using testing::ElementsAre;

const Node& layer(const Graph& graph, const std::string& name) {
  return graph.node(*graph.find_layer(name));
}

Shape weight_shape(const Graph& graph, const std::string& name) {
  return graph.constant_behind(layer(graph, name).inputs[1])->shape();
}

TEST(MobileNetV1, LayersAreNamedAsKerasNamesThem) {
  const Graph graph = make_network("mobilenet_v1", {.input = 32, .seed = std::nullopt});
  EXPECT_EQ(weight_shape(graph, "conv1"), (Shape{32, 3, 3, 3}));
  EXPECT_EQ(weight_shape(graph, "conv_dw_1"), (Shape{32, 1, 3, 3}));
  EXPECT_EQ(weight_shape(graph, "conv_pw_1"), (Shape{64, 32, 1, 1}));
  EXPECT_EQ(weight_shape(graph, "conv_pw_13"), (Shape{1024, 1024, 1, 1}));
  EXPECT_EQ(weight_shape(graph, "conv_preds"), (Shape{1000, 1024}));
  EXPECT_EQ(layer(graph, "conv_dw_1_bn").op, "BatchNormalization");
  EXPECT_EQ(layer(graph, "conv_pw_13_relu").op, "Clip");
  EXPECT_EQ(graph.nodes_of("Conv").size(), 27u);
}

TEST(MobileNetV1, ChannelsAreRoundedDown) {
  const Graph graph = make_network("mobilenet_v1", {.width = 0.3, .seed = std::nullopt});
  EXPECT_EQ(weight_shape(graph, "conv1")[0], 9);
  EXPECT_EQ(weight_shape(graph, "conv_pw_1")[0], 19);
}

TEST(MobileNetV1, FollowsTensorFlow) {
  const Graph graph = make_network("mobilenet_v1", {.input = 160, .seed = std::nullopt});
  const auto pads = [&](const std::string& name) {
    return std::get<std::vector<std::int64_t>>(layer(graph, name).attributes.at("pads"));
  };
  EXPECT_THAT(pads("conv1"), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(pads("conv_dw_1"), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(pads("conv_dw_2"), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(pads("conv_pw_1"), ElementsAre(0, 0, 0, 0));
  EXPECT_EQ(std::get<float>(layer(graph, "conv1_bn").attributes.at("epsilon")), 1e-3F);
  EXPECT_EQ(graph.preprocessing->resize, 180);
  EXPECT_THAT(graph.preprocessing->mean, ElementsAre(0.5, 0.5, 0.5));
  EXPECT_THAT(graph.preprocessing->std, ElementsAre(0.5, 0.5, 0.5));
}

TEST(MobileNetV1, ResizesAsThePublishedNetworksWereEvaluated) {
  for (const auto& [input, side] : {std::pair{224, 256}, {192, 220}, {160, 180}, {128, 146}}) {
    const Graph graph =
        make_network("mobilenet_v1", {.width = 0.25, .input = input, .seed = std::nullopt});
    EXPECT_EQ(graph.preprocessing->resize, side) << input;
  }
}

}  // namespace
}  // namespace quern
