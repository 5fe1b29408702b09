#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/passes/passes.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;
using test::Network;

ValueId shape(Network& net, const Integers& extents) {
  return net.constant(
      "shape", Tensor::of<std::int64_t>({static_cast<std::int64_t>(extents.size())}, extents));
}

std::string op_of(const Graph& graph, const std::string& layer) {
  return graph.node(*graph.find_layer(layer)).op;
}

TEST(SimplifyFlatten, AMeanOverSpaceIsAGlobalPool) {
  Network net;
  Graph graph =
      net.finish({net.op("mean", "ReduceMean", {net.input()}, {{"axes", Integers{-1, 2}}})});

  EXPECT_EQ(simplify_flatten(graph).rewrites, 1);
  EXPECT_EQ(op_of(graph, "mean"), "GlobalAveragePool");
  EXPECT_EQ(simplify_flatten(graph).rewrites, 0);
}

TEST(SimplifyFlatten, AMeanThatDropsItsAxesIsAGlobalPoolAndAFlatten) {
  Network net;
  Graph graph = net.finish({net.op("mean", "ReduceMean", {net.input()},
                                   {{"axes", Integers{2, 3}}, {"keepdims", std::int64_t{0}}})});

  EXPECT_EQ(simplify_flatten(graph).rewrites, 1);

  EXPECT_EQ(op_of(graph, "mean"), "GlobalAveragePool");
  EXPECT_EQ(graph.producer(graph.outputs()[0])->op, "Flatten");
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 3]");
}

TEST(SimplifyFlatten, LeavesAMeanOverOtherAxes) {
  Network net;
  Graph graph = net.finish({net.op("mean", "ReduceMean", {net.input()}, {{"axes", Integers{1}}})});
  EXPECT_EQ(simplify_flatten(graph).rewrites, 0);
}

TEST(SimplifyFlatten, AReshapeToOneRowIsAFlatten) {
  Network net;
  Graph graph = net.finish({net.op("row", "Reshape", {net.input(), shape(net, {0, -1})})});

  EXPECT_EQ(simplify_flatten(graph).rewrites, 1);
  EXPECT_EQ(op_of(graph, "row"), "Flatten");
}

TEST(SimplifyFlatten, LeavesAReshapeThatMovesTheBatch) {
  Network net;
  Graph graph = net.finish({net.op("rows", "Reshape", {net.input(), shape(net, {-1, 8})})});
  EXPECT_EQ(simplify_flatten(graph).rewrites, 0);
}

TEST(SimplifyFlatten, ATransposeOfOnesInFrontOfAFlattenGoes) {
  Network net;
  const ValueId pooled = net.op("pool", "GlobalAveragePool", {net.input()});
  const ValueId moved = net.op("nhwc", "Transpose", {pooled}, {{"perm", Integers{0, 2, 3, 1}}});
  Graph graph = net.finish({net.op("flat", "Flatten", {moved}, {{"axis", std::int64_t{1}}})});

  EXPECT_EQ(simplify_flatten(graph).rewrites, 1);
  EXPECT_FALSE(graph.find_layer("nhwc"));
}

TEST(SimplifyFlatten, LeavesATransposeThatMovesElements) {
  Network net;
  const ValueId moved =
      net.op("nhwc", "Transpose", {net.input()}, {{"perm", Integers{0, 2, 3, 1}}});
  Graph graph = net.finish({net.op("flat", "Flatten", {moved}, {{"axis", std::int64_t{1}}})});
  EXPECT_EQ(simplify_flatten(graph).rewrites, 0);
}

}  // namespace
}  // namespace quern
