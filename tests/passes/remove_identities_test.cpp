#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/passes/passes.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::Network;

TEST(RemoveIdentities, RemovesWhatChangesNothing) {
  Network net;
  ValueId value = net.op("identity", "Identity", {net.input()});
  value = net.op("dropout", "Dropout", {value});
  value = net.op("cast", "Cast", {value}, {{"to", std::int64_t{1}}});
  value = net.op("concat", "Concat", {value}, {{"axis", std::int64_t{1}}});
  const ValueId pads =
      net.constant("pads", Tensor::of<std::int64_t>({8}, std::vector<std::int64_t>(8, 0)));
  value = net.op("pad", "Pad", {value, pads});
  Graph graph = net.finish({net.conv("conv", value)});

  EXPECT_EQ(remove_identities(graph).rewrites, 5);

  EXPECT_EQ(graph.nodes().size(), 1u);
  EXPECT_EQ(graph.node(*graph.find_layer("conv")).inputs[0], graph.inputs()[0]);
  EXPECT_EQ(remove_identities(graph).rewrites, 0);
}

TEST(RemoveIdentities, KeepsWhatChangesSomething) {
  Network net;
  const ValueId pads = net.constant(
      "pads", Tensor::of<std::int64_t>({8}, std::vector<std::int64_t>{0, 0, 1, 1, 0, 0, 1, 1}));
  const ValueId padded = net.op("pad", "Pad", {net.input(), pads});
  const ValueId whole = net.op("cast", "Cast", {padded}, {{"to", std::int64_t{6}}});
  Graph graph = net.finish({net.conv("conv", padded), whole});

  EXPECT_EQ(remove_identities(graph).rewrites, 0);
}

TEST(RemoveIdentities, KeepsTheOnlyNodeBetweenInputAndOutput) {
  Network net;
  Graph graph = net.finish({net.op("id", "Identity", {net.input()})});

  const PassReport report = remove_identities(graph);

  EXPECT_EQ(report.rewrites, 0);
  EXPECT_THAT(report.notes,
              testing::ElementsAre("kept 'id': it alone computes an output of the network"));
}

}  // namespace
}  // namespace quern
