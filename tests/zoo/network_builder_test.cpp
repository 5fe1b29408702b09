#include "quern/zoo/network_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace quern {
namespace {

const ZooOptions kSmall{.input = 16, .classes = 3, .seed = 1};

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

}  // namespace
}  // namespace quern
