#include "quern/passes/place_quantizers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "quern/analysis/dataflow.h"
#include "quern/analysis/targets.h"
#include "quern/zoo/zoo.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::expect_error;
using test::quantizer_of;

QuantizeRequest bits(int weight_bits, int activation_bits) {
  QuantizeRequest request;
  request.weight_bits = weight_bits;
  request.activation_bits = activation_bits;
  return request;
}

struct Counts {
  int weights = 0;
  int biases = 0;
  int unsigned_activations = 0;
  int signed_activations = 0;
};

Counts count(const Graph& graph) {
  Counts counts;
  for (const NodeId id : graph.nodes_of("Quant")) {
    const Node& quant = graph.node(id);
    const Quantizer& quantizer = graph.quantizer(quant.quantizer);
    if (quantizer.kind == QuantizerKind::kDerived) {
      ++counts.biases;
    } else if (graph.is_constant(quant.inputs[0])) {
      ++counts.weights;
    } else {
      ++(quantizer.spec.is_signed ? counts.signed_activations : counts.unsigned_activations);
    }
  }
  return counts;
}

TEST(PlaceQuantizers, GivesMobileNetV2ItsHundredAndNineteenQuants) {
  Graph graph = make_network("mobilenet_v2", {.input = 32});

  EXPECT_EQ(place_quantizers(graph, bits(8, 8)).rewrites, 119);

  const Counts counts = count(graph);
  EXPECT_EQ(counts.weights, 53);
  EXPECT_EQ(counts.biases, 1);
  EXPECT_EQ(counts.unsigned_activations, 35);  // The ReLU6s.
  EXPECT_EQ(counts.signed_activations, 30);    // Input, 17 bottlenecks, 10 adds, pool, output.
  EXPECT_EQ(graph.nodes_of("BatchNormalization").size(), 52u);
  EXPECT_EQ(graph.nodes_of("Relu").size(), 35u);
  EXPECT_TRUE(graph.nodes_of("Clip").empty());
}

TEST(PlaceQuantizers, NamesLayersAfterWhatComputesTheValue) {
  Graph graph = make_network("mobilenet_v2", {.input = 32});
  place_quantizers(graph, bits(8, 8));

  for (const std::string layer :
       {"input.quant", "features.0.0.weight_quant", "features.0.0.output_quant",
        "features.1.conv.1.output_quant", "features.3.add.output_quant", "avgpool.output_quant",
        "classifier.1.bias_quant", "classifier.1.output_quant"}) {
    EXPECT_TRUE(graph.find_layer(layer)) << layer;
  }
  const Quantizer& pooled = quantizer_of(graph, "avgpool.output_quant");
  EXPECT_EQ(graph.node(*graph.find_layer("avgpool")).op, "GlobalAveragePool");
  EXPECT_EQ(graph.scale(pooled.scale).name, "avgpool.output_scale");
}

/// x → op → Mul by a number per channel → conv.
Graph with_factors(std::string_view op, float factor) {
  test::Network net(3, 8);
  const ValueId x = op == "Clip" ? net.clip("activation", net.input(), 0, 6)
                                 : net.op("activation", std::string(op), {net.input()});
  const ValueId factors =
      net.constant("factors", Tensor::of<float>({3, 1, 1}, std::vector<float>{1, factor, 2}));
  return net.finish({net.conv("conv", net.op("mul", "Mul", {x, factors}))});
}

/// What the conv of with_factors reads.
const Node& quant_in_front(const Graph& graph) {
  return *graph.quant_of(graph.node(*graph.find_layer("conv")).inputs[0]);
}

TEST(PlaceQuantizers, PutsTheGridOfAnActivationBehindItsChannelFactors) {
  Graph graph = with_factors("Relu", 0.5F);
  place_quantizers(graph, bits(8, 8));

  const Node& quant = quant_in_front(graph);
  EXPECT_EQ(graph.producer(quant.inputs[0])->layer, "mul");
  EXPECT_FALSE(graph.quantizer(quant.quantizer).spec.is_signed);
  EXPECT_EQ(graph.producer(graph.node(*graph.find_layer("mul")).inputs[0])->layer, "activation");

  Graph negative = with_factors("Relu", -0.5F);
  place_quantizers(negative, bits(8, 8));
  EXPECT_TRUE(negative.quantizer(quant_in_front(negative).quantizer).spec.is_signed);
  EXPECT_NE(negative.quant_of(negative.node(*negative.find_layer("mul")).inputs[0]), nullptr);
}

TEST(PlaceQuantizers, AClipInFrontOfChannelFactorsStays) {
  Graph graph = with_factors("Clip", 0.5F);
  place_quantizers(graph, bits(8, 8));

  EXPECT_EQ(graph.node(*graph.find_layer("activation")).op, "Clip");
  const Quantizer& grid = graph.quantizer(quant_in_front(graph).quantizer);
  EXPECT_EQ(grid.kind, QuantizerKind::kCalibrated);
  EXPECT_FALSE(grid.spec.is_signed);
}

TEST(PlaceQuantizers, TheThresholdOfARelu6IsConstant) {
  Graph graph = make_network("mobilenet_v2_mini", {.input = 16});
  place_quantizers(graph, bits(8, 4));

  const Quantizer& quantizer = quantizer_of(graph, "features.0.0.output_quant");
  EXPECT_EQ(quantizer.kind, QuantizerKind::kConstant);
  EXPECT_FALSE(quantizer.spec.is_signed);
  EXPECT_EQ(graph.scale(quantizer.scale).values, std::vector<float>{static_cast<float>(6.0 / 15)});
}

TEST(PlaceQuantizers, LeavesFinnNothingToComplainAbout) {
  for (const auto& [weight_bits, activation_bits] : {std::pair{8, 8}, {4, 4}, {1, 2}}) {
    for (const std::string name : {"mobilenet_v2", "mobilenet_v2_mini", "resnet"}) {
      Graph graph = name == "resnet" ? test::resnet() : make_network(name, {.input = 32});
      place_quantizers(graph, bits(weight_bits, activation_bits));
      for (const Finding& finding : lint_finn(graph)) {
        ADD_FAILURE() << name << ": " << finding.layer << ": " << finding.message;
      }
    }
  }
}

TEST(PlaceQuantizers, KeepsThePlacementOfRandomNetworksConsistent) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    Graph graph = test::random_network(seed);
    place_quantizers(graph, bits(8, 8));
    verify(graph);
    for (const Finding& finding : lint_finn(graph)) {
      ADD_FAILURE() << finding.layer << ": " << finding.message;
    }
  }
}

TEST(PlaceQuantizers, RefusesAQuantizedNetworkAndLeavesItAlone) {
  Graph graph = test::resnet();
  place_quantizers(graph, bits(8, 8));
  const Graph before = graph;

  expect_error(ErrorCode::kInvalidArgument, "the network is quantized already",
               [&] { place_quantizers(graph, bits(8, 8)); });
  EXPECT_EQ(graph, before);
}

TEST(PlaceQuantizers, RefusesBitsOutOfRange) {
  Graph graph = test::resnet();
  expect_error(ErrorCode::kInvalidArgument, "weight_bits must be 1 to 16, got 0",
               [&] { place_quantizers(graph, bits(0, 8)); });
  expect_error(ErrorCode::kInvalidArgument, "activation_bits must be 1 to 16, got 64",
               [&] { place_quantizers(graph, bits(8, 64)); });
}

TEST(PlaceQuantizers, RefusesARuleThatAppliesToNothingAndLeavesTheGraphAlone) {
  Graph graph = test::resnet();
  const Graph before = graph;
  QuantizeRequest request;
  request.rules = {{.layer = "blok1.a", .spec = {.weight_bits = 4}}};

  expect_error(ErrorCode::kInvalidArgument, "(the nearest layer is 'block1.a')",
               [&] { place_quantizers(graph, request); });
  EXPECT_EQ(graph, before);
}

TEST(PlaceQuantizers, KeepsALayerFloat) {
  Graph graph = test::resnet();
  QuantizeRequest request;
  request.rules = {{.layer = "fc", .spec = {.quantize = false}}};

  const PassReport report = place_quantizers(graph, request);

  EXPECT_FALSE(graph.find_layer("fc.weight_quant"));
  EXPECT_FALSE(graph.find_layer("fc.bias_quant"));
  EXPECT_FALSE(graph.find_layer("fc.output_quant"));
  EXPECT_FALSE(graph.find_layer("fc.pool.output_quant"));  // Nothing else reads the pool.
  EXPECT_THAT(report.notes, testing::Contains("kept the weight of 'fc' float: a rule says so"));
}

TEST(PlaceQuantizers, SchemesHaveNames) {
  EXPECT_EQ(scheme_from(name(Scheme::kFinn)), Scheme::kFinn);
  expect_error(ErrorCode::kInvalidArgument, "scheme 'fin' does not exist, expected finn",
               [] { scheme_from("fin"); });
}

}  // namespace
}  // namespace quern
