#include "quern/analysis/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/network.h"

namespace quern {
namespace {

using test::Network;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

auto finding(const std::string& layer, const std::string& rule, const std::string& part = "") {
  return AllOf(Field(&Finding::layer, layer), Field(&Finding::rule, rule),
               Field(&Finding::message, HasSubstr(part)));
}

ScaleId add_scale(Graph& graph, float value = 0.5F) { return graph.add_scale({{}, "s", {value}}); }

/// Puts a Quant named `layer` on a value.
void insert(Graph& graph, const std::string& value, const std::string& layer, const QuantSpec& spec,
            ScaleId scale = {}, std::int32_t zero_point = 0) {
  Quantizer quantizer;
  quantizer.name = layer;
  quantizer.spec = spec;
  quantizer.scale = scale ? scale : add_scale(graph);
  if (zero_point != 0) quantizer.zero_point = {zero_point};
  graph.insert_quant(*graph.find_value(value), graph.add_quantizer(quantizer), layer);
}

const QuantSpec kSigned{.bits = 8};
const QuantSpec kUnsigned{.bits = 8, .is_signed = false};
const QuantSpec kWeight{.bits = 8, .narrow_range = true};

/// input → Quant → conv → Relu → Quant, with nothing to complain about.
Graph clean() {
  Network net;
  Graph graph = net.finish({net.op("relu", "Relu", {net.conv("conv", net.input())})});
  insert(graph, "input", "input.quant", kSigned);
  insert(graph, "conv.weight", "conv.weight_quant", kWeight);
  insert(graph, "relu.out", "relu.quant", kUnsigned);
  return graph;
}

/// The clean graph whose Quant `layer` lies on another grid.
Graph with_spec(const std::string& layer, const QuantSpec& spec) {
  Graph graph = clean();
  graph.quantizer(graph.node(*graph.find_layer(layer)).quantizer).spec = spec;
  return graph;
}

TEST(LintFinn, AcceptsAFreeBatch) { EXPECT_TRUE(lint_finn(clean()).empty()); }

TEST(LintFinn, NamesAFreeExtent) {
  Graph graph = clean();
  graph.set_type(graph.inputs()[0], DType::kFloat32, Dims{{-1, "N"}, {3, ""}, {-1, "H"}, {8, ""}});
  EXPECT_THAT(lint_finn(graph),
              ElementsAre(finding("input", "static_shape", "axis 2 of [N, 3, H, 8] is free")));
}

TEST(LintFinn, NamesAnAsymmetricQuantizer) {
  QuantSpec spec = kUnsigned;
  spec.symmetric = false;
  EXPECT_THAT(lint_finn(with_spec("relu.quant", spec)),
              ElementsAre(finding("relu.quant", "zero_point")));

  Graph graph = clean();
  graph.quantizer(graph.node(*graph.find_layer("relu.quant")).quantizer).zero_point = {3};
  EXPECT_THAT(lint_finn(graph), ElementsAre(finding("relu.quant", "zero_point")));
}

TEST(LintFinn, NamesAnUnsignedIdentity) {
  EXPECT_THAT(lint_finn(with_spec("input.quant", kUnsigned)),
              ElementsAre(finding("input.quant", "identity", "no Relu is in front of it")));
}

TEST(LintFinn, NamesASignedOrNarrowGridBehindARelu) {
  EXPECT_THAT(lint_finn(with_spec("relu.quant", kSigned)),
              ElementsAre(finding("relu.quant", "relu", "signed")));
  QuantSpec narrow = kUnsigned;
  narrow.narrow_range = true;
  EXPECT_THAT(lint_finn(with_spec("relu.quant", narrow)),
              ElementsAre(finding("relu.quant", "relu", "narrow")));
}

TEST(LintFinn, NamesAForkedWeight) {
  Network net;
  const ValueId weight = net.weight("w", {3, 3, 1, 1});
  const ValueId a = net.op("a", "Conv", {net.input(), weight});
  Graph graph = net.finish({net.op("b", "Conv", {a, weight})});
  insert(graph, "input", "input.quant", kSigned);
  insert(graph, "a.out", "a.quant", kSigned);
  insert(graph, "w", "w.quant", kWeight);

  EXPECT_THAT(lint_finn(graph), ElementsAre(finding("w.quant", "weight_fork", "'a' and 'b' read")));
}

TEST(LintFinn, NamesAReaderThatCanNotTakeAScale) {
  Network net;
  const ValueId w = net.weight("w", {3, 4});
  Graph graph = net.finish({net.op("flat", "Flatten", {w})});
  insert(graph, "w", "w.quant", kWeight);

  EXPECT_THAT(lint_finn(graph), Contains(finding("w.quant", "weight_reader", "Flatten 'flat'")));
}

TEST(LintFinn, NamesScalesAlongTheWrongAxis) {
  QuantSpec spec = kWeight;
  spec.granularity = Granularity::kPerChannel;
  spec.channel_axis = 1;
  EXPECT_THAT(lint_finn(with_spec("conv.weight_quant", spec)),
              ElementsAre(finding("conv.weight_quant", "weight_scale", "FINN needs axis 0")));
  EXPECT_TRUE(lint_finn(with_spec("relu.quant",
                                  [] {
                                    QuantSpec per_channel = kUnsigned;
                                    per_channel.granularity = Granularity::kPerChannel;
                                    per_channel.channel_axis = 1;
                                    return per_channel;
                                  }()))
                  .empty());
}

TEST(LintFinn, NamesScalesOfAnActivationAlongTheWrongAxis) {
  QuantSpec spec = kUnsigned;
  spec.granularity = Granularity::kPerChannel;
  spec.channel_axis = 2;
  EXPECT_THAT(lint_finn(with_spec("relu.quant", spec)),
              ElementsAre(finding("relu.quant", "activation_scale", "axis 2")));
}

TEST(LintFinn, NamesWideActivations) {
  QuantSpec spec = kUnsigned;
  spec.bits = 9;
  EXPECT_THAT(lint_finn(with_spec("relu.quant", spec)),
              ElementsAre(finding("relu.quant", "activation_bits", "9 bits")));
}

TEST(LintFinn, NamesABipolarScaleOtherThanOne) {
  EXPECT_THAT(lint_finn(with_spec("input.quant", {.bits = 1})),
              ElementsAre(finding("input.quant", "bipolar_scale", "0.5")));
  Graph graph = with_spec("input.quant", {.bits = 1});
  const NodeId quant = *graph.find_layer("input.quant");
  graph.scale(graph.quantizer(graph.node(quant).quantizer).scale).values = {1.0F};
  EXPECT_TRUE(lint_finn(graph).empty());
}

TEST(LintFinn, NamesAnotherRounding) {
  QuantSpec spec = kSigned;
  spec.rounding = Rounding::kFloor;
  EXPECT_THAT(lint_finn(with_spec("input.quant", spec)),
              ElementsAre(finding("input.quant", "rounding", "FLOOR")));
}

TEST(LintFinn, NamesAddsOfDifferentScales) {
  Network net;
  const ValueId a = net.conv("a", net.input());
  const ValueId b = net.conv("b", net.input());
  Graph graph = net.finish({net.op("add", "Add", {a, b})});
  for (const std::string layer : {"a", "b"})
    insert(graph, layer + ".weight", layer + ".weight_quant", kWeight);
  insert(graph, "input", "input.quant", kSigned);
  insert(graph, "a.out", "a.quant", kSigned, add_scale(graph, 0.5F));
  EXPECT_THAT(lint_finn(graph),
              ElementsAre(finding("add", "shared_scale", "'b.out' is not quantized")));

  Graph different = graph;
  insert(different, "b.out", "b.quant", kSigned, add_scale(different, 0.25F));
  EXPECT_THAT(lint_finn(different),
              ElementsAre(finding("add", "shared_scale", "'a.quant' and 'b.quant' meet at it")));

  insert(graph, "b.out", "b.quant", kSigned, add_scale(graph, 0.5F));
  EXPECT_TRUE(lint_finn(graph).empty());  // Equal in value is enough.
}

TEST(LintFinn, NamesConcatsOfDifferentSigns) {
  Network net;
  const ValueId a = net.op("relu", "Relu", {net.input()});
  Graph graph =
      net.finish({net.op("cat", "Concat", {net.input(), a}, {{"axis", std::int64_t{1}}})});
  const ScaleId scale = add_scale(graph);
  insert(graph, "relu.out", "relu.quant", kUnsigned, scale);
  insert(graph, "input", "input.quant", kSigned, scale);
  EXPECT_THAT(lint_finn(graph), ElementsAre(finding("cat", "shared_scale", "different signs")));
}

TEST(LintFinn, NamesWhatIsNotQuantized) {
  Network net;
  const Graph graph = net.finish({net.conv("conv", net.input())});
  EXPECT_THAT(lint_finn(graph), ElementsAre(finding("conv", "quantized_input", "'input'"),
                                            finding("conv", "quantized_weight", "'conv.weight'")));
}

TEST(LintFinn, NamesAProductOfActivations) {
  Network net;
  const Graph graph = net.finish({net.op("mm", "MatMul", {net.input(), net.input()})});
  EXPECT_THAT(lint_finn(graph), ElementsAre(finding("mm", "quantized_weight", "constant weight")));
}

TEST(LintFinn, NamesOpsThatFinnLacks) {
  Network net;
  const ValueId clipped = net.clip("clip", net.input(), -1, 1);
  const ValueId leaky = net.op("leaky", "LeakyRelu", {clipped}, {{"alpha", 0.1F}});
  const Graph graph = net.finish({net.op("prob", "Softmax", {leaky})});
  EXPECT_THAT(lint_finn(graph), ElementsAre(finding("clip", "op", "FINN has no Clip"),
                                            finding("leaky", "op", "FINN has no LeakyRelu"),
                                            finding("prob", "op", "let the host compute it")));
}

}  // namespace
}  // namespace quern
