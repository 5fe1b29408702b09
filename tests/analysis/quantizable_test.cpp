#include "quern/analysis/quantizable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/zoo/zoo.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::Network;

std::map<std::string, std::string> reasons(const Graph& graph) {
  std::map<std::string, std::string> found;
  for (const FloatLayer& layer : float_layers(graph)) found[layer.layer] = layer.reason;
  return found;
}

TEST(Quantizable, NamesWhatStaysFloatAndWhy) {
  Network net;
  const ValueId clipped = net.clip("clip", net.conv("conv", net.input()), -1, 1);
  const ValueId gate = net.op("gate", "Sigmoid", {clipped});
  const ValueId product = net.op("mul", "Mul", {clipped, gate});
  const ValueId matrix = net.op("mm", "MatMul", {product, product});
  Graph graph = net.finish({net.op("prob", "Softmax", {net.head("fc", matrix)})});

  EXPECT_THAT(
      reasons(graph),
      testing::ElementsAre(
          testing::Pair("clip",
                        "its bounds are not 0 and a constant above; a signed Quant follows it"),
          testing::Pair("fc.pool", "it averages in float; a Quant follows it"),
          testing::Pair("gate", "it is computed in float; a signed Quant follows it"),
          testing::Pair("mm", "both operands are computed: it has no weight to quantize"),
          testing::Pair("mul", "its arithmetic is float between two Quants"),
          testing::Pair("prob", "it stays float behind the last Quant")));
}

TEST(Quantizable, OnlyThePoolOfAMobileNetStaysFloat) {
  EXPECT_THAT(reasons(make_network("mobilenet_v2_mini", {.width = 0.25, .input = 32})),
              testing::ElementsAre(testing::Pair("avgpool", testing::_)));
}

}  // namespace
}  // namespace quern
