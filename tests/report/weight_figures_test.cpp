#include "quern/report/weight_figures.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/support/network.h"

namespace quern {
namespace {

using testing::ElementsAre;

/// Two output channels on int3 grids of their own: codes −3 to 3.
const QuantSpec kInt3 = {
    .bits = 3, .narrow_range = true, .granularity = Granularity::kPerChannel, .channel_axis = 0};

WeightOnGrid weight() {
  return {Tensor::of<float>({2, 3}, {0.1F, -0.9F, 3.1F, 2, -6.9F, 0}), kInt3, {{1, 2}, {0, 0}}};
}

TEST(CodesOf, DividesByTheScaleOfTheChannel) {
  EXPECT_THAT(codes_of(weight()), ElementsAre(0, -1, 3, 1, -3, 0));
}

TEST(WeightSqnr, HoldsTheRoundedWeightAgainstAnother) {
  const Tensor reference = Tensor::of<float>({2, 3}, {0, -1, 3, 2, -6, 1});
  // Only the last element differs, by 1.
  EXPECT_DOUBLE_EQ(weight_sqnr_db(weight(), reference), 10 * std::log10(51.0));
  const Tensor rounded = Tensor::of<float>({2, 3}, {0, -1, 3, 2, -6, 0});
  EXPECT_EQ(weight_sqnr_db(weight(), rounded), 300);
}

TEST(WeightFigures, SayHowTheFloatWeightLiesOnTheGrid) {
  const Tensor reference = Tensor::of<float>({2, 3}, {0, -1, 3.6F, 2, -6, 8});
  const GridFigures figures = weight_figures({.qmin = -3, .qmax = 3}, weight(), reference);
  // 3.6 of step 1 and 8 of step 2 lie more than half a step beyond code 3.
  EXPECT_EQ(figures.clipped, 2.0 / 6);
  EXPECT_EQ(figures.value_low, -6);
  EXPECT_EQ(figures.value_high, 8);
  // −3 … 3: one code −3, one −1, two 0, one 1, one 3.
  EXPECT_THAT(figures.after->counts, ElementsAre(1, 0, 1, 2, 1, 0, 1));
  EXPECT_EQ(figures.after->low, -3.5);
  EXPECT_EQ(figures.after->width, 1);
}

TEST(GridFigures, NameTheGridAndItsEnds) {
  test::Network net;
  Graph graph = net.finish({net.conv("conv", net.input())});
  Quantizer quantizer;
  quantizer.spec = kInt3;
  quantizer.scale = graph.add_scale({{}, "s", {0.5F, 0.25F, 2, 1}});
  const GridFigures figures = grid_figures(graph, graph.add_quantizer(quantizer));
  EXPECT_EQ(figures.grid, to_string(kInt3));
  EXPECT_EQ(figures.bits, 3);
  EXPECT_EQ(figures.scales, 4);
  EXPECT_EQ(figures.scale_low, 0.25);
  EXPECT_EQ(figures.scale_high, 2);
  EXPECT_EQ(figures.range_low, -6);
  EXPECT_EQ(figures.range_high, 6);
}

TEST(WeightOnGrid, IsAbsentWhereTheWeightStaysFloat) {
  test::Network net;
  const Graph graph = net.finish({net.conv("conv", net.input())});
  EXPECT_FALSE(weight_on_grid(graph, layer_groups(graph).at(0)).has_value());
}

}  // namespace
}  // namespace quern
