#include "quern/graph/graph.h"

#include <gmock/gmock.h>

#include "tests/graph/conv_relu.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::add_grid;
using test::ConvRelu;
using test::expect_error;
using testing::ElementsAre;

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

TEST(Graph, SeesTheConstantBehindAQuant) {
  ConvRelu net;
  net.graph.insert_quant(net.w, add_grid(net.graph), "conv.weight_quant");
  EXPECT_THAT(net.graph.constant_behind(net.graph.node(net.conv).inputs[1])->shape(),
              ElementsAre(2, 3, 1, 1));
  EXPECT_EQ(net.graph.constant_behind(net.mid), nullptr);
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
