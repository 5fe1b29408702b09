#include "quern/analysis/rectifier.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/network.h"

namespace quern {
namespace {

using test::Network;

/// What a Clip with these bounds is.
std::optional<Rectifier> clip(float low, float high) {
  Network net;
  const Graph graph = net.finish({net.clip("clip", net.input(), low, high)});
  return rectifier(graph, graph.node(*graph.find_layer("clip")));
}

TEST(Rectifier, AClipFromZeroIsOne) {
  ASSERT_TRUE(clip(0, 6));
  EXPECT_EQ(clip(0, 6)->threshold, 6.0);
  ASSERT_TRUE(clip(0, std::numeric_limits<float>::infinity()));
  EXPECT_EQ(clip(0, std::numeric_limits<float>::infinity())->threshold, std::nullopt);
}

TEST(Rectifier, OtherBoundsAreNone) {
  EXPECT_FALSE(clip(-1, 1));
  EXPECT_FALSE(clip(0.5F, 6));
  EXPECT_FALSE(clip(0, 0));
}

TEST(Rectifier, AReluIsOneAndASigmoidIsNot) {
  Network net;
  const ValueId relu = net.op("relu", "Relu", {net.input()});
  const Graph graph = net.finish({net.op("sigmoid", "Sigmoid", {relu})});
  EXPECT_TRUE(rectifier(graph, graph.node(*graph.find_layer("relu"))));
  EXPECT_FALSE(rectifier(graph, graph.node(*graph.find_layer("sigmoid"))));
}

TEST(Rectifier, AClipWithoutLowerBoundIsNone) {
  Network net;
  const ValueId high = net.constant("high", Tensor::scalar(6.0F));
  const Graph graph = net.finish({net.op("clip", "Clip", {net.input(), ValueId{}, high})});
  EXPECT_FALSE(rectifier(graph, graph.node(*graph.find_layer("clip"))));
}

}  // namespace
}  // namespace quern
