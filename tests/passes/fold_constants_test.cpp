#include <gtest/gtest.h>

#include "quern/passes/passes.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::Network;

TEST(FoldConstants, AConstantNodeBecomesAConstant) {
  Network net;
  const ValueId weight =
      net.op("w", "Constant", {}, {{"value", Tensor(DType::kFloat32, {4, 3, 1, 1})}});
  const ValueId moved = net.op("moved", "Identity", {weight});
  Graph graph = net.finish({net.op("conv", "Conv", {net.input(), moved})});

  EXPECT_EQ(fold_constants(graph).rewrites, 2);

  EXPECT_TRUE(graph.is_constant(graph.node(*graph.find_layer("conv")).inputs[1]));
  EXPECT_EQ(graph.nodes().size(), 1u);
  EXPECT_EQ(fold_constants(graph).rewrites, 0);
}

TEST(FoldConstants, LeavesWhatDependsOnTheInput) {
  Graph graph = test::resnet();
  EXPECT_EQ(fold_constants(graph).rewrites, 0);
}

TEST(FoldConstants, LeavesAQuantizedWeight) {
  Network net;
  Graph graph = net.finish({net.conv("conv", net.input())});
  Quantizer quantizer;
  quantizer.scale = graph.add_scale({{}, "s", {0.5F}});
  const ValueId weight = graph.node(*graph.find_layer("conv")).inputs[1];
  graph.insert_quant(weight, graph.add_quantizer(quantizer), "q");

  EXPECT_EQ(fold_constants(graph).rewrites, 0);
}

}  // namespace
}  // namespace quern
