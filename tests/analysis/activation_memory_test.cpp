#include "quern/analysis/activation_memory.h"

#include <gtest/gtest.h>

#include "tests/support/network.h"

namespace quern {
namespace {

using test::Network;

constexpr std::int64_t kPlane = 8 * 8;

void insert(Graph& graph, ValueId value, int bits) {
  Quantizer quantizer;
  quantizer.spec.bits = bits;
  quantizer.scale = graph.add_scale({{}, "s", {1.0F}});
  graph.insert_quant(value, graph.add_quantizer(quantizer), "q");
}

TEST(ActivationMemory, AChainHoldsInputAndOutputOfItsLargestLayer) {
  Network net(3, 8);
  const ValueId a = net.conv("a", net.input(), {.channels = 10});
  const ValueId relu = net.op("relu", "Relu", {net.batchnorm("bn", a)});
  const Graph graph = net.finish({net.conv("b", relu, {.channels = 2})});

  // Batch norm and Relu work in place: 3 + 10 planes, then 10 + 2.
  EXPECT_EQ(activation_memory(graph).float_bytes, 13 * kPlane * 4);
}

TEST(ActivationMemory, AResidualKeepsItsInputAlive) {
  Network net(4, 8);
  const ValueId a = net.conv("a", net.input(), {.channels = 10});
  const ValueId b = net.conv("b", a, {.channels = 4});
  const Graph graph = net.finish({net.op("add", "Add", {net.input(), b})});

  EXPECT_EQ(activation_memory(graph).float_bytes, (4 + 10 + 4) * kPlane * 4);
}

TEST(ActivationMemory, CodesTakeTheirBits) {
  Network net(3, 8);
  const ValueId a = net.conv("a", net.input(), {.channels = 10});
  Graph graph = net.finish({net.conv("b", a, {.channels = 2})});
  insert(graph, graph.inputs()[0], 8);
  insert(graph, a, 4);
  insert(graph, graph.outputs()[0], 8);

  EXPECT_EQ(activation_memory(graph).bytes, 3 * kPlane + 10 * kPlane / 2);
}

TEST(ActivationMemory, AMovedValueKeepsItsBits) {
  Network net(4, 8);
  const std::vector<std::int64_t> two = {2, 2};
  const ValueId pooled =
      net.op("pool", "MaxPool", {net.input()}, {{"kernel_shape", two}, {"strides", two}});
  Graph graph = net.finish({pooled});
  insert(graph, graph.inputs()[0], 8);

  EXPECT_EQ(activation_memory(graph).bytes, 4 * kPlane + kPlane);
}

}  // namespace
}  // namespace quern
