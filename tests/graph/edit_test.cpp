#include <gmock/gmock.h>

#include "quern/graph/graph.h"
#include "tests/graph/conv_relu.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::add_grid;
using test::ConvRelu;
using test::expect_error;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(GraphEdit, InsertsAQuantInFrontOfEveryReader) {
  ConvRelu net;
  const NodeId quant = net.graph.insert_quant(net.mid, add_grid(net.graph), "conv.quant");
  const ValueId quantized = net.graph.node(quant).outputs[0];
  EXPECT_THAT(net.graph.node(net.relu).inputs, ElementsAre(quantized));
  EXPECT_THAT(net.graph.uses(net.mid), ElementsAre(Graph::Use{quant, 0}));
  EXPECT_EQ(net.graph.quant_of(quantized)->id, quant);
}

TEST(GraphEdit, AQuantOnAnOutputLeavesTheOutputItsName) {
  ConvRelu net;
  net.graph.insert_quant(net.y, add_grid(net.graph), "relu.quant");
  EXPECT_EQ(net.graph.value(net.graph.outputs()[0]).name, "y");
  EXPECT_EQ(net.graph.value(net.y).name, "y.quant");
  EXPECT_EQ(net.graph.find_value("y"), net.graph.outputs()[0]);
}

TEST(GraphEdit, InsertsAQuantInFrontOfTheReadersListed) {
  ConvRelu net;
  const ValueId z = net.graph.add_value("z");
  const NodeId second =
      net.graph.add_node({.layer = "r2", .op = "Relu", .inputs = {net.mid}, .outputs = {z}});
  net.graph.insert_quant(net.mid, add_grid(net.graph), "q", {{second, 0}});
  EXPECT_THAT(net.graph.node(net.relu).inputs, ElementsAre(net.mid));
  EXPECT_NE(net.graph.node(second).inputs[0], net.mid);
}

TEST(GraphEdit, BypassKeepsTheNameOfAnOutput) {
  ConvRelu net;
  net.graph.bypass(net.relu);
  EXPECT_THAT(net.graph.outputs(), ElementsAre(net.mid));
  EXPECT_EQ(net.graph.value(net.mid).name, "y");
  EXPECT_EQ(net.graph.find_value("y"), net.mid);
  EXPECT_EQ(net.graph.find_value("mid"), std::nullopt);
}

TEST(GraphEdit, ErasesWhatNoOutputNeeds) {
  ConvRelu net;
  const ValueId dead = net.graph.add_value("dead");
  const ValueId alone = net.graph.add_constant("alone", Tensor::scalar(1.0F));
  net.graph.add_node({.layer = "dead", .op = "Relu", .inputs = {net.mid}, .outputs = {dead}});
  EXPECT_EQ(net.graph.erase_dead(), 1);
  EXPECT_THAT(net.graph.nodes(), ElementsAre(net.conv, net.relu));
  EXPECT_EQ(net.graph.find_value("alone"), std::nullopt);
  EXPECT_FALSE(net.graph.is_output(alone));
}

TEST(GraphEdit, EraseRefusesANodeThatIsRead) {
  ConvRelu net;
  expect_error(ErrorCode::kInternal, "'mid' is still read",
               [&] { net.graph.erase_node(net.conv); });
}

TEST(GraphEdit, RemovingAnInputMovesTheLaterOnes) {
  ConvRelu net;
  const ValueId bias = net.graph.add_constant("bias", Tensor(DType::kFloat32, {2}));
  net.graph.append_input(net.conv, bias);
  net.graph.remove_input(net.conv, 1);
  EXPECT_THAT(net.graph.node(net.conv).inputs, ElementsAre(net.x, bias));
  EXPECT_THAT(net.graph.uses(bias), ElementsAre(Graph::Use{net.conv, 1}));
  EXPECT_THAT(net.graph.uses(net.w), IsEmpty());
}

}  // namespace
}  // namespace quern
