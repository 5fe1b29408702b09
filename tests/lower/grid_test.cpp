#include "quern/lower/grid.h"

#include <gtest/gtest.h>

#include "quern/quantizers/fake_quant.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

Grid grid(int bits, bool is_signed, std::int32_t zero_point = 0) {
  return {{.bits = bits, .is_signed = is_signed, .symmetric = zero_point == 0}, 0.3F, zero_point};
}

TEST(Grid, IsStoredInTheNextWidthFromZeroUp) {
  EXPECT_EQ(grid(8, true).first_code(), -128);
  EXPECT_EQ(grid(8, true).high(), 255);
  EXPECT_EQ(grid(8, true).stored_zero(), 128);
  EXPECT_EQ(grid(3, true).stored_bits(), 4);
  EXPECT_EQ(grid(3, true).stored_zero(), 4);
  EXPECT_EQ(grid(3, true).high(), 7);
  EXPECT_EQ(grid(1, false).stored_bits(), 2);
  EXPECT_EQ(grid(5, false, 9).stored_bits(), 8);
  EXPECT_EQ(grid(5, false, 9).stored_zero(), 9);
  Grid narrow = grid(4, true);
  narrow.spec.narrow_range = true;
  EXPECT_EQ(narrow.low(), 1);
}

TEST(Grid, DecidesLikeFakeQuant) {
  for (const Grid& of : {grid(8, true), grid(4, false), grid(2, true), grid(6, false, 11)}) {
    for (int i = -2000; i <= 2000; ++i) {
      const float x = static_cast<float>(i) * 0.0371F;
      const std::int32_t code = of.code_of(x);
      EXPECT_GE(code, of.low());
      EXPECT_LE(code, of.high());
      EXPECT_EQ(of.real(code), fake_quant(x, of.spec, of.scale, static_cast<float>(of.zero_point)));
    }
  }
}

TEST(Grid, StoresTwoCodesOfABipolarValue) {
  const Grid bipolar{{.bits = 1}, 2, 0};
  EXPECT_EQ(bipolar.stored_zero(), 1);
  EXPECT_EQ(bipolar.code_of(-0.1F), 0);
  EXPECT_EQ(bipolar.code_of(0), 2);
  EXPECT_EQ(bipolar.real(0), -2);
  EXPECT_EQ(bipolar.real(2), 2);
}

/// A Quant of `quantizer` on an input.
Graph quantized_input(Quantizer quantizer, std::vector<float> scale) {
  Graph graph;
  const ValueId input = graph.add_input("x", DType::kFloat32, {{1, ""}, {2, ""}, {1, ""}, {1, ""}});
  quantizer.scale = graph.add_scale({.name = "s", .values = std::move(scale)});
  const ValueId output = graph.add_value("y");
  graph.add_node({.layer = "x.quant",
                  .op = "Quant",
                  .inputs = {input},
                  .outputs = {output},
                  .quantizer = graph.add_quantizer(std::move(quantizer))});
  graph.add_output(output);
  return graph;
}

void expect_refusal(const Graph& graph, const std::string& part) {
  test::expect_error(ErrorCode::kUnsupported, part,
                     [&] { grid_of(graph, graph.node(*graph.find_layer("x.quant"))); });
}

TEST(Grid, IsReadFromAQuantNode) {
  const Graph graph = quantized_input(
      {.spec = {.bits = 4, .is_signed = false, .symmetric = false}, .zero_point = {3}}, {0.5F});
  const Grid found = grid_of(graph, graph.node(*graph.find_layer("x.quant")));
  EXPECT_EQ(found.scale, 0.5F);
  EXPECT_EQ(found.stored_zero(), 3);
}

TEST(Grid, RefusesWhatCanNotBeStored) {
  expect_refusal(quantized_input({.spec = {.bits = 9}}, {1}),
                 "cannot lower layer 'x.quant' (Quant): activations of 9 bits; at most 8 bits");
  expect_refusal(
      quantized_input({.spec = {.granularity = Granularity::kPerChannel, .channel_axis = 1}},
                      {1, 2}),
      "a scale per channel; one scale, with equalize_activations");
  expect_refusal(
      quantized_input(
          {.spec = {.bits = 4, .is_signed = false, .symmetric = false}, .zero_point = {-2}}, {1}),
      "the zero point -2; a code from 0 to 15");
}

}  // namespace
}  // namespace quern
