#include "quern/weights/weighted_layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/zoo/zoo.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using testing::ElementsAre;

std::vector<float> numbers(const Tensor& tensor) { return to_vector<float>(tensor); }

TEST(WeightedLayers, ReadsAZooNetwork) {
  const Graph graph = make_network("mobilenet_v1", {.width = 0.25, .input = 32});
  const std::vector<WeightedLayer> layers = weighted_layers(graph);
  ASSERT_EQ(layers.size(), 28u);
  EXPECT_EQ(layers[1].weights.layer, "conv_dw_1");
  EXPECT_EQ(layers[1].groups, 8);
  EXPECT_EQ(layers[1].activation, "Clip(0, 6)");
  EXPECT_THAT(layers[0].strides, ElementsAre(2, 2));
  EXPECT_THAT(layers[0].pads, ElementsAre(0, 0, 1, 1));
  EXPECT_EQ(layers[0].weights.batchnorm->epsilon, 1e-3F);
  EXPECT_TRUE(layers[27].is_linear());
  EXPECT_TRUE(layers[27].weights.bias);
  EXPECT_EQ(layers[27].activation, "");
}

/// One convolution of two channels behind `input`, and whatever `more` adds.
template <class More>
std::vector<WeightedLayer> layers_of(More&& more) {
  test::Network network(1, 4);
  const Graph graph = network.finish({more(network)});
  return weighted_layers(graph);
}

TEST(WeightedLayers, ABiasOfItsOwnBelongsToTheLayer) {
  const auto layers = layers_of([](test::Network& network) {
    ValueId value = network.conv("c", network.input(), {.channels = 2, .kernel = 1});
    const ValueId bias = network.constant("b", Tensor::of<float>({1, 2, 1, 1}, {3, 4}));
    value = network.op("add", "Add", {value, bias});
    value = network.op("add2", "Add", {bias, value});
    return network.op("relu", "Relu", {value});
  });
  ASSERT_EQ(layers.size(), 1u);
  EXPECT_THAT(numbers(*layers[0].weights.bias), ElementsAre(6, 8));
  EXPECT_EQ(layers[0].activation, "Relu");
}

TEST(WeightedLayers, ABiasBehindABatchNormIsItsBeta) {
  const auto layers = layers_of([](test::Network& network) {
    ValueId value = network.conv("c", network.input(), {.channels = 2, .kernel = 1});
    value = network.batchnorm("bn", value);
    const ValueId bias = network.constant("b", Tensor::of<float>({2, 1, 1}, {100, 200}));
    return network.op("add", "Add", {value, bias});
  });
  EXPECT_FALSE(layers[0].weights.bias);
  EXPECT_GT(numbers(layers[0].weights.batchnorm->beta)[0], 90);
}

TEST(WeightedLayers, FactorsAndSummandsOfChannelsAreABatchNorm) {
  const auto layers = layers_of([](test::Network& network) {
    ValueId value = network.conv("c", network.input(), {.channels = 2, .kernel = 1});
    const ValueId factor = network.constant("m", Tensor::of<float>({2, 1, 1}, {3, 4}));
    value = network.op("mul", "Mul", {value, factor});
    const ValueId summand = network.constant("a", Tensor::of<float>({1, 2, 1, 1}, {5, 6}));
    return network.op("add", "Add", {value, summand});
  });
  const BatchNormWeights& batchnorm = *layers[0].weights.batchnorm;
  EXPECT_THAT(numbers(batchnorm.gamma), ElementsAre(3, 4));
  EXPECT_THAT(numbers(batchnorm.beta), ElementsAre(5, 6));
  EXPECT_THAT(numbers(batchnorm.mean), ElementsAre(0, 0));
  EXPECT_THAT(numbers(batchnorm.variance), ElementsAre(1, 1));
  EXPECT_EQ(batchnorm.epsilon, 0.0F);
}

TEST(WeightedLayers, APadInFrontCounts) {
  const auto layers = layers_of([](test::Network& network) {
    const ValueId pads =
        network.constant("p", Tensor::of<std::int64_t>({8}, {0, 0, 0, 1, 0, 0, 2, 3}));
    const ValueId padded = network.op("pad", "Pad", {network.input(), pads});
    return network.conv("c", padded, {.channels = 2, .kernel = 1});
  });
  EXPECT_THAT(layers[0].pads, ElementsAre(0, 1, 2, 3));
}

TEST(WeightedLayers, AMatMulIsALinearLayer) {
  const auto layers = layers_of([](test::Network& network) {
    const ValueId flat =
        network.op("flatten", "Flatten", {network.input()}, {{"axis", std::int64_t{1}}});
    const ValueId weight = network.weight("w", {16, 3});
    return network.op("fc", "MatMul", {flat, weight});
  });
  ASSERT_EQ(layers.size(), 1u);
  EXPECT_EQ(layers[0].weights.weight.shape(), (Shape{3, 16}));
}

TEST(WeightedLayers, RefusesAComputedWeight) {
  test::expect_error(ErrorCode::kUnsupported, "layer 'c': its input 1 is computed", [] {
    layers_of([](test::Network& network) {
      const ValueId weight = network.op("relu", "Relu", {network.weight("w", {2, 1, 1, 1})});
      return network.op("c", "Conv", {network.input(), weight});
    });
  });
}

TEST(WeightedLayers, RefusesAGemmThatScales) {
  test::expect_error(ErrorCode::kUnsupported, "layer 'fc': a Gemm that scales", [] {
    layers_of([](test::Network& network) {
      const ValueId flat =
          network.op("flatten", "Flatten", {network.input()}, {{"axis", std::int64_t{1}}});
      return network.op("fc", "Gemm", {flat, network.weight("w", {16, 3})}, {{"alpha", 2.0F}});
    });
  });
}

}  // namespace
}  // namespace quern
