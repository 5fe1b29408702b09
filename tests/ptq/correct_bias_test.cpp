#include "quern/ptq/correct_bias.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/support/calibrated_network.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

class CorrectBias : public test::CalibratedNetwork {
 protected:
  /// The mean per channel of a layer's output over all photos.
  std::vector<double> means(const Graph& graph, QuantMode mode, const std::string& layer) {
    const ValueId output = graph.node(graph.find_layer(layer).value()).outputs[0];
    std::vector<double> sums;
    double count = 0;
    for (const Tensor& y : values(graph, mode, output)) {
      const Shape& shape = y.shape();
      const auto channels = static_cast<std::size_t>(shape[1]);
      const auto area = static_cast<std::size_t>(y.size() / shape[0] / shape[1]);
      sums.resize(channels);
      count += static_cast<double>(y.size() / shape[1]);
      for (std::size_t i = 0; i < y.data<float>().size(); ++i) {
        sums[i / area % channels] += y.data<float>()[i];
      }
    }
    for (double& sum : sums) sum /= count;
    return sums;
  }

  /// The largest difference of a mean from the float network's.
  double mean_error(const Graph& reference, const Graph& graph, const std::string& layer) {
    const std::vector<double> wanted = means(reference, QuantMode::kFloat, layer);
    const std::vector<double> found = means(graph, QuantMode::kFakeQuant, layer);
    double largest = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      largest = std::max(largest, std::abs(wanted[i] - found[i]));
    }
    return largest;
  }
};

/// Float32 sums of some hundred terms of about 1.
constexpr double kTolerance = 1e-4;

TEST_F(CorrectBias, LeavesNoMeanErrorInALayerAndMakesTheBiasThatItNeeds) {
  test::Network net(3, 8);
  const Graph reference = net.finish({net.conv("conv", net.input(), {.channels = 4})});
  Graph graph = quantized(reference, /*weight_bits=*/2);
  ASSERT_EQ(graph.node(*graph.find_layer("conv")).inputs.size(), 2U);
  EXPECT_GT(mean_error(reference, graph, "conv"), 100 * kTolerance);

  EXPECT_EQ(correct_bias(graph, reference, data_).layers, 1);

  EXPECT_LT(mean_error(reference, graph, "conv"), kTolerance);
  EXPECT_EQ(graph.node(*graph.find_layer("conv")).inputs.size(), 3U);
  verify(graph);
}

TEST_F(CorrectBias, LeavesNoMeanErrorInAnyLayerOfABranchingNetwork) {
  const Graph reference = test::branching_network();
  Graph graph = quantized(reference, /*weight_bits=*/5);
  EXPECT_EQ(correct_bias(graph, reference, data_).layers, 6);
  for (const char* layer : {"stem", "depthwise", "point", "grouped", "strided"}) {
    EXPECT_LT(mean_error(reference, graph, layer), kTolerance) << layer;
  }
  // Its bias is on the grid of its products.
  const std::vector<float> steps =
      graph.params(test::quantizer_of(graph, "fc.bias_quant").id).scale;
  EXPECT_LT(mean_error(reference, graph, "fc"), double{std::ranges::max(steps)} / 2 + kTolerance);
  EXPECT_NE(graph.quant_of(graph.node(*graph.find_layer("fc")).inputs[2]), nullptr);
}

TEST_F(CorrectBias, ASecondRunChangesNothingMuch) {
  const Graph reference = test::branching_network();
  Graph once = quantized(reference, /*weight_bits=*/5);
  correct_bias(once, reference, data_);
  Graph twice = once;
  correct_bias(twice, reference, data_);
  for (const char* layer : {"stem", "grouped", "fc"}) {
    const auto bias = [&](const Graph& graph) {
      return to_vector<float>(
          *graph.constant_behind(graph.node(*graph.find_layer(layer)).inputs[2]));
    };
    const std::vector<float> expected = bias(once);
    const std::vector<float> found = bias(twice);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], kTolerance) << layer << " " << i;
    }
  }
}

TEST_F(CorrectBias, IsTheSameForAnyNumberOfThreads) {
  const Graph reference = test::branching_network();
  Graph one = quantized(reference);
  Graph two = one;
  correct_bias(one, reference, data_);
  data_.loader.threads = 2;
  correct_bias(two, reference, data_);
  EXPECT_EQ(one, two);
}

TEST_F(CorrectBias, LeavesAMatMulAndSaysWhy) {
  test::Network net(3, 8);
  const ValueId pooled = net.op("pool", "GlobalAveragePool", {net.conv("conv", net.input())});
  const ValueId flat = net.op("flatten", "Flatten", {pooled}, {{"axis", std::int64_t{1}}});
  const Graph reference =
      net.finish({net.op("matmul", "MatMul", {flat, net.weight("matmul.weight", {4, 5})})});
  Graph graph = quantized(reference);

  const PtqReport report = correct_bias(graph, reference, data_);

  EXPECT_EQ(report.layers, 1);
  EXPECT_THAT(report.notes,
              testing::ElementsAre("correct_bias left 'matmul' as it is: a MatMul has no bias"));
}

TEST_F(CorrectBias, PutsABiasThatALinearLayerGotOnItsGrid) {
  test::Network net(3, 8);
  const ValueId pooled = net.op("pool", "GlobalAveragePool", {net.conv("conv", net.input())});
  const ValueId flat = net.op("flatten", "Flatten", {pooled}, {{"axis", std::int64_t{1}}});
  const Graph reference =
      net.finish({net.op("fc", "Gemm", {flat, net.weight("fc.weight", {4, 5})})});
  Graph graph = quantized(reference);
  ASSERT_FALSE(graph.find_layer("fc.bias_quant"));

  correct_bias(graph, reference, data_);

  const Quantizer& bias = test::quantizer_of(graph, "fc.bias_quant");
  EXPECT_EQ(bias.kind, QuantizerKind::kDerived);
  EXPECT_EQ(bias.spec.bits, 32);
  EXPECT_EQ(graph.quantizer(bias.factors[1]).name, "fc.weight_quant");
  EXPECT_FALSE(graph.find_layer("conv.bias_quant"));  // A convolution's bias stays float.
  EXPECT_NO_THROW(
      values(graph, QuantMode::kFakeQuant, graph.node(*graph.find_layer("fc")).outputs[0]));
}

TEST_F(CorrectBias, KeepsTheShapeOfALinearLayersBias) {
  test::Network net(3, 8);
  const ValueId pooled = net.op("pool", "GlobalAveragePool", {net.conv("conv", net.input())});
  const ValueId flat = net.op("flatten", "Flatten", {pooled}, {{"axis", std::int64_t{1}}});
  const Graph reference = net.finish({net.op(
      "fc", "Gemm", {flat, net.weight("fc.weight", {4, 5}), net.weight("fc.bias", {1, 5})})});
  Graph graph = quantized(reference);

  EXPECT_EQ(correct_bias(graph, reference, data_).layers, 2);

  const Node& fc = graph.node(*graph.find_layer("fc"));
  EXPECT_EQ(graph.constant_behind(fc.inputs[2])->shape(), (Shape{1, 5}));
  EXPECT_NO_THROW(values(graph, QuantMode::kFakeQuant, fc.outputs[0]));
}

TEST_F(CorrectBias, LeavesALinearLayerWithFactorsAndSaysWhy) {
  test::Network net(3, 8);
  const ValueId pooled = net.op("pool", "GlobalAveragePool", {net.conv("conv", net.input())});
  const ValueId flat = net.op("flatten", "Flatten", {pooled}, {{"axis", std::int64_t{1}}});
  const Graph reference = net.finish(
      {net.op("fc", "Gemm", {flat, net.weight("fc.weight", {4, 5}), net.weight("fc.bias", {5})},
              {{"alpha", 2.0F}})});
  Graph graph = quantized(reference);
  EXPECT_THAT(
      correct_bias(graph, reference, data_).notes,
      testing::ElementsAre("correct_bias left 'fc' as it is: it multiplies by an alpha or beta"));
}

TEST_F(CorrectBias, RefusesWhatItCanNotWorkWith) {
  const Graph reference = test::branching_network();
  Graph graph = quantized(reference);
  test::expect_error(ErrorCode::kInvalidArgument, "has no layer 'depthwise'",
                     [&] { correct_bias(graph, test::resnet(), data_); });
  data_.samples.clear();
  test::expect_error(ErrorCode::kInvalidArgument, "correct_bias needs at least one picture",
                     [&] { correct_bias(graph, reference, data_); });
}

}  // namespace
}  // namespace quern
