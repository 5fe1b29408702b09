#include "quern/ptq/adaround.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/support/calibrated_network.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

constexpr AdaRoundOptions kQuick = {.iterations = 30, .batch_size = 8};

class AdaRound : public test::CalibratedNetwork {
 protected:
  PtqReport learn(Graph& graph, const Graph& reference, AdaRoundOptions options = kQuick) const {
    return adaround(graph, reference, data_, options);
  }

  /// The mean squared difference of the outputs of `graph`, quantized, and `reference`.
  double error(const Graph& graph, const Graph& reference) const {
    const auto found = values(graph, QuantMode::kFakeQuant, graph.outputs()[0]);
    const auto wanted = values(reference, QuantMode::kFloat, reference.outputs()[0]);
    double sum = 0;
    for (std::size_t batch = 0; batch < found.size(); ++batch) {
      const auto a = found[batch].data<float>();
      const auto b = wanted[batch].data<float>();
      for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(a[i] - b[i], 2);
    }
    return sum;
  }

  /// Two convolutions that are one block.
  static Graph one_block(std::uint64_t seed) {
    test::Network net(3, 8, seed);
    const ValueId first = net.op("relu", "Relu", {net.conv("a", net.input(), {.channels = 8})});
    return net.finish({net.conv("b", first, {.channels = 6})});
  }
};

TEST_F(AdaRound, NeverLeavesMoreErrorThanRoundingToNearest) {
  double learned = 0;
  double nearest = 0;
  for (const std::uint64_t seed : {1, 2}) {
    const Graph reference = one_block(seed);
    const Graph plain = quantized(reference, 3);
    Graph graph = plain;
    learn(graph, reference, {.iterations = 150, .batch_size = 8, .mirror = false});
    EXPECT_LE(error(graph, reference), error(plain, reference) * (1 + 1e-6)) << seed;
    learned += error(graph, reference);
    nearest += error(plain, reference);
  }
  EXPECT_LT(learned, 0.85 * nearest);
}

TEST_F(AdaRound, KeepsRoundingToNearestWhereLearningHarms) {
  const Graph reference = one_block(1);
  const Graph plain = quantized(reference, 8, 8);
  Graph graph = plain;
  // One wild step.
  const PtqReport report =
      learn(graph, reference, {.iterations = 1, .batch_size = 4, .rate = 100, .scale_rate = 0});
  EXPECT_THAT(report.notes,
              testing::Contains(testing::HasSubstr("weights of 'a', 'b' are rounded to nearest")));
  EXPECT_DOUBLE_EQ(error(graph, reference), error(plain, reference));
}

TEST_F(AdaRound, PutsWeightsOnOneOfTheTwoCodesThatEncloseThem) {
  const Graph reference = test::branching_network();
  Graph graph = quantized(reference);
  const PtqReport report = learn(graph, reference);
  EXPECT_EQ(report.layers, 6);
  for (const std::string layer : {"stem", "depthwise", "point", "grouped", "strided", "fc"}) {
    const auto before = weights(reference, layer, 0);
    const auto after = weights(graph, layer, 0);
    const double step = scale(graph, layer, 0);
    for (std::size_t i = 0; i < before.size(); ++i) {
      const double code = after[i] / step;
      EXPECT_NEAR(code, std::nearbyint(code), 1e-4) << layer;
      const double exact = std::clamp(before[i] / step, -7.0, 7.0);
      EXPECT_LE(std::abs(std::nearbyint(code) - exact), 1 + 1e-4) << layer;
    }
  }
}

TEST_F(AdaRound, GivesTheSameBytesForAnyNumberOfThreads) {
  const Graph reference = test::branching_network();
  Graph one = quantized(reference, 4, 4);
  Graph two = one;
  Graph again = one;
  learn(one, reference);
  learn(again, reference);
  data_.loader.threads = 2;
  learn(two, reference);
  EXPECT_EQ(one, two);
  EXPECT_EQ(one, again);
}

TEST_F(AdaRound, LearnsScalesOfActivationsAndLowersTheConstantsOfCoarseGridsOnly) {
  const Graph reference = test::branching_network();
  for (const int bits : {4, 8}) {
    const Graph plain = quantized(reference, 4, bits);
    Graph graph = plain;
    learn(graph, reference);
    int changed = 0;
    for (const QuantizerId id : graph.quantizers()) {
      const Quantizer& grid = graph.quantizer(id);
      if (!grid.scale || grid.spec.granularity == Granularity::kPerChannel) continue;
      const float before = plain.scale(grid.scale).values.at(0);
      const float after = graph.scale(grid.scale).values.at(0);
      changed += before != after ? 1 : 0;
      if (grid.kind != QuantizerKind::kConstant) continue;
      if (bits == 8) {
        EXPECT_EQ(after, before);
      }
      EXPECT_LE(after, before);
    }
    EXPECT_GT(changed, 0);
  }
}

TEST_F(AdaRound, WorksOnOnePictureWithADeadChannelAndAConstantActivation) {
  test::Network net;
  const ValueId dead =
      net.op("dead", "Clip",
             {net.conv("a", net.input()), net.constant("low", Tensor::scalar(5.0F)),
              net.constant("high", Tensor::scalar(5.0F))});
  const Graph reference = net.finish({net.conv("b", dead)});
  data_.samples.resize(1);
  Graph graph = quantized(reference);
  learn(graph, reference);
  verify(graph);
}

TEST_F(AdaRound, SaysWhereLearningEndsInNumbersThatAreNotFinite) {
  const Graph reference = test::magnified_network(0x1p66F);  // Variances do not fit a float.
  const Graph plain = quantized(reference);
  Graph graph = plain;
  const PtqReport report = learn(graph, reference);
  EXPECT_THAT(report.notes, testing::Contains(testing::HasSubstr(
                                "'last' are rounded to nearest: learning leaves an error that is "
                                "not finite")));
  verify(graph);
}

TEST_F(AdaRound, SaysWhichWeightsItLeaves) {
  test::Network net(3, 8);
  const ValueId shared = net.weight("shared.weight", {3, 3, 1, 1});
  const ValueId first = net.op("first", "Conv", {net.input(), shared});
  const ValueId second = net.op("second", "Conv", {first, shared});
  const ValueId grown =
      net.op("grown", "ConvTranspose", {second, net.weight("grown.weight", {3, 4, 2, 2})},
             {{"strides", std::vector<std::int64_t>{2, 2}}});
  const Graph reference = net.finish({net.conv("last", grown)});
  Graph graph = quantized(reference);
  const NodeId reader = graph.find_layer("second").value();
  graph.set_input(reader, 1, graph.node(graph.find_layer("first").value()).inputs[1]);
  graph.erase_dead();
  EXPECT_THAT(learn(graph, reference).notes,
              testing::IsSupersetOf(
                  {"weights of 'grown' keep their rounding: no form of its ConvTranspose is known",
                   "weights of 'first' keep their rounding: other layers read them, too",
                   "weights of 'second' keep their rounding: other layers read them, too"}));
}

TEST_F(AdaRound, DrawsByTheSeed) {
  const Graph reference = test::branching_network();
  Graph one = quantized(reference);
  Graph same = one;
  Graph other = one;
  AdaRoundOptions options = kQuick;
  options.seed = 1;
  learn(one, reference, options);
  learn(same, reference, options);
  options.seed = 2;
  learn(other, reference, options);
  EXPECT_EQ(one, same);
  EXPECT_NE(one, other);
}

TEST_F(AdaRound, RefusesWhatItCanNotDo) {
  const Graph reference = one_block(1);
  const Graph plain = quantized(reference);
  const auto refuses = [&](const std::string& message, const AdaRoundOptions& options) {
    Graph graph = plain;
    test::expect_error(ErrorCode::kInvalidArgument, message,
                       [&] { adaround(graph, reference, data_, options); });
  };
  refuses("iterations must be above 0, got 0", {.iterations = 0});
  refuses("batch_size must be a multiple of 4, got 6", {.batch_size = 6});
  refuses("block_layers must be above 0", {.block_layers = 0});
  refuses("rate must be above 0", {.rate = 0});
  refuses("drop must be from 0 to below 1, got 1", {.drop = 1});
  Graph graph = plain;
  test::expect_error(ErrorCode::kInvalidArgument, "the float network has no layer",
                     [&] { adaround(graph, test::branching_network(), data_); });
  data_.samples.clear();
  refuses("adaround needs at least one picture", {});
}

}  // namespace
}  // namespace quern
