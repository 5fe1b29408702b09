#include "quern/analysis/cost.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/network.h"

namespace quern {
namespace {

using test::Network;

const LayerCost& layer(const NetworkCost& cost, const std::string& name) {
  return *std::ranges::find(cost.layers, name, &LayerCost::layer);
}

TEST(Cost, CountsParametersMacsAndBytes) {
  Network net(3, 8);
  const ValueId conv = net.conv("conv", net.input(), {.channels = 4, .stride = 2, .bias = true});
  const Graph graph = net.finish({net.head("fc", net.batchnorm("bn", conv), 5)});
  const NetworkCost total = cost(graph);

  EXPECT_EQ(layer(total, "conv").parameters, 4 * 3 * 9 + 4);
  EXPECT_EQ(layer(total, "conv").macs, 4 * 4 * 4 * 3 * 9);
  EXPECT_EQ(layer(total, "bn").parameters, 8);        // γ and β
  EXPECT_EQ(layer(total, "bn").float_bytes, 4 * 16);  // μ and σ² are stored, too.
  EXPECT_EQ(layer(total, "fc").parameters, 25);
  EXPECT_EQ(total.parameters, 112 + 8 + 25);
  EXPECT_EQ(total.bytes, total.float_bytes);
  EXPECT_EQ(to_string(*layer(total, "conv").output), "[N, 4, 4, 4]");
  EXPECT_EQ(to_string(*layer(total, "conv").input), "[N, 3, 8, 8]");
  EXPECT_EQ(layer(total, "conv").weight_bits, std::nullopt);
}

TEST(Cost, ASharedConstantCountsOnce) {
  Network net;
  const ValueId weight = net.weight("w", {3, 3, 1, 1});
  const ValueId a = net.op("a", "Conv", {net.input(), weight});
  const Graph graph = net.finish({net.op("b", "Conv", {a, weight})});
  EXPECT_EQ(cost(graph).parameters, 9);
}

TEST(Cost, ReadsBitsAndScalesOffTheQuantizers) {
  Network net;
  const ValueId conv = net.conv("conv", net.input(), {.channels = 2, .kernel = 1});
  const ValueId relu = net.op("relu", "Relu", {net.batchnorm("bn", conv)});
  Graph graph = net.finish({relu});
  const auto insert = [&](ValueId value, int bits, std::vector<float> scale) {
    Quantizer quantizer;
    quantizer.spec.bits = bits;
    quantizer.scale = graph.add_scale({{}, "s", std::move(scale)});
    graph.insert_quant(value, graph.add_quantizer(quantizer), "q");
  };
  insert(*graph.find_value("conv.weight"), 3, {0.5F});
  insert(relu, 5, {0.25F});
  const NetworkCost total = cost(graph);

  EXPECT_EQ(layer(total, "conv").weight_bits, 3);
  EXPECT_EQ(layer(total, "conv").weight_scale, std::vector<float>{0.5F});
  EXPECT_EQ(layer(total, "conv").activation_bits, 5);  // Through batch norm and Relu.
  EXPECT_EQ(layer(total, "conv").activation_scale, std::vector<float>{0.25F});
  EXPECT_EQ(layer(total, "conv").float_bytes, 24);
  EXPECT_EQ(layer(total, "conv").bytes, 3);  // 6 codes of 3 bits.
}

}  // namespace
}  // namespace quern
