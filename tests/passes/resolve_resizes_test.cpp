#include <gtest/gtest.h>

#include "quern/ops/op_def.h"
#include "quern/ops/resize_taps.h"
#include "quern/passes/passes.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;
using test::Network;

ValueId sized(Network& net, ValueId from, const Integers& sizes) {
  return net.op("resize", "Resize",
                {from, ValueId{}, ValueId{},
                 net.constant("sizes", Tensor::of<std::int64_t>({std::ssize(sizes)}, sizes))});
}

std::vector<float> scales(const Graph& graph) {
  return to_vector<float>(
      *graph.constant_behind(graph.node(graph.nodes_of("Resize").at(0)).inputs.at(2)));
}

TEST(ResolveResizes, WritesSizesAsFactors) {
  Network net;
  Graph graph = net.finish({sized(net, net.input(), {1, 3, 16, 4})});
  EXPECT_EQ(resolve_resizes(graph).rewrites, 1);
  EXPECT_EQ(scales(graph), (std::vector<float>{1, 1, 2, 0.5F}));
  EXPECT_EQ(resolve_resizes(graph).rewrites, 0);
}

TEST(ResolveResizes, TheFactorsGiveTheSameExtents) {
  for (std::int64_t extent = 1; extent <= 40; ++extent) {
    for (std::int64_t size = 1; size <= 64; ++size) {
      Network net(1, extent);
      Graph graph = net.finish({sized(net, net.input(), {1, 1, size, size + 100})});
      resolve_resizes(graph);
      infer_shapes(graph);
      const Dims& dims = *graph.value(graph.outputs()[0]).dims;
      ASSERT_EQ(dims[2].size, size) << extent;
      ASSERT_EQ(dims[3].size, size + 100) << extent;
    }
  }
}

TEST(ResolveResizes, KeepsSizesThatNoFactorsSay) {
  // Where a rounded quotient is a little small, the next number may read other pixels.
  int kept = 0;
  for (std::int64_t extent = 1; extent <= 64; ++extent) {
    for (std::int64_t size = 1; size <= 128; ++size) {
      Network net(1, extent);
      const ValueId sizes = net.constant(
          "sizes", Tensor::of<std::int64_t>({4}, std::vector<std::int64_t>{1, 1, size, size}));
      Graph graph =
          net.finish({net.op("resize", "Resize", {net.input(), ValueId{}, ValueId{}, sizes},
                             {{"coordinate_transformation_mode", std::string("asymmetric")},
                              {"nearest_mode", std::string("floor")}})});
      const NodeView node(graph, graph.node(graph.nodes_of("Resize").at(0)));
      const ResizeTaps before = resize_taps(resize_mode(node), extent, size,
                                            static_cast<float>(size) / static_cast<float>(extent));
      if (resolve_resizes(graph).rewrites == 0) {
        ++kept;
        continue;
      }
      ASSERT_EQ(resize_taps(resize_mode(node), extent, size, scales(graph)[2]).low, before.low)
          << extent << " to " << size;
    }
  }
  EXPECT_GT(kept, 0);
}

TEST(ResolveResizes, LeavesFactorsAlone) {
  Network net;
  const ValueId factors = net.constant("factors", Tensor::of<float>({4}, {1, 1, 2, 2}));
  Graph graph = net.finish({net.op("resize", "Resize", {net.input(), ValueId{}, factors})});
  EXPECT_EQ(resolve_resizes(graph).rewrites, 0);
}

}  // namespace
}  // namespace quern
