#include <gtest/gtest.h>

#include "quern/passes/passes.h"
#include "tests/support/expect_error.h"
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

TEST(FoldConstants, RefusesToMakeManyLargeConstantsFromOne) {
  Network net;
  const ValueId weight = net.weight("w", {1024, 1024});
  std::vector<ValueId> outputs = {net.input()};
  for (int i = 0; i < 21; ++i) {  // 4 MiB each; 64 MiB and four times what is there may be added.
    outputs.push_back(net.op("t" + std::to_string(i), "Transpose", {weight}));
  }
  Graph graph = net.finish(outputs);
  test::expect_error(ErrorCode::kUnsupported, "layer 't20': constants of 4194304 bytes become",
                     [&] { fold_constants(graph); });
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
