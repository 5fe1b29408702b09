// Add, Sub and Concat.
#include "tests/lower/ops/lowered_op.h"

namespace quern::test {
namespace {

class LoweredJoin : public LoweredOp {
 protected:
  /// Two convolutions and what joins them, calibrated.
  Graph joined(const std::string& op, int bits = 8) const {
    Network net(3, 8, 1);
    const ValueId a = net.op("relu", "Relu", {net.conv("a", net.input())});
    const ValueId b = net.conv("b", net.input());
    std::map<std::string, Attribute> attributes;
    if (op == "Concat") attributes["axis"] = std::int64_t{1};
    return quantized(net.finish({net.op("join", op, {a, b}, attributes)}), bits, bits);
  }

  /// Gives the grid of a layer's output a scale of its own.
  static void set_own_scale(Graph& graph, const std::string& quant, float value) {
    const QuantizerId id = quantizer_of(graph, quant).id;
    graph.quantizer(id).scale = graph.add_scale({.name = "own", .values = {value}});
  }
};

TEST_F(LoweredJoin, AddsWhatSharesAScale) {
  for (const std::string op : {"Add", "Sub"}) {
    for (const int bits : {8, 4, 2}) {
      const IntModel model = expect_faithful(joined(op, bits));
      const auto& add = kind_of<IntAdd>(model, "join");
      EXPECT_EQ(add.factor_a, 1);
      EXPECT_EQ(add.factor_b, op == "Add" ? 1 : -1);
    }
  }
}

TEST_F(LoweredJoin, AddsOnDifferentScales) {
  for (const Fold fold : {Fold::kIcn, Fold::kThresholds}) {
    Graph graph = joined("Add");
    set_own_scale(graph, "a.output_quant", 0.0123F);
    const auto& add = kind_of<IntAdd>(expect_faithful(graph, {.fold = fold}), "join");
    EXPECT_NE(add.factor_a, add.factor_b);
  }
}

TEST_F(LoweredJoin, SendsTiesToEvenByThresholds) {
  // Powers of two, of which float32 sums are exact: a tie is a tie there, too.
  Graph graph = joined("Add");
  graph.scale(quantizer_of(graph, "a.output_quant").scale).values = {0.03125F};
  set_own_scale(graph, "join.output_quant", 0.0625F);
  const IntModel model = expect_faithful(graph);
  EXPECT_EQ(kind_of<IntAdd>(model, "join").requantization.rounding, kQuernThresholds);
}

TEST_F(LoweredJoin, TakesABatchNormBehindASum) {
  Network net(3, 8, 2);
  const ValueId sum =
      net.op("sum", "Add", {net.conv("a", net.input()), net.conv("b", net.input())});
  const Graph network = net.finish({net.op("relu", "Relu", {net.batchnorm("bn", sum)})});
  const LoweredModel lowered = lower(quantized(network, 8, 8));
  EXPECT_THAT(
      lowered.report.notes,
      testing::Contains(testing::HasSubstr("'sum' takes thresholds: its channels have different")));
  expect_lowered(network);
}

TEST_F(LoweredJoin, PutsChannelsSideBySide) {
  const IntModel model = expect_faithful(joined("Concat"));
  EXPECT_EQ(model.tensors[static_cast<std::size_t>(model.outputs[0])].channels, 8);
}

TEST_F(LoweredJoin, WidensTheNarrowerPart) {
  Graph graph = joined("Concat");
  std::vector<QuantizerId> grids;
  for (const NodeId id : graph.nodes_of("Quant")) {
    const Node& quant = graph.node(id);
    if (quant.layer.starts_with("join.input") || quant.layer == "b.output_quant") {
      grids.push_back(quant.quantizer);
    }
  }
  ASSERT_FALSE(grids.empty());
  graph.quantizer(grids.front()).spec.bits = 4;
  EXPECT_GT(count_of<IntLookup>(expect_faithful(graph)), 1);
}

TEST_F(LoweredJoin, IsRefusedWithTheNearestThing) {
  Graph graph = joined("Concat");
  set_own_scale(graph, "b.output_quant", 0.3F);
  expect_refused(graph,
                 "cannot lower layer 'join' (Concat): inputs on different scales; inputs "
                 "that share one scale and zero point can be lowered");
  Graph floats = joined("Add");
  floats.bypass(*floats.find_layer("b.output_quant"));
  expect_refused(floats, "cannot lower layer 'join' (Add): its input 'b.out' is on no grid");
  Network net(3, 8, 3);
  const ValueId tall =
      net.op("join", "Concat", {net.input(), net.input()}, {{"axis", std::int64_t{2}}});
  expect_network_refused(net.finish({tall}), "axis 1 can be lowered");
}

}  // namespace
}  // namespace quern::test
