#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/passes/passes.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::Network;

const std::map<std::string, Attribute> kChannels = {{"axis", std::int64_t{1}}};

TEST(CollapseConcats, AConcatOfConcatsIsOne) {
  Network net;
  const ValueId a = net.conv("a", net.input());
  const ValueId b = net.conv("b", net.input());
  const ValueId c = net.conv("c", net.input());
  const ValueId d = net.conv("d", net.input());
  const ValueId inner = net.op("bc", "Concat", {b, c}, {{"axis", std::int64_t{-3}}});
  Graph graph = net.finish({net.op("all", "Concat", {a, inner, d}, kChannels)});

  EXPECT_EQ(collapse_concats(graph).rewrites, 1);

  EXPECT_THAT(graph.node(*graph.find_layer("all")).inputs, testing::ElementsAre(a, b, c, d));
  verify(graph);
  EXPECT_EQ(collapse_concats(graph).rewrites, 0);
}

TEST(CollapseConcats, LeavesAnInnerConcatThatIsReadElsewhere) {
  Network net;
  const ValueId a = net.conv("a", net.input());
  const ValueId inner = net.op("aa", "Concat", {a, a}, kChannels);
  Graph graph = net.finish({net.op("all", "Concat", {a, inner}, kChannels), inner});
  EXPECT_EQ(collapse_concats(graph).rewrites, 0);
}

TEST(CollapseConcats, LeavesAnotherAxis) {
  Network net;
  const ValueId a = net.conv("a", net.input());
  const ValueId inner = net.op("rows", "Concat", {a, a}, {{"axis", std::int64_t{2}}});
  Graph graph = net.finish({net.op("all", "Concat", {inner, inner}, kChannels)});
  EXPECT_EQ(collapse_concats(graph).rewrites, 0);
}

}  // namespace
}  // namespace quern
