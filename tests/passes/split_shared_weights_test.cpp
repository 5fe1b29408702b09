#include <gtest/gtest.h>

#include "quern/analysis/targets.h"
#include "quern/passes/passes.h"
#include "tests/support/network.h"

namespace quern {
namespace {

TEST(SplitSharedWeights, EveryReaderGetsItsOwnQuant) {
  test::Network net;
  const ValueId weight = net.weight("w", {3, 3, 1, 1});
  const ValueId a = net.op("a", "Conv", {net.input(), weight});
  Graph graph = net.finish({net.op("b", "Conv", {a, weight})});
  Quantizer quantizer;
  quantizer.spec.narrow_range = true;
  quantizer.scale = graph.add_scale({{}, "s", {0.5F}});
  graph.insert_quant(weight, graph.add_quantizer(quantizer), "shared");

  EXPECT_EQ(split_shared_weights(graph).rewrites, 1);

  const Node* first = graph.quant_of(graph.node(*graph.find_layer("a")).inputs[1]);
  const Node* second = graph.quant_of(graph.node(*graph.find_layer("b")).inputs[1]);
  EXPECT_NE(first->id, second->id);
  EXPECT_EQ(first->quantizer, second->quantizer);
  EXPECT_EQ(second->layer, "b.weight_quant");
  EXPECT_EQ(split_shared_weights(graph).rewrites, 0);
}

}  // namespace
}  // namespace quern
