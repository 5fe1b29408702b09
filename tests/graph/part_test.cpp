#include "quern/graph/part.h"

#include <gmock/gmock.h>

#include "tests/graph/conv_relu.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

std::vector<std::string> layers(const Graph& graph) {
  std::vector<std::string> names;
  for (const NodeId id : graph.nodes()) names.push_back(graph.node(id).layer);
  return names;
}

TEST(Part, HoldsWhatComputesTheOutputsFromTheInputs) {
  test::ConvRelu net;
  net.graph.set_type(net.mid, DType::kFloat32, Dims{{-1, "N"}, {2, ""}, {4, ""}, {4, ""}});

  const Graph back = part(net.graph, {net.mid}, {net.y});
  verify(back);
  EXPECT_THAT(layers(back), testing::ElementsAre("Relu_1"));
  ASSERT_EQ(back.inputs().size(), 1U);
  EXPECT_EQ(back.value(back.inputs()[0]).name, "mid");
  EXPECT_EQ(back.value(back.inputs()[0]).dims, net.graph.value(net.mid).dims);
  EXPECT_EQ(back.value(back.outputs()[0]).name, "y");

  const Graph front = part(net.graph, {net.x}, {net.mid});
  verify(front);
  EXPECT_THAT(layers(front), testing::ElementsAre("conv"));
  EXPECT_EQ(*front.value(front.node(front.nodes()[0]).inputs[1]).constant,
            *net.graph.value(net.w).constant);

  EXPECT_EQ(part(net.graph, {net.x}, {net.y}), net.graph.compacted());
}

TEST(Part, KeepsGrids) {
  test::ConvRelu net;
  net.graph.insert_quant(net.mid, test::add_grid(net.graph, {0.25F}), "quant");
  const Graph back = part(net.graph, {net.mid}, {net.y});
  verify(back);
  const Node& quant = back.node(back.find_layer("quant").value());
  EXPECT_THAT(back.params(quant.quantizer).scale, testing::ElementsAre(0.25F));
}

TEST(Part, NamesAnInputThatTheOutputsNeedBesides) {
  const test::ConvRelu net;
  test::expect_error(ErrorCode::kInvalidArgument, "'x'", [&] { part(net.graph, {}, {net.y}); });
}

}  // namespace
}  // namespace quern
