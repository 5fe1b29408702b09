// Conv, with the batch norms and activations behind it.
#include "tests/lower/ops/lowered_op.h"

namespace quern::test {
namespace {

class LoweredConv : public LoweredOp {
 protected:
  /// A batch norm with a factor of 0, one below, and a dead one whose term is large.
  static ValueId odd_batchnorm(Network& net, ValueId from) {
    const auto vector = [&](const std::string& name, const std::vector<float>& values) {
      return net.constant(name, Tensor::of<float>({4}, values));
    };
    return net.op(
        "bn", "BatchNormalization",
        {from, vector("gamma", {0, -1.5F, 1e-9F, 0.7F}), vector("beta", {0.8F, 0.3F, -0.4F, 0.1F}),
         vector("mean", {3, 0.2F, 1, -0.5F}), vector("variance", {1, 0.5F, 2, 1})},
        {{"epsilon", 1e-5F}});
  }
};

TEST_F(LoweredConv, TakesAnyWindow) {
  for (const Integers& pads : {Integers{0, 0, 0, 0}, {1, 1, 1, 1}, {0, 1, 2, 0}, {2, 0, 1, 1}}) {
    for (const std::int64_t stride : {1, 2, 3}) {
      Network net(3, 8, 1);
      const ValueId value =
          net.op("conv", "Conv", {net.input(), net.weight("w", {5, 3, 3, 2}), net.weight("b", {5})},
                 {{"kernel_shape", Integers{3, 2}},
                  {"strides", Integers{stride, 1}},
                  {"dilations", Integers{1, 2}},
                  {"pads", pads}});
      expect_lowered(net.finish({value}));
    }
  }
}

TEST_F(LoweredConv, TakesGroupsAndDepthwiseOnes) {
  for (const std::int64_t channels : {3, 6}) {
    Network net(3, 8, 2);
    expect_lowered(
        net.finish({net.conv("conv", net.input(), {.channels = channels, .groups = 3})}));
  }
  Network net(3, 8, 2);
  const ValueId wide = net.conv("wide", net.input(), {.channels = 4});
  expect_lowered(net.finish({net.conv("conv", wide, {.channels = 6, .groups = 2})}));
}

TEST_F(LoweredConv, TakesBatchNormsOfAnySign) {
  for (const bool rectifies : {false, true}) {
    for (const Fold fold : {Fold::kWeights, Fold::kIcn, Fold::kThresholds}) {
      for (const int bits : {8, 4, 2}) {
        Network net(3, 8, 3);
        ValueId value = odd_batchnorm(net, net.conv("conv", net.input()));
        if (rectifies) value = net.op("relu", "Relu", {value});
        const IntModel model = expect_lowered(net.finish({value}), {.fold = fold}, bits);
        const auto& conv = kind_of<IntConv>(model, "conv");
        EXPECT_EQ(conv.requantization.rounding == kQuernThresholds, fold == Fold::kThresholds);
        if (fold == Fold::kThresholds) continue;
        const std::vector<std::int32_t> weights = unpack_weights(conv.weights);
        EXPECT_EQ(std::ranges::count(weights.begin(), weights.begin() + 27, 0), 27)
            << "a factor of 0 leaves no weights";
        EXPECT_EQ(conv.requantization.multiplier[1] < 0, fold == Fold::kIcn);
      }
    }
  }
}

TEST_F(LoweredConv, KeepsTheClipInFrontOfFactors) {
  Network net(3, 8, 4);
  const ValueId clip = net.clip("relu6", net.conv("conv", net.input()), 0, 0.5F);
  const ValueId factors =
      net.constant("factors", Tensor::of<float>({4, 1, 1}, std::vector<float>{1, 3, 0.3F, 2}));
  const Graph network = net.finish({net.op("scaled", "Mul", {clip, factors})});
  for (const Fold fold : {Fold::kIcn, Fold::kThresholds}) {
    const IntModel model = expect_lowered(network, {.fold = fold});
    const auto& to = kind_of<IntConv>(model, "conv").requantization;
    EXPECT_EQ(to.highest.size(), fold == Fold::kIcn ? 4U : 0U);
  }
}

TEST_F(LoweredConv, FoldsOneScaleIntoOtherWeights) {
  Network net(3, 8, 5);
  Graph graph = quantized(net.finish({odd_batchnorm(net, net.conv("conv", net.input()))}), 8, 8);
  Quantizer& grid = graph.quantizer(quantizer_of(graph, "conv.weight_quant").id);
  grid.spec.granularity = Granularity::kPerTensor;
  grid.spec.channel_axis = 0;
  graph.scale(grid.scale).values = {0.02F};
  EXPECT_EQ(kind_of<IntConv>(expect_faithful(graph), "conv").weight_scale.size(), 1U);

  // The paper's folding: one grid for what the batch norm makes of the weights. Codes move by the
  // new rounding of weights, and a report says so.
  const LoweredModel folded = lower(graph, {.fold = Fold::kWeights});
  EXPECT_THAT(folded.report.notes,
              testing::Contains(testing::HasSubstr("'conv' has other weights")));
  const auto& conv = kind_of<IntConv>(folded.model, "conv");
  EXPECT_EQ(conv.weight_scale.size(), 1U);
  const std::vector<std::int32_t> weights = unpack_weights(conv.weights);
  EXPECT_EQ(std::max(std::ranges::max(weights), -std::ranges::min(weights)), 127)
      << "the grid fits the folded ones";
  const CodeDifferences found = compare(graph, folded.model);
  EXPECT_LE(found.largest, 6);
}

TEST_F(LoweredConv, RoundsDownAsPublished) {
  Network net(3, 8, 6);
  const Graph graph = quantized(
      net.finish({net.op("relu", "Relu", {net.batchnorm("bn", net.conv("conv", net.input()))})}), 8,
      8);
  const LoweredModel floor = lower(graph, {.rounding = RequantizeRounding::kFloor});
  EXPECT_EQ(kind_of<IntConv>(floor.model, "conv").requantization.rounding, kQuernFloor);
  const CodeDifferences found = compare(graph, floor.model);
  EXPECT_LE(found.largest, 1) << "a code lower, where nearest rounds up";
  EXPECT_GT(found.differing, found.elements / 10);
}

TEST_F(LoweredConv, ReportsItsBound) {
  Network net(3, 8, 7);
  const LoweredModel lowered = lower(quantized(net.finish({net.conv("conv", net.input())}), 8, 8));
  ASSERT_EQ(lowered.report.bounds.size(), 1U);
  EXPECT_EQ(lowered.report.bounds[0].layer, "conv");
  EXPECT_GT(lowered.report.bounds[0].bound, 255 * 127);
  EXPECT_LE(lowered.report.bounds[0].bound, 27 * 255 * 127 + 27 * 128 * 127);
}

TEST_F(LoweredConv, IsRefusedWithTheNearestThing) {
  Network wide(3, 8, 8);
  Graph graph = quantized(wide.finish({wide.conv("conv", wide.input())}), 8, 8);
  graph.bypass(*graph.find_layer("conv.weight_quant"));
  expect_refused(graph,
                 "cannot lower layer 'conv' (Conv): a weight that is on no grid; a constant "
                 "weight of 1 to 8 bits can be lowered");
  Network transposed(3, 8, 8);
  const ValueId up = transposed.op("up", "ConvTranspose",
                                   {transposed.input(), transposed.weight("w", {3, 2, 2, 2})},
                                   {{"strides", Integers{2, 2}}});
  expect_network_refused(transposed.finish({up}),
                         "cannot lower layer 'up' (ConvTranspose): the op has no integer form; "
                         "a Resize of mode 'nearest' with a Conv behind it can be lowered");
}

}  // namespace
}  // namespace quern::test
