// Batch norms, factors, terms and activations where no sum stands in front of them, or a function
// that is no line behind one.
#include "tests/lower/ops/lowered_op.h"

namespace quern::test {
namespace {

class LoweredPointwise : public LoweredOp {
 protected:
  /// A convolution that is quantized, `op` and a second grid behind it.
  Graph behind_codes(const std::string& op, int bits = 8) const {
    Network net(3, 8, 1);
    const ValueId conv = net.conv("conv", net.input());
    const ValueId branch = net.op("branch", "Add", {conv, conv});
    const ValueId value = op == "BatchNormalization"
                              ? net.op("relu", "Relu", {net.batchnorm("bn", conv)})
                              : net.op("function", op, {conv});
    return quantized(net.finish({value, branch}), bits, bits);
  }

  Graph behind_sum(const std::string& op) const {
    Network net(3, 8, 2);
    const ValueId value = net.op("function", op, {net.conv("conv", net.input())});
    return quantized(net.finish({net.conv("next", value)}), 8, 8);
  }
};

TEST_F(LoweredPointwise, TakesABatchNormOfCodes) {
  EXPECT_EQ(count_of<IntAffine>(expect_faithful(behind_codes("BatchNormalization"))), 1);
  EXPECT_EQ(count_of<IntAffine>(expect_faithful(behind_codes("BatchNormalization", 4))), 0)
      << "a table per channel is smaller";
  const IntModel exact =
      expect_faithful(behind_codes("BatchNormalization"), {.fold = Fold::kThresholds});
  EXPECT_EQ(count_of<IntAffine>(exact), 0) << "a table is exact";
}

TEST_F(LoweredPointwise, TakesArithmeticWithConstants) {
  for (const std::string op : {"Add", "Sub", "Mul", "Div"}) {
    for (const bool is_first : {false, true}) {
      if (op == "Div" && is_first) continue;
      SCOPED_TRACE(op);
      Network net(3, 8, 4);
      const ValueId conv = net.conv("conv", net.input());
      const ValueId terms = net.constant(
          "terms", Tensor::of<float>({4, 1, 1}, std::vector<float>{0.5F, -2, 3, -0.1F}));
      const std::vector<ValueId> operands =
          is_first ? std::vector{terms, conv} : std::vector{conv, terms};
      expect_lowered(net.finish({net.op("terms", op, operands)}));
    }
  }
}

TEST_F(LoweredPointwise, TakesFunctionsOfCodesAsTables) {
  for (const std::string op :
       {"Elu", "Gelu", "HardSwish", "LeakyRelu", "Mish", "Relu", "Softplus", "Tanh"}) {
    SCOPED_TRACE(op);
    EXPECT_EQ(count_of<IntLookup>(expect_faithful(behind_codes(op))), 1);
  }
}

TEST_F(LoweredPointwise, TakesAGeluByTanhAsItsTable) {
  Network net(3, 8, 1);
  const ValueId conv = net.conv("conv", net.input());
  const ValueId branch = net.op("branch", "Add", {conv, conv});
  const ValueId gelu = net.op("gelu", "Gelu", {conv}, {{"approximate", std::string("tanh")}});
  const Graph graph = quantized(net.finish({gelu, branch}), 8, 8);
  EXPECT_EQ(count_of<IntLookup>(expect_faithful(graph)), 1);
}

TEST_F(LoweredPointwise, TakesRisingFunctionsOfSumsAsThresholds) {
  for (const std::string op : {"Elu", "HardSigmoid", "LeakyRelu", "Sigmoid", "Softplus", "Tanh"}) {
    SCOPED_TRACE(op);
    const IntModel model = expect_faithful(behind_sum(op));
    EXPECT_EQ(kind_of<IntConv>(model, "conv").requantization.rounding, kQuernThresholds);
  }
}

TEST_F(LoweredPointwise, IsRefusedWithTheNearestThing) {
  expect_refused(behind_sum("HardSwish"),
                 "an activation that both rises and falls between it and its grid; an activation "
                 "that reads codes can be lowered: put a Quant in front of it");
  Network net(3, 8, 3);
  const ValueId product =
      net.op("gate", "Mul", {net.conv("a", net.input()), net.conv("b", net.input())});
  expect_network_refused(net.finish({product}),
                         "cannot lower layer 'gate' (Mul): two computed operands");
  Network plane(3, 8, 3);
  const ValueId mask =
      plane.op("mask", "Mul", {plane.conv("a", plane.input()), plane.weight("m", {8, 8})});
  expect_network_refused(plane.finish({mask}), "one number, or one per channel, can be lowered");
}

}  // namespace
}  // namespace quern::test
