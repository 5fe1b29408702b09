// Gemm and MatMul.
#include "tests/lower/ops/lowered_op.h"

namespace quern::test {
namespace {

class LoweredLinear : public LoweredOp {
 protected:
  static ValueId flattened(Network& net, ValueId value) {
    return net.op("flatten", "Flatten", {value}, {{"axis", std::int64_t{1}}});
  }
};

TEST_F(LoweredLinear, ReadsAPictureInTheOrderOfItsFlatten) {
  for (const std::int64_t transposed : {0, 1}) {
    Network net(3, 8, 1);
    const ValueId row = flattened(net, net.conv("conv", net.input(), {.channels = 2, .stride = 2}));
    const Shape shape = transposed != 0 ? Shape{5, 32} : Shape{32, 5};
    const ValueId value = net.op("fc", "Gemm", {row, net.weight("w", shape), net.weight("b", {5})},
                                 {{"transB", transposed}});
    const IntModel model = expect_lowered(net.finish({value}));
    EXPECT_EQ(kind_of<IntConv>(model, "fc").window.height, 4);
  }
}

TEST_F(LoweredLinear, TakesItsFactors) {
  Network net(3, 8, 2);
  const ValueId value = net.op(
      "fc", "Gemm", {flattened(net, net.input()), net.weight("w", {192, 4}), net.weight("b", {4})},
      {{"alpha", 0.25F}, {"beta", 2.0F}});
  expect_lowered(net.finish({value}), {}, 8, 40);
}

TEST_F(LoweredLinear, TakesAMatMulAndTheTermBehindIt) {
  Network net(3, 8, 3);
  const ValueId product =
      net.op("fc", "MatMul", {flattened(net, net.input()), net.weight("w", {192, 4})});
  const ValueId value = net.op("term", "Add", {product, net.weight("b", {4})});
  expect_lowered(net.finish({value}), {}, 8, 40);
}

TEST_F(LoweredLinear, AnswersWithAccumulatorsWhereNoGridFollows) {
  Network net(3, 8, 4);
  Graph graph = quantized(net.finish({net.head("fc", net.conv("conv", net.input()))}), 8, 8);
  graph.bypass(*graph.find_layer("fc.output_quant"));
  const IntModel model = expect_faithful(graph, {}, /*rare=*/1);
  const IntTensor& output = model.tensors[static_cast<std::size_t>(model.outputs[0])];
  EXPECT_EQ(output.bits, 32);
  EXPECT_EQ(output.scale.size(), 5U);
}

TEST_F(LoweredLinear, IsRefusedWithTheNearestThing) {
  Network net(3, 8, 5);
  const ValueId a = flattened(net, net.input());
  const Graph graph = net.finish(
      {net.op("fc", "Gemm", {a, net.weight("w", {1, 4})}, {{"transA", std::int64_t{1}}})});
  Graph on_grids = graph;
  expect_refused(on_grids, "transA = 0 can be lowered");
  Network rows(3, 8, 5);
  expect_network_refused(
      rows.finish({rows.op("mm", "MatMul", {rows.input(), rows.weight("w", {8, 2})})}),
      "[N, inputs] by a constant [inputs, outputs] can be lowered");
}

}  // namespace
}  // namespace quern::test
