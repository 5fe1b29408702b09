#include "quern/graph/graph.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// x → Conv(w) → Relu → y
struct ConvRelu {
  Graph graph;
  ValueId x, w, mid, y;
  NodeId conv, relu;

  ConvRelu() {
    x = graph.add_input("x", DType::kFloat32, {{-1, "N"}, {3, ""}, {4, ""}, {4, ""}});
    w = graph.add_constant("conv.weight", Tensor(DType::kFloat32, {2, 3, 1, 1}));
    mid = graph.add_value("mid");
    y = graph.add_value("y");
    conv = graph.add_node({.layer = "conv", .op = "Conv", .inputs = {x, w}, .outputs = {mid}});
    relu = graph.add_node({.layer = "", .op = "Relu", .inputs = {mid}, .outputs = {y}});
    graph.add_output(y);
  }
};

QuantizerId add_grid(Graph& graph, std::vector<float> scale = {0.5F}) {
  const ScaleId id = graph.add_scale({.name = "s", .values = std::move(scale)});
  return graph.add_quantizer({.name = "q", .scale = id});
}

TEST(Graph, NamesLayersWithoutANameByOpAndIndex) {
  const ConvRelu net;
  EXPECT_EQ(net.graph.node(net.relu).layer, "Relu_1");
  EXPECT_EQ(net.graph.find_layer("conv"), net.conv);
}

TEST(Graph, GivesATakenNameASuffix) {
  ConvRelu net;
  const ValueId other = net.graph.add_value("y");
  const NodeId node =
      net.graph.add_node({.layer = "conv", .op = "Relu", .inputs = {net.y}, .outputs = {other}});
  EXPECT_EQ(net.graph.value(other).name, "y_2");
  EXPECT_EQ(net.graph.node(node).layer, "conv_2");
}

TEST(Graph, RefusesASecondProducer) {
  ConvRelu net;
  expect_error(ErrorCode::kParse, "layer 'twin' computes 'y', which is already defined", [&] {
    net.graph.add_node({.layer = "twin", .op = "Relu", .inputs = {net.x}, .outputs = {net.y}});
  });
}

TEST(Graph, KnowsProducersAndReaders) {
  const ConvRelu net;
  EXPECT_EQ(net.graph.producer(net.x), nullptr);
  EXPECT_EQ(net.graph.producer(net.y)->id, net.relu);
  EXPECT_THAT(net.graph.uses(net.mid), ElementsAre(Graph::Use{net.relu, 0}));
  EXPECT_EQ(net.graph.use_count(net.y), 1);  // the graph output
}

TEST(Graph, InsertsAQuantInFrontOfEveryReader) {
  ConvRelu net;
  const NodeId quant = net.graph.insert_quant(net.mid, add_grid(net.graph), "conv.quant");
  const ValueId quantized = net.graph.node(quant).outputs[0];
  EXPECT_THAT(net.graph.node(net.relu).inputs, ElementsAre(quantized));
  EXPECT_THAT(net.graph.uses(net.mid), ElementsAre(Graph::Use{quant, 0}));
  EXPECT_EQ(net.graph.quant_of(quantized)->id, quant);
}

TEST(Graph, AQuantOnAnOutputLeavesTheOutputItsName) {
  ConvRelu net;
  net.graph.insert_quant(net.y, add_grid(net.graph), "relu.quant");
  EXPECT_EQ(net.graph.value(net.graph.outputs()[0]).name, "y");
  EXPECT_EQ(net.graph.value(net.y).name, "y.quant");
  EXPECT_EQ(net.graph.find_value("y"), net.graph.outputs()[0]);
}

TEST(Graph, InsertsAQuantInFrontOfTheReadersListed) {
  ConvRelu net;
  const ValueId z = net.graph.add_value("z");
  const NodeId second =
      net.graph.add_node({.layer = "r2", .op = "Relu", .inputs = {net.mid}, .outputs = {z}});
  net.graph.insert_quant(net.mid, add_grid(net.graph), "q", {{second, 0}});
  EXPECT_THAT(net.graph.node(net.relu).inputs, ElementsAre(net.mid));
  EXPECT_NE(net.graph.node(second).inputs[0], net.mid);
}

TEST(Graph, SeesTheConstantBehindAQuant) {
  ConvRelu net;
  net.graph.insert_quant(net.w, add_grid(net.graph), "conv.weight_quant");
  EXPECT_THAT(net.graph.constant_behind(net.graph.node(net.conv).inputs[1])->shape(),
              ElementsAre(2, 3, 1, 1));
  EXPECT_EQ(net.graph.constant_behind(net.mid), nullptr);
}

TEST(Graph, BypassKeepsTheNameOfAnOutput) {
  ConvRelu net;
  net.graph.bypass(net.relu);
  EXPECT_THAT(net.graph.outputs(), ElementsAre(net.mid));
  EXPECT_EQ(net.graph.value(net.mid).name, "y");
  EXPECT_EQ(net.graph.find_value("y"), net.mid);
  EXPECT_EQ(net.graph.find_value("mid"), std::nullopt);
}

TEST(Graph, ErasesWhatNoOutputNeeds) {
  ConvRelu net;
  const ValueId dead = net.graph.add_value("dead");
  const ValueId alone = net.graph.add_constant("alone", Tensor::scalar(1.0F));
  net.graph.add_node({.layer = "dead", .op = "Relu", .inputs = {net.mid}, .outputs = {dead}});
  EXPECT_EQ(net.graph.erase_dead(), 1);
  EXPECT_THAT(net.graph.nodes(), ElementsAre(net.conv, net.relu));
  EXPECT_EQ(net.graph.find_value("alone"), std::nullopt);
  EXPECT_FALSE(net.graph.is_output(alone));
}

TEST(Graph, EraseRefusesANodeThatIsRead) {
  ConvRelu net;
  expect_error(ErrorCode::kInternal, "'mid' is still read",
               [&] { net.graph.erase_node(net.conv); });
}

TEST(Graph, RemovingAnInputMovesTheLaterOnes) {
  ConvRelu net;
  const ValueId bias = net.graph.add_constant("bias", Tensor(DType::kFloat32, {2}));
  net.graph.append_input(net.conv, bias);
  net.graph.remove_input(net.conv, 1);
  EXPECT_THAT(net.graph.node(net.conv).inputs, ElementsAre(net.x, bias));
  EXPECT_THAT(net.graph.uses(bias), ElementsAre(Graph::Use{net.conv, 1}));
  EXPECT_THAT(net.graph.uses(net.w), IsEmpty());
}

TEST(Graph, CopiesAreIndependent) {
  const ConvRelu net;
  Graph copy = net.graph;
  copy.set_constant(net.w, Tensor::of<float>({1}, {5}));
  copy.set_attribute(net.conv, "group", std::int64_t{3});
  EXPECT_THAT(net.graph.value(net.w).constant->shape(), ElementsAre(2, 3, 1, 1));
  EXPECT_EQ(net.graph.attribute(net.conv, "group"), nullptr);
}

TEST(Graph, AttributesOfAnotherTypeAreNamed) {
  ConvRelu net;
  net.graph.set_attribute(net.conv, "group", std::int64_t{3});
  EXPECT_EQ(net.graph.attribute_or(net.conv, "group", std::int64_t{1}), 3);
  EXPECT_EQ(net.graph.attribute_or(net.conv, "auto_pad", std::string("NOTSET")), "NOTSET");
  expect_error(ErrorCode::kParse, "layer 'conv': the attribute 'group' has an unexpected type",
               [&] { net.graph.attribute_or(net.conv, "group", 1.0F); });
}

TEST(Graph, DerivedScaleIsTheProductOfItsFactors) {
  Graph graph;
  const QuantizerId input = add_grid(graph, {0.5F});
  const QuantizerId weight = add_grid(graph, {0.25F, 2.0F});
  const QuantizerId bias = graph.add_quantizer(
      {.name = "b", .kind = QuantizerKind::kDerived, .factors = {input, weight}});
  EXPECT_THAT(graph.params(bias).scale, ElementsAre(0.125F, 1.0F));
  EXPECT_THAT(graph.params(bias).zero_point, ElementsAre(0, 0));
}

TEST(Graph, AnUnknownScaleIsAnErrorThatNamesTheQuantizer) {
  Graph graph;
  const QuantizerId id = add_grid(graph, {});
  expect_error(ErrorCode::kInvalidArgument, "quantizer 'q': its scale is not known yet",
               [&] { graph.params(id); });
}

TEST(Graph, SharedScaleChangesForAllItsQuantizers) {
  Graph graph;
  const ScaleId scale = graph.add_scale({.name = "add"});
  const QuantizerId a = graph.add_quantizer({.name = "a", .scale = scale});
  const QuantizerId b =
      graph.add_quantizer({.name = "b", .spec = {.is_signed = false}, .scale = scale});
  graph.scale(scale).values = {0.1F};
  EXPECT_EQ(graph.params(a).scale, graph.params(b).scale);
}

}  // namespace
}  // namespace quern
