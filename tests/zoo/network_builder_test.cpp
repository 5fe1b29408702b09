#include "quern/zoo/network_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace quern {
namespace {

const ZooOptions kSmall{.input = 16, .classes = 3, .seed = 1, .framework = Framework::kPyTorch};

std::vector<float> constant(const Graph& graph, const std::string& name) {
  return to_vector<float>(*graph.value(*graph.find_value(name)).constant);
}

TEST(NetworkBuilder, WeightsHaveTheVarianceOfTheirFanIn) {
  NetworkBuilder builder("n", kSmall);
  const auto edge =
      builder.conv_batchnorm("c", "bn", {.channels = 256, .kernel = 5}, builder.input());
  const Graph graph = std::move(builder).finish("fc", edge);

  double squares = 0;
  const std::vector<float> weights = constant(graph, "c.weight");
  for (const float weight : weights) squares += weight * weight;
  // 19200 normal numbers: the variance of the sample is off by √(2 / n) ≈ 1 %; five times that.
  EXPECT_NEAR(squares / static_cast<double>(weights.size()), 2.0 / 75, 0.05 * 2.0 / 75);
}

TEST(NetworkBuilder, StatisticsFollowTheWeightsAndTheInput) {
  NetworkBuilder builder("n", kSmall);
  auto edge = builder.conv_batchnorm("a", "a.bn", {.channels = 8}, builder.input());
  edge = builder.relu6("a.relu", edge);
  edge = builder.conv_batchnorm("b", "b.bn", {.channels = 1}, edge);
  const Graph graph = std::move(builder).finish("fc", edge);

  double sum = 0;
  double squares = 0;
  for (const float weight : constant(graph, "b.weight")) {
    sum += weight;
    squares += weight * weight;
  }
  EXPECT_FLOAT_EQ(constant(graph, "b.bn.running_mean")[0], static_cast<float>(0.399 * sum));
  EXPECT_FLOAT_EQ(constant(graph, "b.bn.running_var")[0], static_cast<float>(0.341 * squares));
}

TEST(NetworkBuilder, MomentsOfARectifiedNormalAreRight) {
  Random random(0);
  constexpr int kSamples = 1000000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kSamples; ++i) {
    const double x = std::min(6.0, std::max(0.0, random.normal()));
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kSamples;
  // The standard error of both is below 0.001.
  EXPECT_NEAR(mean, 0.399, 0.005);
  EXPECT_NEAR(squares / kSamples - mean * mean, 0.341, 0.005);
}

TEST(NetworkBuilder, ChannelsAreRoundedButNeverDownByMoreThanATenth) {
  EXPECT_EQ(make_divisible(32, 8), 32);
  EXPECT_EQ(make_divisible(3.2, 4), 4);
  EXPECT_EQ(make_divisible(12, 8), 16);  // Halves go up.
  EXPECT_EQ(make_divisible(18, 8), 24);  // 16 would lose more than 10 %.
  EXPECT_EQ(make_divisible(0.1, 8), 8);
}

TEST(NetworkBuilder, FrameworksPadDifferently) {
  const auto first_conv = [](Framework framework, int input) {
    NetworkBuilder builder("n", {.input = input, .classes = 3, .framework = framework});
    const auto edge = builder.conv_batchnorm("c", "bn", {.channels = 8, .kernel = 3, .stride = 2},
                                             builder.input());
    const Graph graph = std::move(builder).finish("fc", edge);
    EXPECT_EQ(to_string(*graph.value(edge.value).dims),
              fmt::format("[N, 8, {0}, {0}]", edge.extent));
    const Attribute pads = graph.node(*graph.find_layer("c")).attributes.at("pads");
    return std::get<std::vector<std::int64_t>>(pads);
  };
  EXPECT_THAT(first_conv(Framework::kPyTorch, 16), testing::ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(first_conv(Framework::kTensorFlow, 16), testing::ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(first_conv(Framework::kTensorFlow, 17), testing::ElementsAre(1, 1, 1, 1));
}

TEST(NetworkBuilder, WithoutASeedAllWeightsAreZero) {
  NetworkBuilder builder(
      "n", {.input = 16, .classes = 3, .seed = std::nullopt, .framework = Framework::kPyTorch});
  const auto edge = builder.conv_batchnorm("c", "bn", {.channels = 2}, builder.input());
  const Graph graph = std::move(builder).finish("fc", edge);
  EXPECT_THAT(constant(graph, "c.weight"), testing::Each(0.0F));
  EXPECT_THAT(constant(graph, "bn.running_var"), testing::Each(1.0F));
}

}  // namespace
}  // namespace quern
