#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/ops/op_def.h"
#include "quern/passes/passes.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;
using test::Network;

ValueId to_last(Network& net, ValueId from) {
  return net.op("last", "Transpose", {from}, {{"perm", Integers{0, 2, 3, 1}}});
}

ValueId to_first(Network& net, ValueId from) {
  return net.op("first", "Transpose", {from}, {{"perm", Integers{0, 3, 1, 2}}});
}

ValueId integers(Network& net, const Integers& values) {
  return net.constant("integers", Tensor::of<std::int64_t>({std::ssize(values)}, values));
}

std::vector<std::string> ops(const Graph& graph) {
  std::vector<std::string> result;
  for (const NodeId id : graph.nodes()) result.push_back(graph.node(id).op);
  return result;
}

/// The graph after the pass, which then has nothing left to do.
Graph moved(Network& net, const std::vector<ValueId>& outputs) {
  Graph graph = net.finish(outputs);
  move_transposes(graph);
  graph.erase_dead();
  infer_shapes(graph);
  verify(graph);
  EXPECT_EQ(move_transposes(graph).rewrites, 0);
  return graph;
}

const Node& only(const Graph& graph, std::string_view op) {
  EXPECT_EQ(graph.nodes_of(op).size(), 1u) << op;
  return graph.node(graph.nodes_of(op).at(0));
}

/// A network of channels first whose output is flat, so that no Transpose reaches an output.
ValueId flat(Network& net, ValueId from) {
  return net.op("flat", "Flatten", {net.op("pool", "GlobalAveragePool", {from})});
}

TEST(MoveTransposes, InversesCancelAcrossOpsOfOneValue) {
  Network net;
  ValueId value = to_last(net, net.conv("conv", net.input()));
  for (const char* op : {"Relu", "Sigmoid", "HardSwish"}) value = net.op(op, op, {value});
  const Graph graph = moved(net, {flat(net, net.conv("next", to_first(net, value)))});
  EXPECT_THAT(ops(graph), testing::ElementsAre("Conv", "Relu", "Sigmoid", "HardSwish", "Conv",
                                               "GlobalAveragePool", "Flatten"));
}

TEST(MoveTransposes, AConstantVectorOfChannelsTakesTheirNewPlace) {
  Network net;
  const ValueId last = to_last(net, net.conv("conv", net.input(), {.channels = 4}));
  const ValueId bias = net.constant("bias", Tensor::of<float>({4}, {1, 2, 3, 4}));
  const ValueId sum = net.op("add", "Add", {bias, last});
  const Graph graph = moved(net, {flat(net, to_first(net, sum))});

  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  EXPECT_EQ(*graph.constant_behind(only(graph, "Add").inputs[0]),
            Tensor::of<float>({1, 4, 1, 1}, {1, 2, 3, 4}));
}

TEST(MoveTransposes, AConstantThatOthersReadIsCopied) {
  Network net;
  const ValueId conv = net.conv("conv", net.input(), {.channels = 8});
  const ValueId factor = net.weight("factor", {8});
  const ValueId last = net.op("last", "Mul", {to_last(net, conv), factor});
  const ValueId first = net.op("first", "Mul", {conv, factor});  // Along the width of 8.
  const Graph graph = moved(net, {flat(net, to_first(net, last)), flat(net, first)});

  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  EXPECT_EQ(graph.constant_behind(graph.node(*graph.find_layer("first")).inputs[1])->shape(),
            (Shape{8}));
}

TEST(MoveTransposes, BothSidesOfAJoinMove) {
  Network net;
  const ValueId a = to_last(net, net.conv("a", net.input()));
  const ValueId b = to_last(net, net.conv("b", net.input()));
  const ValueId joined = net.op("join", "Concat", {a, b}, {{"axis", std::int64_t{-1}}});
  const Graph graph = moved(net, {flat(net, to_first(net, joined))});

  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  EXPECT_EQ(graph.attribute_or<std::int64_t>(only(graph, "Concat").id, "axis", 0), 1);
}

TEST(MoveTransposes, AJoinWithAnotherOrderKeepsItsTransposes) {
  Network net;
  const ValueId a = to_last(net, net.conv("a", net.input(), {.channels = 8}));
  const ValueId sum = net.op("add", "Add", {a, net.conv("b", net.input(), {.channels = 8})});
  Graph graph = net.finish({flat(net, sum)});
  EXPECT_EQ(move_transposes(graph).rewrites, 0);
}

TEST(MoveTransposes, AxesAndPadsFollow) {
  Network net;
  ValueId value = to_last(net, net.conv("conv", net.input(), {.channels = 4}));
  value = net.op("pad", "Pad", {value, integers(net, {0, 1, 2, 0, 0, 3, 4, 0})});
  value =
      net.op("slice", "Slice", {value, integers(net, {1}), integers(net, {3}), integers(net, {3})});
  value = net.op("tile", "Tile", {value, integers(net, {1, 1, 1, 3})});
  value = net.op("softmax", "Softmax", {value}, {{"axis", std::int64_t{-1}}});
  const Graph graph = moved(net, {flat(net, to_first(net, value))});

  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  EXPECT_EQ(to_vector<std::int64_t>(*graph.constant_behind(only(graph, "Pad").inputs[1])),
            (Integers{0, 0, 1, 2, 0, 0, 3, 4}));
  EXPECT_EQ(to_vector<std::int64_t>(*graph.constant_behind(only(graph, "Slice").inputs[3])),
            Integers{1});
  EXPECT_EQ(to_vector<std::int64_t>(*graph.constant_behind(only(graph, "Tile").inputs[1])),
            (Integers{1, 3, 1, 1}));
  EXPECT_EQ(graph.attribute_or<std::int64_t>(only(graph, "Softmax").id, "axis", 0), 1);
  EXPECT_EQ(to_string(*graph.value(only(graph, "Slice").outputs[0]).dims), "[N, 2, 12, 14]");
}

TEST(MoveTransposes, AResizeMovesUntilItsAxesWouldBeChannels) {
  const auto resized = [](const std::vector<float>& scales) {
    Network net;
    ValueId value = to_last(net, net.conv("conv", net.input(), {.channels = 4}));
    value = net.op("up", "Resize",
                   {value, ValueId{}, net.constant("scales", Tensor::of<float>({4}, scales))},
                   {{"mode", std::string("nearest")}});
    return moved(net, {flat(net, to_first(net, value))});
  };
  const Graph graph = resized({1, 1, 2, 1});
  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  EXPECT_EQ(to_vector<float>(*graph.constant_behind(only(graph, "Resize").inputs[2])),
            (std::vector<float>{1, 1, 1, 2}));
  EXPECT_EQ(resized({1, 1, 1, 2}).nodes_of("Transpose").size(), 2);
}

TEST(MoveTransposes, ASplitMovesAllItsOutputs) {
  Network net;
  const ValueId last = to_last(net, net.conv("conv", net.input(), {.channels = 4}));
  const ValueId half =
      net.op("split", "Split", {last, integers(net, {4})}, {{"axis", std::int64_t{3}}});
  const Graph graph = moved(net, {flat(net, to_first(net, half))});
  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  EXPECT_EQ(graph.attribute_or<std::int64_t>(only(graph, "Split").id, "axis", 0), 1);
}

TEST(MoveTransposes, AMeanOverChannelsLastSpaceIsOneOverSpace) {
  Network net;
  const ValueId last = to_last(net, net.conv("conv", net.input()));
  const ValueId mean = net.op("mean", "ReduceMean", {last},
                              {{"axes", Integers{1, 2}}, {"keepdims", std::int64_t{0}}});
  const ValueId row = net.op("relu", "Relu", {mean});
  const Graph graph = moved(net, {row});
  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  EXPECT_EQ(graph.attribute_or<Integers>(only(graph, "ReduceMean").id, "axes", {}),
            (Integers{2, 3}));
}

TEST(MoveTransposes, AMeanMayBeAnOutput) {
  Network net;
  const ValueId last = to_last(net, net.conv("conv", net.input()));
  const ValueId mean = net.op("mean", "ReduceMean", {last},
                              {{"axes", Integers{1, 2}}, {"keepdims", std::int64_t{0}}});
  const Graph graph = moved(net, {mean});
  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  EXPECT_EQ(graph.value(graph.outputs()[0]).dims->size(), 2u);
}

TEST(MoveTransposes, ASqueezeOfSpaceLeavesNoTranspose) {
  Network net;
  const ValueId pooled = net.op("pool", "GlobalAveragePool", {net.input()});
  const ValueId row = net.op("row", "Squeeze", {to_last(net, pooled), integers(net, {1, 2})});
  const Graph graph = moved(net, {net.op("relu", "Relu", {row})});
  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  EXPECT_EQ(to_vector<std::int64_t>(*graph.constant_behind(only(graph, "Squeeze").inputs[1])),
            (Integers{2, 3}));
}

TEST(MoveTransposes, AReshapeToOnesTakesTheTransposeUp) {
  Network net;
  const ValueId row = flat(net, net.input());
  const ValueId picture = net.op("reshape", "Reshape", {row, integers(net, {-1, 1, 1, 3})});
  const Graph graph = moved(net, {net.conv("conv", to_first(net, picture), {.kernel = 1})});
  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  EXPECT_EQ(to_vector<std::int64_t>(*graph.constant_behind(only(graph, "Reshape").inputs[1])),
            (Integers{0, 3, 1, 1}));
}

TEST(MoveTransposes, AMatrixBehindAFlattenIsRenumbered) {
  Network net(2, 2);  // [N, 2, 2, 2]
  const ValueId row =
      net.op("flat", "Flatten", {to_last(net, net.conv("conv", net.input(), {.channels = 2}))});
  const ValueId weight =
      net.constant("weight", Tensor::of<float>({1, 8}, {0, 1, 2, 3, 4, 5, 6, 7}));
  const ValueId right = net.constant("right", Tensor::of<float>({8, 1}, {0, 1, 2, 3, 4, 5, 6, 7}));
  const Graph graph =
      moved(net, {net.op("fc", "Gemm", {row, weight}, {{"transB", std::int64_t{1}}}),
                  net.op("product", "MatMul", {row, right})});

  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  // Element (h, w, c) was number 4h + 2w + c and is number 4c + 2h + w.
  const std::vector<float> renumbered = {0, 2, 4, 6, 1, 3, 5, 7};
  EXPECT_EQ(to_vector<float>(*graph.constant_behind(only(graph, "Gemm").inputs[1])), renumbered);
  EXPECT_EQ(to_vector<float>(*graph.constant_behind(only(graph, "MatMul").inputs[1])), renumbered);
}

TEST(MoveTransposes, AFlattenOfAnOutputKeepsItsOrder) {
  Network net;
  const ValueId row = net.op("flat", "Flatten", {to_last(net, net.conv("conv", net.input()))});
  const Graph graph = moved(net, {row});
  EXPECT_EQ(graph.nodes_of("Transpose").size(), 1u);
}

TEST(MoveTransposes, AGridPerChannelMovesWithItsAxis) {
  Network net;
  const ValueId last = to_last(net, net.conv("conv", net.input(), {.channels = 2}));
  const ValueId same = net.op("same", "Relu", {last});
  Graph graph = net.finish({flat(net, to_first(net, same))});
  Quantizer entry;
  entry.name = "grid";
  entry.spec = {.granularity = Granularity::kPerChannel, .channel_axis = 3};
  entry.scale = graph.add_scale({{}, "scale", {0.5F, 0.25F}});
  const QuantizerId id = graph.add_quantizer(entry);
  graph.insert_quant(same, id, "quant");
  infer_shapes(graph);

  move_transposes(graph);
  infer_shapes(graph);
  verify(graph);
  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  EXPECT_EQ(graph.quantizer(id).spec.channel_axis, 1);
}

TEST(MoveTransposes, AnInputThatOnlyTransposesReadIsChannelsFirst) {
  Network net;
  const Graph graph =
      moved(net, {flat(net, net.op("conv", "Conv",
                                   {to_first(net, net.input()), net.weight("w", {4, 8, 1, 1})}))});
  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  EXPECT_EQ(to_string(*graph.value(graph.inputs()[0]).dims), "[N, 8, 3, 8]");
  EXPECT_EQ(graph.value(graph.inputs()[0]).name, "input");
}

TEST(MoveTransposes, AnInputIsChannelsFirstAcrossArithmetic) {
  Network net;
  const ValueId scaled = net.op("scale", "Mul", {net.input(), net.weight("factor", {8})});
  const ValueId shifted = net.op("shift", "Sub", {scaled, net.weight("mean", {1})});
  const ValueId conv =
      net.op("conv", "Conv", {to_first(net, shifted), net.weight("w", {4, 8, 1, 1})});
  const Graph graph = moved(net, {flat(net, conv)});
  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
  EXPECT_EQ(to_string(*graph.value(graph.inputs()[0]).dims), "[N, 8, 3, 8]");
  EXPECT_EQ(graph.constant_behind(only(graph, "Mul").inputs[1])->shape(), (Shape{1, 8, 1, 1}));
}

TEST(MoveTransposes, AnInputThatIsReadAsItIsStays) {
  Network net;
  const ValueId first = to_first(net, net.input());
  const Graph graph = moved(net, {flat(net, net.conv("a", net.input())), flat(net, first)});
  EXPECT_EQ(to_string(*graph.value(graph.inputs()[0]).dims), "[N, 3, 8, 8]");
  EXPECT_EQ(graph.nodes_of("Transpose").size(), 1u);
}

TEST(MoveTransposes, AnOutputKeepsItsOrderAndName) {
  Network net;
  const ValueId last = to_last(net, net.conv("conv", net.input()));
  const ValueId relu = net.op("relu", "Relu", {last});
  const ValueId sigmoid = net.op("sigmoid", "Sigmoid", {relu});
  const Graph graph = moved(net, {sigmoid});
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 8, 8, 4]");
  EXPECT_THAT(ops(graph), testing::ElementsAre("Conv", "Relu", "Transpose", "Sigmoid"));
}

TEST(MoveTransposes, ATransposeOfNothingGoes) {
  Network net;
  const ValueId same = net.op("same", "Transpose", {net.conv("conv", net.input())},
                              {{"perm", Integers{0, 1, 2, 3}}});
  const Graph graph = moved(net, {flat(net, same)});
  EXPECT_TRUE(graph.nodes_of("Transpose").empty());
}

}  // namespace
}  // namespace quern
