#include "quern/analysis/channel_factors.h"

#include <gtest/gtest.h>

#include "tests/support/network.h"

namespace quern {
namespace {

using Floats = std::vector<float>;

/// Of a Mul of 3 channels of 8x8 pixels by a constant.
bool has_factors(const Shape& shape, const Floats& factors) {
  test::Network net(3, 8);
  const ValueId constant = net.constant("factors", Tensor::of<float>(shape, factors));
  const Graph graph = net.finish({net.op("mul", "Mul", {net.input(), constant})});
  return has_channel_factors(graph, graph.node(*graph.find_layer("mul")));
}

TEST(ChannelFactors, AreAPositiveNumberForEachChannel) {
  EXPECT_TRUE(has_factors({1, 3, 1, 1}, {1, 0.5F, 2}));
  EXPECT_TRUE(has_factors({3, 1, 1}, {1, 0.5F, 2}));
}

TEST(ChannelFactors, AreNothingElse) {
  EXPECT_FALSE(has_factors({1, 3, 1, 1}, {1, 0, 2}));
  EXPECT_FALSE(has_factors({3, 1, 1}, {1, -0.5F, 2}));
  EXPECT_FALSE(has_factors({}, {2}));
  EXPECT_FALSE(has_factors({8}, Floats(8, 1.0F)));
  EXPECT_FALSE(has_factors({8, 1}, Floats(8, 1.0F)));

  test::Network net(3, 8);
  const ValueId product = net.op("mul", "Mul", {net.input(), net.input()});
  const Graph graph = net.finish({net.op("relu", "Relu", {product})});
  EXPECT_FALSE(has_channel_factors(graph, graph.node(*graph.find_layer("mul"))));
  EXPECT_FALSE(has_channel_factors(graph, graph.node(*graph.find_layer("relu"))));
}

}  // namespace
}  // namespace quern
