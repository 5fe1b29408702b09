#include "quern/zoo/mnasnet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quern {
namespace {

Shape weight_shape(const Graph& graph, const std::string& name) {
  return graph.constant_behind(graph.node(*graph.find_layer(name)).inputs[1])->shape();
}

TEST(MnasNet, LayersAreNamedByCell) {
  const Graph graph = make_network("mnasnet", {.input = 32, .seed = std::nullopt});
  EXPECT_EQ(weight_shape(graph, "stem"), (Shape{32, 3, 3, 3}));
  EXPECT_EQ(weight_shape(graph, "lead_cell_0/dws"), (Shape{32, 1, 3, 3}));
  EXPECT_EQ(weight_shape(graph, "lead_cell_0/project"), (Shape{16, 32, 1, 1}));
  EXPECT_EQ(weight_shape(graph, "lead_cell_1/expand"), (Shape{48, 16, 1, 1}));
  EXPECT_EQ(weight_shape(graph, "cell_5/dws"), (Shape{120, 1, 5, 5}));
  EXPECT_EQ(weight_shape(graph, "lead_cell_10/project"), (Shape{96, 480, 1, 1}));
  EXPECT_EQ(weight_shape(graph, "lead_cell_16/project"), (Shape{320, 1152, 1, 1}));
  EXPECT_EQ(weight_shape(graph, "lead_cell_17"), (Shape{1280, 320, 1, 1}));
  EXPECT_EQ(weight_shape(graph, "output/fc"), (Shape{1000, 1280}));
  EXPECT_TRUE(graph.find_layer("cell_11/add"));
  EXPECT_EQ(graph.nodes_of("Conv").size(), 52u);
  EXPECT_EQ(graph.nodes_of("Add").size(), 10u);
}

TEST(MnasNet, WidthsAreThoseOfTheHostedNetworks) {
  const std::vector<std::string> layers = {
      "stem",           "lead_cell_0/project",  "cell_2/project",  "cell_5/project",
      "cell_8/project", "lead_cell_10/project", "cell_13/project", "lead_cell_16/project"};
  const auto channels = [&](double width) {
    const Graph graph =
        make_network("mnasnet", {.width = width, .input = 32, .seed = std::nullopt});
    EXPECT_EQ(weight_shape(graph, "lead_cell_17")[0], 1280);
    std::vector<std::int64_t> found;
    for (const std::string& layer : layers) found.push_back(weight_shape(graph, layer)[0]);
    return found;
  };
  EXPECT_THAT(channels(0.5), testing::ElementsAre(16, 8, 16, 24, 40, 48, 96, 160));
  EXPECT_THAT(channels(0.75), testing::ElementsAre(24, 16, 24, 32, 64, 72, 144, 240));
  EXPECT_THAT(channels(1.3), testing::ElementsAre(40, 24, 32, 56, 104, 128, 248, 416));
}

TEST(MnasNet, OnlyTheHostedStemHasNoActivation) {
  const Graph hosted = make_network("mnasnet", {.input = 32, .seed = std::nullopt});
  EXPECT_FALSE(hosted.find_layer("stem/relu"));
  EXPECT_EQ(hosted.nodes_of("Relu").size(), 34u);
  EXPECT_EQ(hosted.preprocessing->central_crop, 0.85);
  EXPECT_EQ(hosted.preprocessing->resize, 32);

  const Graph torchvision = make_network(
      "mnasnet", {.input = 32, .seed = std::nullopt, .framework = Framework::kPyTorch});
  EXPECT_TRUE(torchvision.find_layer("stem/relu"));
  EXPECT_EQ(torchvision.preprocessing->central_crop, std::nullopt);
}

}  // namespace
}  // namespace quern
