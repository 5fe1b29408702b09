#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/ops/op_def.h"
#include "quern/passes/passes.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;
using test::Network;
using testing::ElementsAre;
using testing::HasSubstr;

ValueId integers(Network& net, const Integers& values) {
  return net.constant("integers", Tensor::of<std::int64_t>({std::ssize(values)}, values));
}

Integers target_of(const Graph& graph, const std::string& layer) {
  const Node& reshape = graph.node(*graph.find_layer(layer));
  return to_vector<std::int64_t>(*graph.value(reshape.inputs[1]).constant);
}

/// The same network for a fixed batch.
Graph with_batch(Graph graph, std::int64_t batch) {
  const Value input = graph.value(graph.inputs()[0]);
  Dims dims = *input.dims;
  dims[0] = {batch, ""};
  graph.set_type(input.id, input.dtype, dims);
  infer_shapes(graph);
  return graph;
}

TEST(ResolveReshapes, AComputedTargetBecomesConstant) {
  Network net;
  const ValueId batch =
      net.op("batch", "Gather", {net.op("shape", "Shape", {net.input()}), integers(net, {0})},
             {{"axis", std::int64_t{0}}});
  const ValueId target =
      net.op("target", "Concat", {batch, integers(net, {3, 4, 2, 8})}, {{"axis", std::int64_t{0}}});
  Graph graph = net.finish({net.op("r", "Reshape", {net.input(), target})});

  EXPECT_EQ(resolve_reshapes(graph).rewrites, 1);

  EXPECT_EQ(target_of(graph, "r"), (Integers{0, 3, 4, 2, 8}));
  EXPECT_EQ(resolve_reshapes(graph).rewrites, 0);
}

TEST(ResolveReshapes, ATargetThatRepeatsTheBatchServesAny) {
  for (const std::int64_t batch : {1, 8}) {
    Network net;
    Graph graph = with_batch(
        net.finish({net.op("r", "Reshape", {net.input(), integers(net, {batch, 3, -1, 4})})}),
        batch);

    EXPECT_EQ(resolve_reshapes(graph).rewrites, 1);

    EXPECT_EQ(target_of(graph, "r"), (Integers{0, 3, -1, 4}));
    EXPECT_EQ(resolve_reshapes(graph).rewrites, 0);
  }
}

TEST(ResolveReshapes, ATargetTracedForOneSampleServesAFreeBatch) {
  Network net;
  Graph graph = net.finish({net.op("r", "Reshape", {net.input(), integers(net, {1, 3, 2, 4, 8})})});

  EXPECT_EQ(resolve_reshapes(graph).rewrites, 1);

  EXPECT_EQ(target_of(graph, "r"), (Integers{0, 3, 2, 4, 8}));
  infer_shapes(graph);
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 3, 2, 4, 8]");
}

TEST(ResolveReshapes, LeavesATargetWhoseZeroIsAnExtent) {
  Network net;
  Graph graph =
      with_batch(net.finish({net.op("r", "Reshape", {net.input(), integers(net, {1, 192})},
                                    {{"allowzero", std::int64_t{1}}})}),
                 1);
  EXPECT_EQ(resolve_reshapes(graph).rewrites, 0);
}

TEST(ResolveReshapes, LeavesATargetThatJoinsTheBatchWithAnotherAxis) {
  Network net;
  Graph graph =
      with_batch(net.finish({net.op("r", "Reshape", {net.input(), integers(net, {-1, 8})})}), 1);
  EXPECT_EQ(resolve_reshapes(graph).rewrites, 0);
  EXPECT_EQ(target_of(graph, "r"), (Integers{-1, 8}));
}

TEST(ResolveReshapes, SaysWhyAComputedTargetStays) {
  Network net;
  const ValueId shape = net.op("shape", "Shape", {net.input()});
  const ValueId twice = net.op("twice", "Mul", {shape, shape});
  const ValueId half = net.op("half", "Div", {twice, shape});
  Graph graph = net.finish({net.op("r", "Reshape", {net.input(), half})});
  const ValueId input = graph.inputs()[0];
  graph.set_type(input, DType::kFloat32, Dims{{-1, "N"}, {3, ""}, {-1, "H"}, {8, ""}});
  infer_shapes(graph);

  const PassReport report = resolve_reshapes(graph);

  EXPECT_EQ(report.rewrites, 0);
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("kept the target of 'r'")));
}

}  // namespace
}  // namespace quern
