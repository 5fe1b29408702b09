#include "quern/ptq/internal/blocks.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "quern/passes/place_quantizers.h"
#include "tests/support/calibrated_network.h"

namespace quern {
namespace {

using internal::Block;

class Blocks : public test::CalibratedNetwork {
 protected:
  static std::vector<std::string> layers(const Block& block) {
    std::vector<std::string> names;
    for (const internal::WeightedLayer& layer : block.layers) names.push_back(layer.layer);
    return names;
  }
};

TEST_F(Blocks, EndWhereOneValueLeadsOn) {
  test::Network net;
  ValueId x = net.conv("a", net.input());
  x = net.op("relu", "Relu", {net.conv("b", x)});
  const ValueId inside = net.op("relu2", "Relu", {net.conv("c", x)});
  x = net.op("add", "Add", {net.conv("d", inside), x});
  const Graph graph = quantized(net.finish({net.head("fc", x)}));
  const auto blocks = internal::find_blocks(graph, 2);
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_THAT(layers(blocks[0]), testing::ElementsAre("a", "b"));
  EXPECT_THAT(layers(blocks[1]), testing::ElementsAre("c", "d"));
  EXPECT_THAT(layers(blocks[2]), testing::ElementsAre("fc"));
  EXPECT_EQ(blocks[1].inputs.size(), 1U);
  EXPECT_EQ(blocks[1].inputs, blocks[0].outputs);
}

TEST_F(Blocks, EndInFrontOfAGlobalPool) {
  test::Network net;
  const Graph graph =
      quantized(net.finish({net.head("fc", net.op("r", "Relu", {net.conv("a", net.input())}))}));
  EXPECT_EQ(internal::find_blocks(graph, 9).size(), 2U);
}

TEST_F(Blocks, HoldEveryLayerAndEveryScaleOnceAndReadWhatEarlierOnesLeave) {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8}) {
    const Graph graph = quantized(test::random_network(seed));
    for (const std::size_t most : {1, 3}) {
      std::set<std::string> seen;
      std::set<ScaleId> scales;
      for (const Block& block : internal::find_blocks(graph, most)) {
        EXPECT_FALSE(block.inputs.empty());
        EXPECT_FALSE(block.outputs.empty());
        for (const std::string& name : layers(block)) EXPECT_TRUE(seen.insert(name).second);
        for (const ScaleId scale : block.scales) EXPECT_TRUE(scales.insert(scale).second);
      }
      EXPECT_EQ(seen.size(), internal::weighted_layers(graph).size()) << seed;
    }
  }
}

}  // namespace
}  // namespace quern
