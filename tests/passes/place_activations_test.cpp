// The activation step of place_quantizers: which values get a grid, and which one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/passes/place_quantizers.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::expect_error;
using test::Network;
using test::quantizer_of;
using testing::ElementsAre;

/// The layers of all Quants on computed values, in the order of the graph.
std::vector<std::string> activation_quants(const Graph& graph) {
  std::vector<std::string> layers;
  for (const NodeId id : graph.nodes_of("Quant")) {
    const Node& quant = graph.node(id);
    if (!graph.is_constant(quant.inputs[0])) layers.push_back(quant.layer);
  }
  return layers;
}

TEST(PlaceActivations, ReluIsUnsignedEverythingElseSigned) {
  Network net;
  const ValueId relu = net.op("relu", "Relu", {net.conv("a", net.input())});
  const ValueId leaky = net.op("leaky", "LeakyRelu", {net.conv("b", relu)}, {{"alpha", 0.1F}});
  const ValueId clipped = net.clip("clip", net.conv("c", leaky), -1, 1);
  Graph graph = net.finish({net.conv("d", clipped)});
  place_quantizers(graph, {});

  EXPECT_FALSE(quantizer_of(graph, "a.output_quant").spec.is_signed);
  EXPECT_FALSE(quantizer_of(graph, "a.output_quant").spec.narrow_range);
  for (const std::string layer :
       {"input.quant", "b.output_quant", "c.output_quant", "d.output_quant"}) {
    EXPECT_EQ(quantizer_of(graph, layer).spec, (QuantSpec{.bits = 8})) << layer;
    EXPECT_EQ(quantizer_of(graph, layer).kind, QuantizerKind::kCalibrated) << layer;
  }
  EXPECT_EQ(graph.nodes_of("Clip").size(), 1u);  // Its bounds are not 0 and c.
}

TEST(PlaceActivations, AClipWithoutUpperBoundIsARelu) {
  Network net;
  const ValueId a = net.conv("a", net.input());
  const ValueId bounded = net.op("clip", "Clip", {a, net.constant("min", Tensor::scalar(0.0F))});
  Graph graph = net.finish({net.conv("b", bounded)});
  place_quantizers(graph, {});

  EXPECT_EQ(graph.node(*graph.find_layer("clip")).op, "Relu");
  EXPECT_EQ(quantizer_of(graph, "a.output_quant").kind, QuantizerKind::kCalibrated);
}

TEST(PlaceActivations, AQuantStandsBeforeOpsThatOnlyMoveElements) {
  Network net;
  const ValueId a = net.conv("a", net.input());
  const ValueId pooled = net.op("pool", "MaxPool", {a},
                                {{"kernel_shape", std::vector<std::int64_t>{2, 2}},
                                 {"strides", std::vector<std::int64_t>{2, 2}}});
  Graph graph = net.finish({net.conv("b", pooled)});
  place_quantizers(graph, {});

  EXPECT_THAT(activation_quants(graph),
              ElementsAre("input.quant", "a.output_quant", "b.output_quant"));
  EXPECT_EQ(graph.quant_of(graph.node(*graph.find_layer("pool")).inputs[0])->layer,
            "a.output_quant");
}

TEST(PlaceActivations, AnAddInFrontOfAReluHasNoGridOfItsOwn) {
  Graph graph = test::resnet();
  place_quantizers(graph, {});

  EXPECT_EQ(graph.node(*graph.find_layer("relu1")).op, "Relu");
  EXPECT_EQ(graph.producer(graph.node(*graph.find_layer("relu1")).inputs[0])->op, "Add");
  EXPECT_FALSE(quantizer_of(graph, "add1.output_quant").spec.is_signed);
}

TEST(PlaceActivations, BatchNormsAreLookedThroughNeverQuantizedTwice) {
  Network net;
  const ValueId value = net.batchnorm("bn", net.conv("a", net.input()));
  Graph graph = net.finish({net.conv("b", value)});
  place_quantizers(graph, {});

  EXPECT_THAT(activation_quants(graph),
              ElementsAre("input.quant", "a.output_quant", "b.output_quant"));
  EXPECT_EQ(graph.quant_of(graph.node(*graph.find_layer("b")).inputs[0])->layer, "a.output_quant");
}

TEST(PlaceActivations, ConcatsOfConcatsAreWalkedOnce) {
  Network net;
  ValueId last = net.input();
  for (int i = 0; i < 30; ++i) {  // 2³⁰ ways lead back to the input.
    last = net.op("cat" + std::to_string(i), "Concat", {last, last}, {{"axis", std::int64_t{2}}});
  }
  Graph graph = net.finish({last});
  place_quantizers(graph, {});
  EXPECT_EQ(graph.nodes_of("Quant").size(), 1U);
}

TEST(PlaceActivations, ASoftmaxAtTheEndStaysFloatBehindTheLastQuant) {
  Network net;
  Graph graph = net.finish({net.op("prob", "Softmax", {net.head("fc", net.input())})});
  place_quantizers(graph, {});

  EXPECT_EQ(graph.quant_of(graph.node(*graph.find_layer("prob")).inputs[0])->layer,
            "fc.output_quant");
  EXPECT_EQ(graph.producer(graph.outputs()[0])->op, "Softmax");
}

TEST(PlaceActivations, ASigmoidThatGatesAnotherValueIsQuantized) {
  Network net;
  const ValueId a = net.conv("a", net.input());
  const ValueId gate = net.op("gate", "Sigmoid", {net.conv("b", a)});
  Graph graph = net.finish({net.conv("c", net.op("mul", "Mul", {a, gate}))});
  place_quantizers(graph, {});

  EXPECT_THAT(activation_quants(graph),
              testing::UnorderedElementsAre("input.quant", "a.output_quant", "b.output_quant",
                                            "mul.output_quant", "c.output_quant"));
}

TEST(PlaceActivations, BitsFollowTheLayerThatComputesTheValue) {
  Graph graph = test::resnet();
  QuantizeRequest request;
  request.rules = {{.layer = "stem", .spec = {.activation_bits = 5}},
                   {.op = "Add", .spec = {.activation_bits = 6}},
                   {.layer = "input", .spec = {.activation_bits = 7}},
                   {.last = true, .spec = {.activation_bits = 9}}};
  place_quantizers(graph, request);

  EXPECT_EQ(quantizer_of(graph, "stem.output_quant").spec.bits, 5);
  EXPECT_EQ(quantizer_of(graph, "add1.output_quant").spec.bits, 6);
  EXPECT_EQ(quantizer_of(graph, "input.quant").spec.bits, 7);
  EXPECT_EQ(quantizer_of(graph, "fc.output_quant").spec.bits, 9);
  EXPECT_EQ(quantizer_of(graph, "block1.a.output_quant").spec.bits, 8);
}

TEST(PlaceActivations, AReaderCanAskForTheBitsOfItsInput) {
  Graph graph = test::resnet();
  QuantizeRequest request;
  request.activation_bits = 4;
  request.rules = {{.layer = "fc", .role = Role::kInput, .spec = {.activation_bits = 8}}};
  place_quantizers(graph, request);

  EXPECT_EQ(quantizer_of(graph, "fc.pool.output_quant").spec.bits, 8);
  EXPECT_EQ(quantizer_of(graph, "fc.output_quant").spec.bits, 4);
}

TEST(PlaceActivations, RefusesReadersThatAskForDifferentBits) {
  Network net;
  const ValueId a = net.conv("a", net.input());
  Graph graph = net.finish({net.conv("b", a), net.conv("c", a)});
  QuantizeRequest request;
  request.rules = {{.layer = "b", .role = Role::kInput, .spec = {.activation_bits = 8}},
                   {.layer = "c", .role = Role::kInput, .spec = {.activation_bits = 4}}};

  expect_error(ErrorCode::kInvalidArgument,
               "'b' asks for activation_bits 8 of its input and 'c' for 4, but both read 'a.out'",
               [&] { place_quantizers(graph, request); });
}

TEST(PlaceActivations, RulesSayHowAThresholdIsFound) {
  Graph graph = test::resnet();
  QuantizeRequest request;
  request.rules = {{.layer = "block1.a", .spec = {.observer = "mse"}},
                   {.layer = "fc", .role = Role::kInput, .spec = {.percentile = 99.9}}};
  place_quantizers(graph, request);

  EXPECT_EQ(quantizer_of(graph, "block1.a.output_quant").threshold,
            (ThresholdRequest{.method = "mse"}));
  EXPECT_EQ(quantizer_of(graph, "fc.pool.output_quant").threshold,
            (ThresholdRequest{.percentile = 99.9}));
  EXPECT_EQ(quantizer_of(graph, "fc.output_quant").threshold, ThresholdRequest{});
}

TEST(PlaceActivations, ARuleCanNotMeasureTheThresholdOfAClip) {
  Network net;
  Graph graph = net.finish({net.conv("b", net.clip("a6", net.conv("a", net.input()), 0, 6))});
  QuantizeRequest request;
  request.rules = {{.layer = "a", .spec = {.observer = "mse"}}};

  expect_error(ErrorCode::kInvalidArgument, "rule 1 (layer = 'a') applies to nothing",
               [&] { place_quantizers(graph, request); });
  request.rules = {{.op = "Conv", .spec = {.observer = "mse"}}};
  place_quantizers(graph, request);
  EXPECT_EQ(quantizer_of(graph, "a.output_quant").threshold, ThresholdRequest{});
  EXPECT_EQ(quantizer_of(graph, "b.output_quant").threshold.method, "mse");
}

TEST(PlaceActivations, SaysWhatARuleOfInputsWithoutALayerAppliedTo) {
  Graph graph = test::resnet();
  QuantizeRequest request;
  request.rules = {{.role = Role::kInput, .spec = {.activation_bits = 8}}};

  EXPECT_THAT(place_quantizers(graph, request).notes,
              testing::Contains(testing::StartsWith("rule 1 (role = 'input') applies to what")));
}

TEST(PlaceActivations, RefusesAFloatOutputThatAQuantizedLayerReads) {
  Graph graph = test::resnet();
  QuantizeRequest request;
  request.rules = {{.layer = "stem", .role = Role::kOutput, .spec = {.quantize = false}}};

  expect_error(ErrorCode::kInvalidArgument,
               "a rule keeps the output of 'stem' float, but 'block1.a' reads it and is quantized",
               [&] { place_quantizers(graph, request); });
}

TEST(PlaceActivations, AQuantizedReaderOfAFloatLayerStillGetsItsGrid) {
  Graph graph = test::resnet();
  QuantizeRequest request;
  request.rules = {{.layer = "stem", .spec = {.quantize = false}}};
  const PassReport report = place_quantizers(graph, request);

  EXPECT_FALSE(graph.find_layer("stem.weight_quant"));
  EXPECT_TRUE(graph.find_layer("stem.output_quant"));
  EXPECT_THAT(report.notes,
              testing::Contains("the output of 'stem' has a grid although a rule keeps the layer "
                                "float: 'block1.a' reads it and is quantized"));
}

TEST(PlaceActivations, OneBitIsBinaryBehindReluAndBipolarElsewhere) {
  Graph graph = test::resnet();
  QuantizeRequest request;
  request.activation_bits = 1;
  place_quantizers(graph, request);

  EXPECT_EQ(quantizer_of(graph, "stem.output_quant").spec.qmin(), 0);
  EXPECT_EQ(quantizer_of(graph, "stem.output_quant").spec.qmax(), 1);
  EXPECT_TRUE(quantizer_of(graph, "fc.pool.output_quant").spec.is_bipolar());
}

}  // namespace
}  // namespace quern
