// The weight and bias steps of place_quantizers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/passes/place_quantizers.h"
#include "quern/zoo/zoo.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::Network;
using test::quantizer_of;

std::map<std::string, int> weight_bits(const Graph& graph) {
  std::map<std::string, int> bits;
  for (const std::string op : {"Conv", "Gemm"}) {
    for (const NodeId id : graph.nodes_of(op)) {
      const Node* quant = graph.quant_of(graph.node(id).inputs[1]);
      bits[graph.node(id).layer] = graph.quantizer(quant->quantizer).spec.bits;
    }
  }
  return bits;
}

TEST(PlaceWeights, AreSignedNarrowPerOutputChannel) {
  Network net;
  const ValueId a = net.conv("conv", net.input());
  const ValueId up = net.op("up", "ConvTranspose", {a, net.weight("up.weight", {4, 6, 2, 2})});
  const ValueId pooled = net.op("pool", "GlobalAveragePool", {up});
  const ValueId flat = net.op("flat", "Flatten", {pooled}, {{"axis", std::int64_t{1}}});
  const ValueId fc = net.op("fc", "Gemm", {flat, net.weight("fc.weight", {6, 5})});
  const ValueId rows =
      net.op("fct", "Gemm", {fc, net.weight("fct.weight", {7, 5})}, {{"transB", std::int64_t{1}}});
  Graph graph = net.finish({net.op("mm", "MatMul", {rows, net.weight("mm.weight", {7, 3})})});
  place_quantizers(graph, {.weight_bits = 4});

  for (const auto& [layer, axis] :
       std::map<std::string, int>{{"conv", 0}, {"up", 1}, {"fc", 1}, {"fct", 0}, {"mm", 1}}) {
    const Quantizer& quantizer = quantizer_of(graph, layer + ".weight_quant");
    EXPECT_EQ(quantizer.spec, (QuantSpec{.bits = 4,
                                         .narrow_range = true,
                                         .granularity = Granularity::kPerChannel,
                                         .channel_axis = axis}))
        << layer;
    EXPECT_EQ(graph.scale(quantizer.scale).name, layer + ".weight_scale");
    EXPECT_TRUE(graph.scale(quantizer.scale).values.empty());
  }
}

TEST(PlaceWeights, OneBitIsBipolar) {
  Graph graph = test::resnet();
  place_quantizers(graph, {.weight_bits = 1});
  EXPECT_TRUE(quantizer_of(graph, "stem.weight_quant").spec.is_bipolar());
}

TEST(PlaceWeights, EveryReaderOfASharedWeightGetsItsOwnQuant) {
  Network net;
  const ValueId weight = net.weight("shared.weight", {3, 3, 1, 1});
  const ValueId a = net.op("a", "Conv", {net.input(), weight});
  Graph graph = net.finish({net.op("b", "Conv", {a, weight})});
  place_quantizers(graph, {});

  EXPECT_NE(quantizer_of(graph, "a.weight_quant").scale,
            quantizer_of(graph, "b.weight_quant").scale);
}

TEST(PlaceWeights, TheSeedsSnippetsGiveTheBitsAskedFor) {
  const Graph float_graph = make_network("mobilenet_v2", {.width = 0.25, .input = 32});
  const Rule four{.op = "Conv", .spec = {.weight_bits = 4}};
  const Rule grouped{.op = "Conv", .groups = comparison_from("!= 1"), .spec = {.weight_bits = 8}};
  const Rule first{.layer = "features.0.0", .spec = {.weight_bits = 8}};

  Graph graph = float_graph;
  place_quantizers(graph, {.rules = {four, grouped, first}});

  for (const auto& [layer, bits] : weight_bits(graph)) {
    const Node& node = graph.node(*graph.find_layer(layer));
    const bool stays = graph.attribute_or<std::int64_t>(node.id, "group", 1) != 1 ||
                       layer == "features.0.0" || node.op == "Gemm";
    EXPECT_EQ(bits, stays ? 8 : 4) << layer;
  }
  graph = float_graph;
  place_quantizers(graph, {.rule = [](const RuleSubject& subject, Role) {
                     return PartialSpec{.weight_bits = subject.depthwise ? 8 : 4};
                   }});
  EXPECT_EQ(weight_bits(graph).at("features.2.conv.1.0"), 8);
  EXPECT_EQ(weight_bits(graph).at("features.2.conv.0.0"), 4);
  EXPECT_EQ(weight_bits(graph).at("classifier.1"), 4);
}

TEST(PlaceWeights, RulesSayHowAScaleIsFound) {
  Graph graph = test::resnet();
  place_quantizers(graph,
                   {.rules = {{.op = "Conv", .spec = {.weight_method = "max"}},
                              {.layer = "block1.a",
                               .spec = {.weight_method = "percentile", .weight_percentile = 99}}}});

  EXPECT_EQ(quantizer_of(graph, "stem.weight_quant").threshold,
            (ThresholdRequest{.method = "max"}));
  EXPECT_EQ(quantizer_of(graph, "block1.a.weight_quant").threshold,
            (ThresholdRequest{.method = "percentile", .percentile = 99}));
  EXPECT_EQ(quantizer_of(graph, "fc.weight_quant").threshold, ThresholdRequest{});
}

TEST(PlaceWeights, AScaleServesAChannelOrATensor) {
  Graph graph = test::resnet();
  place_quantizers(
      graph,
      {.weight_granularity = Granularity::kPerTensor,
       .rules = {{.layer = "stem", .spec = {.weight_granularity = Granularity::kPerChannel}}}});

  EXPECT_EQ(quantizer_of(graph, "stem.weight_quant").spec.granularity, Granularity::kPerChannel);
  EXPECT_EQ(quantizer_of(graph, "fc.weight_quant").spec.granularity, Granularity::kPerTensor);
  EXPECT_EQ(quantizer_of(graph, "fc.weight_quant").spec.channel_axis, 0);
  EXPECT_EQ(quantizer_of(graph, "fc.bias_quant").spec, (QuantSpec{.bits = 32}));
}

TEST(PlaceWeights, TheBiasOfALinearLayerIsDerived) {
  Graph graph = test::resnet();
  place_quantizers(graph, {});

  const Quantizer& bias = quantizer_of(graph, "fc.bias_quant");
  EXPECT_EQ(bias.kind, QuantizerKind::kDerived);
  EXPECT_EQ(bias.spec, (QuantSpec{.bits = 32, .granularity = Granularity::kPerChannel}));
  EXPECT_EQ(graph.quantizer(bias.factors[0]).name, "fc.pool.output_quant");
  EXPECT_EQ(graph.quantizer(bias.factors[1]).name, "fc.weight_quant");
  EXPECT_FALSE(graph.find_layer("stem.bias_quant"));  // A convolution's bias stays float.
}

TEST(PlaceWeights, ABiasWithoutFittingScaleStaysFloatWithAReason) {
  Network net;
  const ValueId flat = net.op("flat", "Flatten", {net.input()}, {{"axis", std::int64_t{1}}});
  const ValueId a =
      net.op("scaled", "Gemm", {flat, net.weight("a.weight", {192, 4}), net.weight("a.bias", {4})},
             {{"alpha", 2.0F}});
  const ValueId b =
      net.op("scalar", "Gemm", {a, net.weight("b.weight", {4, 4}), net.weight("b.bias", {1})});
  const ValueId c =
      net.op("float", "Gemm", {b, net.weight("c.weight", {4, 4}), net.weight("c.bias", {4})});
  const ValueId d =
      net.op("ruled", "Gemm", {c, net.weight("d.weight", {4, 4}), net.weight("d.bias", {4})});
  Graph graph = net.finish({d});
  const PassReport report = place_quantizers(
      graph, {.rules = {{.layer = "float", .role = Role::kWeight, .spec = {.quantize = false}},
                        {.layer = "ruled", .role = Role::kBias, .spec = {.quantize = false}}}});

  EXPECT_THAT(
      report.notes,
      testing::IsSupersetOf({"kept the bias of 'scaled' float: alpha and beta are not 1",
                             "kept the bias of 'scalar' float: it has not one number per output",
                             "kept the bias of 'float' float: its layer's weight is not quantized",
                             "kept the bias of 'ruled' float: a rule says so"}));
}

}  // namespace
}  // namespace quern
