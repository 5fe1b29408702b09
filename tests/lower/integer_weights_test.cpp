#include "quern/lower/integer_weights.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

using testing::ElementsAre;

/// A MatMul of two inputs by two outputs whose weight is on a grid.
Graph matmul(Quantizer grid, std::vector<float> scale, const std::vector<float>& weight) {
  Graph graph;
  const ValueId input = graph.add_input("x", DType::kFloat32, {{1, ""}, {2, ""}});
  ValueId constant = graph.add_constant("w", Tensor::of<float>({2, 2}, weight));
  if (!scale.empty()) {
    grid.scale = graph.add_scale({.name = "s", .values = std::move(scale)});
    const ValueId quantized = graph.add_value("w.q");
    graph.add_node({.layer = "w.quant",
                    .op = "Quant",
                    .inputs = {constant},
                    .outputs = {quantized},
                    .quantizer = graph.add_quantizer(std::move(grid))});
    constant = quantized;
  }
  const ValueId output = graph.add_value("y");
  graph.add_node({.layer = "fc", .op = "MatMul", .inputs = {input, constant}, .outputs = {output}});
  graph.add_output(output);
  return graph;
}

Quantizer per_channel(int bits) {
  return {.spec = {.bits = bits, .granularity = Granularity::kPerChannel, .channel_axis = 1}};
}

IntegerWeights weights_of(const Graph& graph) {
  return integer_weights(graph, graph.node(*graph.find_layer("fc")), 2, 2,
                         [](std::int32_t o, std::int32_t k) { return k * 2 + o; });
}

TEST(IntegerWeights, AreCodesInTheOrderOfTheKernels) {
  const Graph graph = matmul(per_channel(4), {0.5F, 0.25F}, {1, 2, -1.1F, 0.1F});
  const IntegerWeights found = weights_of(graph);
  EXPECT_THAT(found.codes, ElementsAre(2, -2, 7, 0)) << "2 / 0.25 is beyond 4 bits";
  EXPECT_THAT(found.scale, ElementsAre(0.5F, 0.25F));
  EXPECT_THAT(found.values, ElementsAre(1, -1.1F, 2, 0.1F));
  EXPECT_EQ(found.stored_bits(), 4);
}

TEST(IntegerWeights, LeaveTheirZeroPointOut) {
  Quantizer grid{.spec = {.bits = 2, .is_signed = false, .symmetric = false}, .zero_point = {1}};
  EXPECT_THAT(weights_of(matmul(grid, {1}, {-1, 0, 2, 9})).codes, ElementsAre(-1, 2, 0, 2));
}

TEST(IntegerWeights, OfOneBitArePlusAndMinusOne) {
  const IntegerWeights found = weights_of(matmul({.spec = {.bits = 1}}, {0.5F}, {3, -1, 0, -2}));
  EXPECT_THAT(found.codes, ElementsAre(1, 1, -1, -1));
  EXPECT_EQ(found.stored_bits(), 1);
}

TEST(IntegerWeights, FoldOntoOneGrid) {
  const Graph graph = matmul({.spec = {.bits = 3, .narrow_range = true}}, {1}, {1, 2, 3, -3});
  const IntegerWeights found = folded(weights_of(graph), {2, -1});
  EXPECT_THAT(found.scale, ElementsAre(2)) << "the largest of 2, 6, -2, 3 is 3 steps";
  EXPECT_THAT(found.codes, ElementsAre(1, 3, -1, 2)) << "-2 / 2 and 3 / 2, ties to even";
  EXPECT_THAT(folded(weights_of(graph), {0, 0}).codes, ElementsAre(0, 0, 0, 0));
}

TEST(IntegerWeights, AreRefusedWhereTheyAreNoCodes) {
  const auto expect_refusal = [](const Graph& graph, const std::string& part) {
    test::expect_error(ErrorCode::kUnsupported, part, [&] { weights_of(graph); });
  };
  expect_refusal(matmul({}, {}, {1, 2, 3, 4}),
                 "cannot lower layer 'fc' (MatMul): a weight that is "
                 "on no grid");
  expect_refusal(matmul({.spec = {.bits = 12}}, {1}, {1, 2, 3, 4}), "weights of 12 bits");
  Quantizer rows = per_channel(8);
  rows.spec.channel_axis = 0;
  expect_refusal(matmul(rows, {1, 1}, {1, 2, 3, 4}), "weights with a scale along axis 0");
}

}  // namespace
}  // namespace quern
