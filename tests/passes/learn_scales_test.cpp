#include "quern/passes/learn_scales.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/passes/place_quantizers.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::quantizer_of;

/// A ReLU6 behind a convolution, a residual add, a linear layer with a bias.
Graph placed(int bits = 4) {
  test::Network net;
  const ValueId stem = net.clip("relu6", net.conv("stem", net.input()), 0, 6);
  const ValueId inner = net.conv("inner", stem, {.channels = 4});
  const ValueId outer = net.conv("outer", inner, {.channels = 4});
  const ValueId sum = net.op("add", "Add", {outer, inner});
  Graph graph = net.finish({net.head("fc", sum)});
  place_quantizers(graph, {.weight_bits = bits, .activation_bits = bits});
  return graph;
}

TEST(LearnScales, GivesWeightsOneKindAndActivationsAnother) {
  Graph graph = placed();

  const PassReport report =
      learn_scales(graph, {.weights = QuantizerKind::kMinMax, .activations = QuantizerKind::kLsq});

  EXPECT_EQ(quantizer_of(graph, "stem.weight_quant").kind, QuantizerKind::kMinMax);
  EXPECT_EQ(quantizer_of(graph, "inner.output_quant").kind, QuantizerKind::kLsq);
  EXPECT_EQ(report.rewrites, 10);  // Four weights; stem, inner, outer, add, pool, output.
  EXPECT_THAT(report.notes, testing::IsEmpty());
}

TEST(LearnScales, StartsALearnedThresholdAtAConstantOne) {
  Graph graph = placed();
  learn_scales(graph, {.activations = QuantizerKind::kPact});
  const Quantizer& grid = quantizer_of(graph, "stem.output_quant");
  EXPECT_EQ(grid.kind, QuantizerKind::kPact);
  EXPECT_THAT(graph.scale(grid.scale).values, testing::ElementsAre(6.0F / 15));
}

TEST(LearnScales, LeavesInputsDerivedBiasesAndSharedScalesAsTheyAre) {
  const Graph before = placed();
  Graph graph = before;
  learn_scales(graph);
  EXPECT_EQ(quantizer_of(graph, "input.quant").kind, QuantizerKind::kCalibrated);
  EXPECT_EQ(quantizer_of(graph, "fc.bias_quant").kind, QuantizerKind::kDerived);
  EXPECT_EQ(quantizer_of(graph, "inner.output_quant").scale,
            quantizer_of(graph, "outer.output_quant").scale);
  EXPECT_EQ(graph.scales(), before.scales());
}

TEST(LearnScales, ReachesAFixedPoint) {
  Graph graph = placed();
  learn_scales(graph);
  EXPECT_EQ(learn_scales(graph).rewrites, 0);
}

TEST(LearnScales, TakesGridsOfOneBit) {
  Graph graph = placed(1);
  EXPECT_THAT(learn_scales(graph).notes, testing::IsEmpty());
  EXPECT_EQ(quantizer_of(graph, "stem.weight_quant").kind, QuantizerKind::kLsq);
}

TEST(LearnScales, KeepsAScaleThatOneOfItsGridsCanNotLearn) {
  Graph graph = placed();
  const QuantizerId shared = quantizer_of(graph, "inner.output_quant").id;
  graph.quantizer(shared).zero_point = {3};
  graph.quantizer(quantizer_of(graph, "stem.output_quant").id).spec.power_of_two = true;
  graph.quantizer(quantizer_of(graph, "fc.output_quant").id).spec.rounding = Rounding::kFloor;
  graph.quantizer(quantizer_of(graph, "add.output_quant").id).spec.granularity =
      Granularity::kPerChannel;

  const PassReport report = learn_scales(graph);

  EXPECT_THAT(report.notes,
              testing::UnorderedElementsAre(
                  "kept the scale of 'inner.output_quant' fixed: it has zero points",
                  "kept the scale of 'stem.output_quant' fixed: it is restricted to powers of two",
                  "kept the scale of 'fc.output_quant' fixed: its codes go beyond ±2²² or are not "
                  "rounded half to even",
                  "kept the scale of 'add.output_quant' fixed: it belongs to an activation and is "
                  "per channel"));
  EXPECT_EQ(quantizer_of(graph, "outer.output_quant").kind, QuantizerKind::kCalibrated);
}

TEST(LearnScales, RefusesAKindThatTrainingDoesNotChange) {
  Graph graph = placed();
  test::expect_error(ErrorCode::kInvalidArgument,
                     "does not change scales of kind 'constant' (min_max, lsq, pact)",
                     [&] { learn_scales(graph, {.activations = QuantizerKind::kConstant}); });
}

}  // namespace
}  // namespace quern
