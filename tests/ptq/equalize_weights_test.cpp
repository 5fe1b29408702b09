#include "quern/ptq/equalize_weights.h"

#include <gmock/gmock.h>

#include "tests/ptq/equalized_network.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using Floats = std::vector<float>;

class EqualizeWeights : public test::EqualizedNetwork {
 protected:
  /// The largest |w| of every output channel (axis 0) or input channel (axis 1) of a layer of one
  /// group.
  static Floats ranges(const Graph& graph, const std::string& layer, std::size_t axis) {
    const Node& node = graph.node(*graph.find_layer(layer));
    const Tensor& weight = *graph.constant_behind(node.inputs[1]);
    const auto inputs = static_cast<std::size_t>(weight.shape()[1]);
    const auto taps = static_cast<std::size_t>(weight.size()) /
                      static_cast<std::size_t>(weight.shape()[0]) / inputs;
    Floats largest(static_cast<std::size_t>(weight.shape()[axis]), 0.0F);
    for (std::size_t i = 0; i < weight.data<float>().size(); ++i) {
      float& own = largest[axis == 0 ? i / taps / inputs : i / taps % inputs];
      own = std::max(own, std::abs(weight.data<float>()[i]));
    }
    return largest;
  }

  /// The largest element of every channel of a value over all photos.
  Floats maxima(const Graph& graph, ValueId value) const {
    Floats largest;
    for (const Tensor& x : values(graph, QuantMode::kFloat, value)) {
      const auto channels = static_cast<std::size_t>(x.shape()[1]);
      const auto area = static_cast<std::size_t>(x.size() / x.shape()[0] / x.shape()[1]);
      largest.resize(channels, 0);
      for (std::size_t i = 0; i < x.data<float>().size(); ++i) {
        float& own = largest[i / area % channels];
        own = std::max(own, x.data<float>()[i]);
      }
    }
    return largest;
  }
};

/// Convolutions and Relus: "first" (with a bias), "second", "third".
Graph chain() {
  test::Network net(3, 8);
  ValueId x = net.conv("first", net.input(), {.channels = 4, .bias = true});
  x = net.conv("second", net.op("relu", "Relu", {x}), {.channels = 5});
  return net.finish({net.conv("third", net.op("relu2", "Relu", {x}), {.channels = 3})});
}

/// conv → batch norm → ReLU6 → conv; of the four channels 0 is clipped and 1 to 3 are not.
Graph clipped() {
  test::Network net(3, 8);
  const ValueId normal = net.batchnorm("bn", net.conv("first", net.input(), {.channels = 4}));
  Graph graph = net.finish({net.conv("last", net.clip("six", normal, 0, 6))});
  const std::vector<ValueId> bn = graph.node(*graph.find_layer("bn")).inputs;
  graph.set_constant(bn[1], Tensor::of<float>({4}, Floats{1, 0.1F, 0.02F, 0.003F}));
  graph.set_constant(bn[2], Tensor::of<float>({4}, Floats{7, 0.5F, 0.1F, 0.01F}));
  return graph;
}

/// Rounds until factors are within 1e-3 of 1.
constexpr double kConverged = 1e-2;

TEST_F(EqualizeWeights, LeavesBothSidesOfAChannelWithOneRange) {
  test::Network net(3, 8);
  const ValueId first = net.conv("first", net.input(), {.channels = 4, .bias = true});
  const Graph before =
      net.finish({net.conv("second", net.op("relu", "Relu", {first}), {.channels = 5})});
  Graph after = before;

  EXPECT_EQ(equalize_weights(after, {}).layers, 1);

  const Floats in_front = ranges(before, "first", 0);
  const Floats behind = ranges(before, "second", 1);
  for (std::size_t c = 0; c < in_front.size(); ++c) {
    const double expected = std::sqrt(double{in_front[c]} * behind[c]);
    EXPECT_NEAR(ranges(after, "first", 0)[c], expected, 1e-6 * expected);
    EXPECT_NEAR(ranges(after, "second", 1)[c], expected, 1e-6 * expected);
    const double factor = std::sqrt(behind[c] / double{in_front[c]});
    EXPECT_NEAR(constant(after, "first", 2)[c] / constant(before, "first", 2)[c], factor,
                1e-6 * factor);
  }
}

TEST_F(EqualizeWeights, GoesOnUntilAllLayersAgree) {
  Graph graph = chain();
  EXPECT_EQ(equalize_weights(graph, {}).layers, 2);
  const auto expect_equal = [&](const std::string& in_front, const std::string& behind) {
    const Floats rows = ranges(graph, in_front, 0);
    const Floats columns = ranges(graph, behind, 1);
    for (std::size_t c = 0; c < rows.size(); ++c) {
      EXPECT_NEAR(rows[c] / columns[c], 1, kConverged);
    }
  };
  expect_equal("first", "second");
  expect_equal("second", "third");
}

TEST_F(EqualizeWeights, KeepsTheFunction) {
  for (const Graph& before : {chain(), test::resnet(), test::branching_network(), clipped()}) {
    Graph after = before;
    EXPECT_GT(equalize_weights(after, data_).layers, 0);
    EXPECT_NE(after, before);
    expect_same_function(before, after);
  }
}

TEST_F(EqualizeWeights, CountsABatchNormAsFolded) {
  test::Network net(3, 8);
  const ValueId first = net.batchnorm("bn", net.conv("first", net.input(), {.channels = 4}));
  const Graph before = net.finish({net.conv("second", net.op("relu", "Relu", {first}))});
  Graph after = before;

  equalize_weights(after, {});

  EXPECT_EQ(constant(after, "first"), constant(before, "first"));
  const Floats rows = ranges(after, "first", 0);
  const Floats columns = ranges(after, "second", 1);
  for (std::size_t c = 0; c < rows.size(); ++c) {
    const double deviation = std::sqrt(constant(after, "bn", 4)[c] + 1e-5);
    const double folded = rows[c] * std::abs(constant(after, "bn", 1)[c]) / deviation;
    EXPECT_NEAR(folded, columns[c], 1e-5 * folded);
  }
}

TEST_F(EqualizeWeights, ScalesAChannelOfARelu6AsFarAsItStaysBelow6) {
  const Graph before = clipped();
  const Floats old = maxima(before, before.node(*before.find_layer("six")).outputs[0]);
  ASSERT_EQ(old[0], 6);
  ASSERT_LT(old[1], 6);
  Graph after = before;

  EXPECT_EQ(equalize_weights(after, data_).layers, 1);

  const Floats found = maxima(after, after.node(*after.find_layer("six")).outputs[0]);
  EXPECT_EQ(constant(after, "bn", 1)[0], constant(before, "bn", 1)[0]);
  EXPECT_LE(*std::ranges::max_element(found), 6);
  EXPECT_GT(found[3], 2 * old[3]);  // The smallest.
  // Its grid still ends at 6.
  const Graph graph = quantized(after);
  const Quantizer& grid = test::quantizer_of(graph, "first.output_quant");
  EXPECT_EQ(grid.kind, QuantizerKind::kConstant);
  EXPECT_FLOAT_EQ(graph.scale(grid.scale).values.at(0), 6.0F / 255);
}

TEST_F(EqualizeWeights, ASecondRunChangesNothingMuch) {
  for (const Graph& before : {chain(), clipped()}) {
    Graph once = before;
    equalize_weights(once, data_);
    Graph twice = once;
    equalize_weights(twice, data_);
    const Floats expected = constant(once, "first");
    const Floats found = constant(twice, "first");
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], kConverged * std::abs(expected[i]));
    }
  }
}

TEST_F(EqualizeWeights, IsTheSameForAnyNumberOfThreads) {
  Graph one = test::branching_network();
  Graph two = one;
  equalize_weights(one, data_);
  data_.loader.threads = 2;
  equalize_weights(two, data_);
  EXPECT_EQ(one, two);
}

TEST_F(EqualizeWeights, SaysWhichChannelsAreDead) {
  Graph graph = chain();
  const ValueId constant = graph.node(*graph.find_layer("first")).inputs[1];
  Tensor weight = *graph.value(constant).constant;
  std::ranges::fill(weight.mutable_data<float>().first(27 * 2), 1e-30F);
  graph.set_constant(constant, weight);
  EXPECT_THAT(equalize_weights(graph, data_).notes,
              testing::Contains("equalize_weights left 2 of the 4 channels that 'second' reads as "
                                "they are: a range of them is 0 or next to it"));
}

TEST_F(EqualizeWeights, SaysWhatItLeavesAndNeedsPicturesForAClip) {
  Graph graph = clipped();
  EXPECT_THAT(equalize_weights(graph, data_).notes,
              testing::ElementsAre(
                  "equalize_weights left what 'first' reads as it is: it is the network's input"));
  test::expect_error(ErrorCode::kInvalidArgument, "equalize_weights needs at least one picture",
                     [&] { equalize_weights(graph, {}); });
}

}  // namespace
}  // namespace quern
