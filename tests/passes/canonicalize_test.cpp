#include <gtest/gtest.h>

#include "quern/passes/passes.h"
#include "quern/zoo/zoo.h"
#include "tests/support/network.h"

namespace quern {
namespace {

TEST(Canonicalize, RunsUntilNothingChanges) {
  // The Reshape's shape is known only once the Constant is folded; the Dropout hides the Transpose
  // from the Flatten.
  test::Network net;
  const ValueId pooled = net.op("pool", "GlobalAveragePool", {net.input()});
  const ValueId moved =
      net.op("nhwc", "Transpose", {pooled}, {{"perm", std::vector<std::int64_t>{0, 2, 3, 1}}});
  const ValueId kept = net.op("dropout", "Dropout", {moved});
  const ValueId shape =
      net.op("shape", "Constant", {}, {{"value_ints", std::vector<std::int64_t>{0, -1}}});
  Graph graph = net.finish({net.op("row", "Reshape", {kept, shape})});

  EXPECT_EQ(canonicalize(graph).rewrites, 4);

  EXPECT_EQ(graph.nodes().size(), 2u);
  EXPECT_EQ(graph.producer(graph.outputs()[0])->op, "Flatten");
  EXPECT_EQ(canonicalize(graph).rewrites, 0);
}

TEST(Canonicalize, BuiltInNetworksAreCanonical) {
  for (const ZooEntry& entry : zoo()) {
    Graph graph = make_network(entry.name, {.width = 0.25, .input = 32});
    const Graph before = graph;
    EXPECT_EQ(canonicalize(graph).rewrites, 0) << entry.name;
    EXPECT_EQ(graph, before) << entry.name;
  }
}

TEST(Canonicalize, EveryPassReachesAFixedPoint) {
  for (const PassInfo& pass : passes()) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      Graph graph = test::random_network(seed);
      pass.run(graph);
      verify(graph);
      EXPECT_EQ(pass.run(graph).rewrites, 0) << pass.name << " with seed " << seed;
    }
    EXPECT_FALSE(pass.summary.empty());
  }
}

}  // namespace
}  // namespace quern
