// The scale step of place_quantizers: what meets at an Add or a Concat.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/analysis/dataflow.h"
#include "quern/passes/place_quantizers.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::Network;
using test::quantizer_of;

const std::map<std::string, Attribute> kChannels = {{"axis", std::int64_t{1}}};

const Scale& scale_of(const Graph& graph, const std::string& quant_layer) {
  return graph.scale(quantizer_of(graph, quant_layer).scale);
}

TEST(ShareScales, AnAddOfAnUnsignedAndASignedValueHasOneScale) {
  Graph graph = test::resnet();
  place_quantizers(graph, {});

  EXPECT_FALSE(quantizer_of(graph, "stem.output_quant").spec.is_signed);
  EXPECT_TRUE(quantizer_of(graph, "block1.b.output_quant").spec.is_signed);
  EXPECT_EQ(scale_of(graph, "stem.output_quant").name, "add1.input_scale");
  EXPECT_EQ(scale_of(graph, "stem.output_quant"), scale_of(graph, "block1.b.output_quant"));
  EXPECT_EQ(scale_of(graph, "shortcut.output_quant"), scale_of(graph, "block2.b.output_quant"));
  EXPECT_NE(scale_of(graph, "stem.output_quant"), scale_of(graph, "shortcut.output_quant"));
}

TEST(ShareScales, AChainOfAddsSharesThroughCommonInputs) {
  Network net;
  const ValueId a = net.conv("a", net.input());
  const ValueId b = net.conv("b", net.input());
  const ValueId c = net.conv("c", net.input());
  Graph graph = net.finish({net.op("ab", "Add", {a, b}), net.op("bc", "Add", {b, c})});
  place_quantizers(graph, {});

  EXPECT_EQ(scale_of(graph, "a.output_quant").name, "ab.input_scale");
  EXPECT_EQ(scale_of(graph, "a.output_quant"), scale_of(graph, "c.output_quant"));
  EXPECT_NE(scale_of(graph, "a.output_quant"), scale_of(graph, "ab.output_quant"));
}

TEST(ShareScales, EqualConstantThresholdsMeetAsTheyAre) {
  Network net;
  const ValueId a = net.clip("a6", net.conv("a", net.input()), 0, 6);
  const ValueId b = net.clip("b6", net.conv("b", net.input()), 0, 6);
  Graph graph = net.finish({net.conv("c", net.op("add", "Add", {a, b}))});
  place_quantizers(graph, {});

  EXPECT_EQ(quantizer_of(graph, "a.output_quant").kind, QuantizerKind::kConstant);
  EXPECT_FALSE(graph.find_layer("add.input_quant"));
}

TEST(ShareScales, AConstantThresholdGetsASignedQuantOnItsWayIntoTheAdd) {
  Network net;
  const ValueId a = net.clip("a6", net.conv("a", net.input()), 0, 6);
  const ValueId b = net.conv("b", a);
  Graph graph = net.finish({net.conv("c", net.op("add", "Add", {a, b}))});
  place_quantizers(graph, {});

  const NodeId series = *graph.find_layer("add.input_quant");
  EXPECT_EQ(graph.quant_of(graph.node(series).inputs[0])->layer, "a.output_quant");
  EXPECT_TRUE(quantizer_of(graph, "add.input_quant").spec.is_signed);
  EXPECT_EQ(scale_of(graph, "add.input_quant"), scale_of(graph, "b.output_quant"));
  // The convolution that reads the same value keeps the finer grid.
  EXPECT_EQ(graph.quant_of(graph.node(*graph.find_layer("b")).inputs[0])->layer, "a.output_quant");
}

TEST(ShareScales, DifferentConstantThresholdsEachGetASignedQuant) {
  Network net;
  const ValueId a = net.clip("a6", net.conv("a", net.input()), 0, 6);
  const ValueId b = net.clip("b1", net.conv("b", net.input()), 0, 1);
  Graph graph = net.finish({net.conv("c", net.op("add", "Add", {a, b}))});
  place_quantizers(graph, {});

  EXPECT_EQ(scale_of(graph, "add.input_quant"), scale_of(graph, "add.input_quant_2"));
}

TEST(ShareScales, AConcatOfUnsignedValuesStaysUnsigned) {
  Network net;
  const ValueId a = net.op("ra", "Relu", {net.conv("a", net.input())});
  const ValueId b = net.op("rb", "Relu", {net.conv("b", net.input())});
  Graph graph = net.finish({net.conv("c", net.op("cat", "Concat", {a, b}, kChannels))});
  place_quantizers(graph, {});

  EXPECT_EQ(scale_of(graph, "a.output_quant"), scale_of(graph, "b.output_quant"));
  EXPECT_FALSE(graph.find_layer("cat.input_quant"));
  const NodeId c = *graph.find_layer("c");
  EXPECT_EQ(grids_of(graph, graph.node(c).inputs[0]).size(), 2u);
}

TEST(ShareScales, AConcatOfBothSignsBecomesSigned) {
  Network net;
  const ValueId a = net.op("ra", "Relu", {net.conv("a", net.input())});
  const ValueId b = net.conv("b", net.input());
  Graph graph = net.finish({net.conv("c", net.op("cat", "Concat", {a, b}, kChannels))});
  place_quantizers(graph, {});

  const NodeId series = *graph.find_layer("cat.input_quant");
  EXPECT_EQ(graph.quant_of(graph.node(series).inputs[0])->layer, "a.output_quant");
  EXPECT_EQ(scale_of(graph, "cat.input_quant"), scale_of(graph, "b.output_quant"));
  EXPECT_NE(scale_of(graph, "cat.input_quant"), scale_of(graph, "a.output_quant"));
}

TEST(ShareScales, AConcatOfAConstantThresholdAndAReluBecomesSigned) {
  Network net;
  const ValueId a = net.clip("a6", net.conv("a", net.input()), 0, 6);
  const ValueId b = net.op("rb", "Relu", {net.conv("b", net.input())});
  Graph graph = net.finish({net.conv("c", net.op("cat", "Concat", {a, b}, kChannels))});
  place_quantizers(graph, {});

  EXPECT_EQ(scale_of(graph, "cat.input_quant"), scale_of(graph, "cat.input_quant_2"));
  EXPECT_TRUE(quantizer_of(graph, "cat.input_quant").spec.is_signed);
  EXPECT_TRUE(quantizer_of(graph, "cat.input_quant_2").spec.is_signed);
}

TEST(ShareScales, AnAddReachesThroughAConcat) {
  Network net;
  const ValueId a = net.conv("a", net.input(), {.channels = 2});
  const ValueId b = net.conv("b", net.input(), {.channels = 2});
  const ValueId c = net.conv("c", net.input(), {.channels = 4});
  const ValueId joined = net.op("cat", "Concat", {a, b}, kChannels);
  Graph graph = net.finish({net.op("add", "Add", {joined, c})});
  place_quantizers(graph, {});

  EXPECT_EQ(scale_of(graph, "a.output_quant"), scale_of(graph, "b.output_quant"));
  EXPECT_EQ(scale_of(graph, "a.output_quant"), scale_of(graph, "c.output_quant"));
}

TEST(ShareScales, TellsOfDifferentBitsOnOneScale) {
  Graph graph = test::resnet();
  QuantizeRequest request;
  request.rules = {{.layer = "stem", .spec = {.activation_bits = 4}}};

  EXPECT_THAT(place_quantizers(graph, request).notes,
              testing::Contains(
                  testing::HasSubstr("'add1' joins 4 bits of 'stem' and 8 bits of 'block1.b'")));
}

TEST(ShareScales, HowAThresholdIsFoundHoldsForAllThatShareTheScale) {
  Graph graph = test::resnet();
  QuantizeRequest request;
  request.rules = {{.layer = "stem", .spec = {.observer = "mse"}}};
  place_quantizers(graph, request);

  EXPECT_EQ(quantizer_of(graph, "stem.output_quant").threshold.method, "mse");
  EXPECT_EQ(quantizer_of(graph, "block1.b.output_quant").threshold.method, "mse");
  EXPECT_EQ(quantizer_of(graph, "shortcut.output_quant").threshold, ThresholdRequest{});
}

TEST(ShareScales, RefusesRulesThatDisagreeOnASharedScale) {
  Graph graph = test::resnet();
  QuantizeRequest request;
  request.rules = {{.layer = "stem", .spec = {.observer = "mse"}},
                   {.layer = "block1.b", .spec = {.observer = "min_max"}}};

  test::expect_error(ErrorCode::kInvalidArgument,
                     "rules give the output of 'stem' observer mse and that of 'block1.b' min_max, "
                     "but the two share the scale 'add1.input_scale'",
                     [&] { place_quantizers(graph, request); });
}

TEST(ShareScales, AQuantOnTheWayIntoAJoinIsMeasuredAsRulesSay) {
  Network net;
  const ValueId a = net.clip("a6", net.conv("a", net.input()), 0, 6);
  const ValueId b = net.conv("b", a);
  Graph graph = net.finish({net.op("add", "Add", {a, b})});
  QuantizeRequest request;
  request.rules = {{.layer = "a", .spec = {.observer = "mse"}}};
  place_quantizers(graph, request);

  EXPECT_EQ(quantizer_of(graph, "a.output_quant").threshold, ThresholdRequest{});
  EXPECT_EQ(quantizer_of(graph, "add.input_quant").threshold.method, "mse");
}

TEST(ShareScales, EveryOtherQuantizerHasItsOwnScale) {
  Graph graph = test::resnet();
  place_quantizers(graph, {});

  EXPECT_EQ(scale_of(graph, "input.quant").name, "input.scale");
  EXPECT_EQ(scale_of(graph, "block1.a.output_quant").name, "block1.a.output_scale");
  const Graph compacted = graph.compacted();
  for (const QuantizerId id : compacted.quantizers()) {
    const Quantizer& quantizer = compacted.quantizer(id);
    EXPECT_EQ(static_cast<bool>(quantizer.scale), quantizer.kind != QuantizerKind::kDerived);
  }
}

}  // namespace
}  // namespace quern
