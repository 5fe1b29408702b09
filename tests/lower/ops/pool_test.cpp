// MaxPool, AveragePool and those of whole planes.
#include "tests/lower/ops/lowered_op.h"

namespace quern::test {
namespace {

class LoweredPool : public LoweredOp {
 protected:
  static Graph pooled(const std::string& op, std::map<std::string, Attribute> attributes,
                      std::int64_t extent = 8) {
    Network net(3, extent, 1);
    const ValueId value = net.op("relu", "Relu", {net.conv("conv", net.input())});
    return net.finish({net.op("pool", op, {value}, std::move(attributes))});
  }
};

TEST_F(LoweredPool, TakesTheLargestOfAnyWindow) {
  for (const Integers& pads : {Integers{0, 0, 0, 0}, {1, 0, 1, 1}, {0, 1, 0, 0}}) {
    for (const std::int64_t ceil_mode : {0, 1}) {
      expect_lowered(pooled("MaxPool", {{"kernel_shape", Integers{3, 2}},
                                        {"strides", Integers{2, 3}},
                                        {"pads", pads},
                                        {"ceil_mode", ceil_mode}}));
    }
  }
  expect_lowered(pooled("GlobalMaxPool", {}));
}

TEST_F(LoweredPool, DividesByTheTapsThatCount) {
  for (const std::int64_t counts_pads : {0, 1}) {
    const IntModel model =
        expect_lowered(pooled("AveragePool", {{"kernel_shape", Integers{3, 3}},
                                              {"strides", Integers{2, 2}},
                                              {"pads", Integers{1, 1, 1, 1}},
                                              {"count_include_pad", counts_pads}}),
                       {}, 8, 40);
    EXPECT_EQ(kind_of<IntAveragePool>(model, "pool").requantization.multiplier.size(),
              counts_pads != 0 ? 1U : 9U);
  }
}

TEST_F(LoweredPool, AveragesPlanes) {
  for (const int bits : {8, 4, 2}) expect_lowered(pooled("GlobalAveragePool", {}), {}, bits, 10);
}

TEST_F(LoweredPool, IsRefusedWithTheNearestThing) {
  expect_network_refused(pooled("AveragePool", {{"kernel_shape", Integers{3, 3}},
                                                {"strides", Integers{2, 2}},
                                                {"ceil_mode", std::int64_t{1}},
                                                {"count_include_pad", std::int64_t{1}}}),
                         "ceil_mode = 0 can be lowered");
  Network net(3, 8, 2);
  const ValueId mean = net.op("mean", "GlobalAveragePool", {net.input()});
  Graph graph = quantized(net.finish({net.batchnorm("bn", mean)}), 8, 8);
  expect_refused(graph,
                 "cannot lower layer 'mean' (GlobalAveragePool): factors per channel, terms "
                 "or functions between a mean and its grid; a Quant in front of them");
}

}  // namespace
}  // namespace quern::test
