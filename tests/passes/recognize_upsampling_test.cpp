#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/ops/op_def.h"
#include "quern/passes/passes.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;
using test::Network;

ValueId integers(Network& net, const Integers& values) {
  return net.constant("list", Tensor::of<std::int64_t>({std::ssize(values)}, values));
}

/// [N, 3, 4, 6] with copies along a new axis, reshaped.
Graph repeated(std::int64_t new_axis, const Integers& copies, const Integers& target) {
  Network net(3, 8);
  const ValueId x =
      net.op("image", "Slice",
             {net.input(), integers(net, {0, 0}), integers(net, {4, 6}), integers(net, {2, 3})});
  const ValueId wide = net.op("widen", "Unsqueeze", {x, integers(net, {new_axis})});
  const ValueId tiled = net.op("copy", "Tile", {wide, integers(net, copies)});
  return net.finish({net.op("up", "Reshape", {tiled, integers(net, target)})});
}

std::vector<float> scales_of(const Graph& graph, const std::string& layer) {
  const Node& resize = graph.node(*graph.find_layer(layer));
  EXPECT_EQ(resize.op, "Resize");
  return to_vector<float>(*graph.value(resize.inputs[2]).constant);
}

TEST(RecognizeUpsampling, RepeatedRowsAndColumnsAreAResize) {
  Graph rows = repeated(3, {1, 1, 1, 2, 1}, {-1, 3, 8, 6});
  const std::string output = rows.value(rows.outputs()[0]).name;
  EXPECT_EQ(recognize_upsampling(rows).rewrites, 1);
  EXPECT_THAT(scales_of(rows, "up"), testing::ElementsAre(1, 1, 2, 1));
  EXPECT_EQ(rows.value(rows.outputs()[0]).name, output);
  EXPECT_EQ(recognize_upsampling(rows).rewrites, 0);

  Graph columns = repeated(-1, {1, 1, 1, 1, 5}, {-1, 3, 4, 30});
  EXPECT_EQ(recognize_upsampling(columns).rewrites, 1);
  EXPECT_THAT(scales_of(columns, "up"), testing::ElementsAre(1, 1, 1, 5));
  infer_shapes(columns);
  EXPECT_EQ(to_string(*columns.value(columns.outputs()[0]).dims), "[N, 3, 4, 30]");
}

TEST(RecognizeUpsampling, TheSecondAxisIsTheHeightOfAChannelsLastImage) {
  Graph graph = repeated(2, {1, 1, 2, 1, 1}, {-1, 6, 4, 6});
  EXPECT_EQ(recognize_upsampling(graph).rewrites, 1);
  infer_shapes(graph);
  EXPECT_THAT(scales_of(graph, "up"), testing::ElementsAre(1, 1, 2, 1));
  EXPECT_EQ(graph.nodes_of("Transpose").size(), 2);
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 6, 4, 6]");
}

TEST(RecognizeUpsampling, LeavesOtherCopies) {
  const Graph graphs[] = {
      repeated(3, {1, 1, 1, 2, 1}, {-1, 6, 4, 6}),  // Reshaped along another axis.
      repeated(3, {1, 1, 2, 1, 1}, {-1, 3, 8, 6}),  // Copies of the whole, not of each row.
      repeated(3, {1, 1, 2, 2, 1}, {-1, 6, 8, 6}), repeated(3, {1, 1, 1, 1, 1}, {-1, 3, 4, 6}),
      repeated(1, {1, 2, 1, 1, 1}, {-1, 3, 4, 6}),  // Of the batch.
  };
  for (Graph graph : graphs) EXPECT_EQ(recognize_upsampling(graph).rewrites, 0);
}

}  // namespace
}  // namespace quern
