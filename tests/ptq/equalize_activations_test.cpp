#include "quern/ptq/equalize_activations.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "quern/exporters/qonnx.h"
#include "quern/importers/onnx.h"
#include "quern/ops/op_def.h"
#include "tests/ptq/equalized_network.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using Floats = std::vector<float>;

/// A product or quotient of floats against one of doubles: two roundings.
constexpr double kTwoRoundings = 0x1p-23;

class EqualizeActivations : public test::EqualizedNetwork {
 protected:
  /// The largest |x| per channel of what a layer reads, over all photos.
  std::vector<double> input_maxima(const Graph& graph, const std::string& layer) const {
    std::vector<double> largest;
    for (const Tensor& x :
         values(graph, QuantMode::kFloat, graph.node(*graph.find_layer(layer)).inputs[0])) {
      const auto channels = static_cast<std::size_t>(x.shape()[1]);
      const auto area = static_cast<std::size_t>(x.size() / x.shape()[0] / x.shape()[1]);
      largest.resize(channels, 0);
      for (std::size_t i = 0; i < x.data<float>().size(); ++i) {
        double& own = largest[i / area % channels];
        own = std::max(own, double{std::abs(x.data<float>()[i])});
      }
    }
    return largest;
  }

  /// What constant `input` of a layer was multiplied by, for each channel of its first axis.
  static std::vector<double> row_factors(const Graph& before, const Graph& after,
                                         const std::string& layer, std::size_t input = 1) {
    return ratios(constant(after, layer, input), constant(before, layer, input),
                  extent(before, layer, input, 0));
  }

  /// What the weights of a layer of one group were divided by, for each input channel.
  static std::vector<double> column_divisors(const Graph& before, const Graph& after,
                                             const std::string& layer) {
    const std::size_t channels = extent(before, layer, 1, 1);
    Floats old = constant(before, layer, 1);
    Floats found = constant(after, layer, 1);
    const std::size_t row = old.size() / extent(before, layer, 1, 0);
    old.resize(row);
    found.resize(row);
    return ratios(old, found, channels);
  }

 private:
  static std::size_t extent(const Graph& graph, const std::string& layer, std::size_t input,
                            std::size_t axis) {
    const ValueId value = graph.node(*graph.find_layer(layer)).inputs[input];
    return static_cast<std::size_t>(graph.constant_behind(value)->shape()[axis]);
  }

  /// a / b, the same all over a channel.
  static std::vector<double> ratios(const Floats& a, const Floats& b, std::size_t channels) {
    std::vector<double> found(channels);
    const std::size_t inner = a.size() / channels;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double ratio = double{a[i]} / double{b[i]};
      if (i % inner == 0) found[i / inner] = ratio;
      EXPECT_NEAR(ratio, found[i / inner], ratio * 2 * kTwoRoundings);
    }
    return found;
  }
};

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], expected[i], expected[i] * 2 * kTwoRoundings) << "channel " << i;
  }
}

/// w^(1 − alpha) / a^alpha for a layer of one group.
std::vector<double> formula(const std::vector<double>& activations, const Floats& weights,
                            double alpha) {
  std::vector<double> factors;
  const std::size_t channels = activations.size();
  const std::size_t taps = 9;
  for (std::size_t c = 0; c < channels; ++c) {
    double largest = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (i / taps % channels == c) largest = std::max(largest, std::abs(double{weights[i]}));
    }
    factors.push_back(std::pow(largest, 1 - alpha) / std::pow(activations[c], alpha));
  }
  return factors;
}

/// conv "first" with a bias → Relu → conv "second".
Graph chain() {
  test::Network net(3, 8);
  const ValueId first = net.conv("first", net.input(), {.channels = 4, .bias = true});
  return net.finish({net.conv("second", net.op("relu", "Relu", {first}), {.channels = 5})});
}

TEST_F(EqualizeActivations, MovesTheFactorsOfTheFormula) {
  const Graph before = chain();
  for (const double alpha : {0.0, 0.2, 0.5, 1.0}) {
    Graph after = before;
    EXPECT_EQ(equalize_activations(after, data_, {.alpha = alpha}).layers, 1);

    const std::vector<double> expected =
        formula(input_maxima(before, "second"), constant(before, "second", 1), alpha);
    expect_near(row_factors(before, after, "first"), expected);
    expect_near(row_factors(before, after, "first", 2), expected);
    expect_near(column_divisors(before, after, "second"), expected);
  }
}

TEST_F(EqualizeActivations, AHalfIsTheDefault) {
  Graph standard = chain();
  Graph half = standard;
  equalize_activations(standard, data_);
  equalize_activations(half, data_, {.alpha = 0.5});
  EXPECT_EQ(standard, half);
}

TEST_F(EqualizeActivations, KeepsTheFunction) {
  std::vector<Graph> networks = {test::branching_network(), test::resnet(), chain()};
  for (std::uint64_t seed = 0; seed < 8; ++seed) networks.push_back(test::random_network(seed));
  for (const Graph& before : networks) {
    for (const EqualizeActivationsOptions& options :
         {EqualizeActivationsOptions{}, {.add_mul = true}, {.layerwise = true}}) {
      Graph after = before;
      const PtqReport report = equalize_activations(after, data_, options);
      EXPECT_EQ(after != before, report.layers > 0);
      expect_same_function(before, after);
    }
  }
}

TEST_F(EqualizeActivations, AnAddScalesBothSidesAndAllThatReadIt) {
  test::Network net(3, 8);
  const ValueId a = net.batchnorm("bn", net.conv("a", net.input(), {.channels = 4}));
  const ValueId b = net.conv("b", net.input(), {.channels = 4});
  const ValueId sum = net.op("add", "Add", {a, b});
  const ValueId one = net.conv("one", sum, {.channels = 2});
  const ValueId two = net.conv("two", net.op("relu", "Relu", {sum}), {.channels = 3});
  const Graph before = net.finish({one, two});
  Graph after = before;

  EXPECT_EQ(equalize_activations(after, data_).layers, 2);

  const std::vector<double> factors = row_factors(before, after, "b");
  expect_near(row_factors(before, after, "bn", 1), factors);
  expect_near(row_factors(before, after, "bn", 2), factors);
  expect_near(column_divisors(before, after, "one"), factors);
  expect_near(column_divisors(before, after, "two"), factors);
  EXPECT_EQ(constant(before, "a", 1), constant(after, "a", 1));

  std::vector<double> activations = input_maxima(before, "one");
  const std::vector<double> rectified = input_maxima(before, "two");
  Floats weights = constant(before, "one", 1);
  const Floats others = constant(before, "two", 1);
  weights.insert(weights.end(), others.begin(), others.end());
  for (std::size_t c = 0; c < activations.size(); ++c) {
    activations[c] = std::max(activations[c], rectified[c]);
  }
  expect_near(factors, formula(activations, weights, 0.5));
}

TEST_F(EqualizeActivations, AConcatPutsTheChannelsOfItsInputsSideBySide) {
  test::Network net(3, 8);
  const ValueId a = net.conv("a", net.input(), {.channels = 2});
  const ValueId b = net.conv("b", net.input(), {.channels = 3});
  const ValueId both = net.op("concat", "Concat", {a, b}, {{"axis", std::int64_t{1}}});
  const ValueId wide = net.conv("wide", net.op("relu", "Relu", {both}));
  const Graph before = net.finish({wide, net.conv("narrow", b)});
  Graph after = before;

  EXPECT_EQ(equalize_activations(after, data_).layers, 2);

  std::vector<double> factors = row_factors(before, after, "a");
  const std::vector<double> behind = row_factors(before, after, "b");
  factors.insert(factors.end(), behind.begin(), behind.end());
  expect_near(column_divisors(before, after, "wide"), factors);
  expect_near(column_divisors(before, after, "narrow"), behind);
}

TEST_F(EqualizeActivations, GoesThroughWhatScalesWithItsInput) {
  test::Network net(3, 8);
  using Integers = std::vector<std::int64_t>;
  const auto integers = [&](const std::string& name, const Integers& numbers) {
    return net.constant(name, Tensor::of<std::int64_t>({std::ssize(numbers)}, numbers));
  };
  ValueId x = net.conv("first", net.input(), {.channels = 4});
  x = net.op("leaky", "LeakyRelu", {x});
  x = net.op("prelu", "PRelu", {x, net.weight("slope", {4, 1, 1})});
  x = net.op("pad", "Pad", {x, integers("pads", {0, 0, 1, 1, 0, 0, 1, 1})});
  x = net.op("max", "MaxPool", {x}, {{"kernel_shape", Integers{2, 2}}});
  x = net.op("mean", "AveragePool", {x}, {{"kernel_shape", Integers{2, 2}}});
  x = net.op("shift", "Add", {x, net.weight("shift.bias", {1, 4, 1, 1})});
  x = net.op("scale", "Mul", {x, net.weight("scale.factor", {})});
  x = net.op("resize", "Resize",
             {x, ValueId{}, net.constant("scales", Tensor::of<float>({4}, Floats{1, 1, 2, 2}))},
             {{"mode", std::string("nearest")},
              {"coordinate_transformation_mode", std::string("asymmetric")},
              {"nearest_mode", std::string("floor")}});
  x = net.op("flatten", "Flatten", {x}, {{"axis", std::int64_t{1}}});
  const std::int64_t columns = net.channels(x);
  x = net.op("fc", "Gemm", {x, net.weight("fc.weight", {columns, 5})});
  const Graph before = net.finish({net.op("mm", "MatMul", {x, net.weight("mm.weight", {5, 2})})});
  Graph after = before;

  EXPECT_EQ(equalize_activations(after, data_).layers, 2);

  EXPECT_NE(constant(after, "fc", 1), constant(before, "fc", 1));
  EXPECT_NE(constant(after, "scale", 1), constant(before, "scale", 1));
  EXPECT_EQ(constant(after, "first", 1), constant(before, "first", 1));
  expect_same_function(before, after);
}

TEST_F(EqualizeActivations, ScalesGroupsTransposedConvolutionsAndSharedWeights) {
  test::Network net(3, 8);
  const std::map<std::string, Attribute> groups = {{"group", std::int64_t{2}}};
  const ValueId shared = net.weight("shared", {4, 2, 3, 3});
  const auto relu = [&](const std::string& layer, ValueId x) { return net.op(layer, "Relu", {x}); };
  ValueId x = net.conv("point", net.input(), {.channels = 4, .kernel = 1});
  x = net.op("first", "Conv", {relu("relu", x), shared}, groups);
  x = net.op("up", "ConvTranspose", {relu("relu1", x), net.weight("up.weight", {4, 2, 3, 3})},
             groups);
  x = net.op("second", "Conv", {relu("relu2", x), shared}, groups);
  const Graph before = net.finish({x});
  Graph after = before;

  EXPECT_EQ(equalize_activations(after, data_).layers, 3);

  EXPECT_NE(constant(after, "first"), constant(after, "second"));
  EXPECT_NE(constant(after, "up"), constant(before, "up"));
  expect_same_function(before, after);
}

TEST_F(EqualizeActivations, LeavesADeadChannelAsItIs) {
  Graph before = chain();
  const NodeId first = *before.find_layer("first");
  Tensor weight = *before.value(before.node(first).inputs[1]).constant;
  Tensor bias = *before.value(before.node(first).inputs[2]).constant;
  std::ranges::fill(weight.mutable_data<float>().first(27), 0.0F);
  bias.mutable_data<float>()[0] = -1;
  before.set_constant(before.node(first).inputs[1], weight);
  before.set_constant(before.node(first).inputs[2], bias);
  Graph after = before;

  EXPECT_THAT(equalize_activations(after, data_).notes,
              testing::Contains("equalize_activations left 1 of the 4 channels that 'second' reads "
                                "as it is: a range of it is 0 or next to it"));

  EXPECT_EQ(constant(after, "first", 2)[0], -1);
  EXPECT_EQ(column_divisors(before, after, "second")[0], 1);
}

TEST_F(EqualizeActivations, ASecondRunFindsFactorsOfOne) {
  const Graph before = chain();
  Graph once = before;
  equalize_activations(once, data_);
  Graph twice = once;
  equalize_activations(twice, data_);
  // The ranges are products of rounded numbers.
  constexpr double kTolerance = 1e-5;
  for (const double factor : row_factors(once, twice, "first")) {
    EXPECT_NEAR(factor, 1, kTolerance);
  }
}

TEST_F(EqualizeActivations, IsTheSameForAnyNumberOfThreads) {
  Graph one = test::branching_network();
  Graph two = one;
  equalize_activations(one, data_, {.add_mul = true});
  data_.loader.threads = 2;
  equalize_activations(two, data_, {.add_mul = true});
  EXPECT_EQ(one, two);
}

/// conv → ReLU6 → depthwise → Relu → conv.
Graph clipped() {
  test::Network net(3, 8);
  const ValueId six = net.clip("six", net.conv("first", net.input(), {.channels = 4}), 0, 6);
  const ValueId deep = net.conv("deep", six, {.channels = 4, .groups = 4});
  return net.finish({net.conv("last", net.op("relu", "Relu", {deep}))});
}

TEST_F(EqualizeActivations, StopsAtAnActivationThatDoesNotScale) {
  const Graph before = clipped();
  Graph after = before;

  const PtqReport report = equalize_activations(after, data_);

  EXPECT_EQ(report.layers, 1);
  EXPECT_THAT(report.notes,
              testing::ElementsAre("equalize_activations left what 'first' reads as it is: it is "
                                   "the network's input",
                                   "equalize_activations left what 'deep' reads as it is: a Clip "
                                   "does not scale with its input"));
  EXPECT_EQ(constant(after, "first", 1), constant(before, "first", 1));
}

TEST_F(EqualizeActivations, AddMulPutsAMulBehindIt) {
  const Graph before = clipped();
  Graph after = before;

  EXPECT_EQ(equalize_activations(after, data_, {.add_mul = true}).layers, 2);

  ASSERT_EQ(after.nodes_of("Mul").size(), 1U);
  const Node& mul = after.node(after.nodes_of("Mul")[0]);
  EXPECT_EQ(mul.layer, "six.mul");
  EXPECT_EQ(after.producer(mul.inputs[0])->layer, "six");
  EXPECT_EQ(after.node(*after.find_layer("deep")).inputs[0], mul.outputs[0]);
  EXPECT_EQ(after.constant_behind(mul.inputs[1])->shape(), (Shape{1, 4, 1, 1}));
  EXPECT_EQ(constant(after, "first", 1), constant(before, "first", 1));

  Graph standard = before;
  equalize_activations(standard, data_, {.alpha = 0.175, .add_mul = true});
  EXPECT_EQ(after, standard);
  Graph twice = after;
  equalize_activations(twice, data_, {.add_mul = true});
  EXPECT_EQ(twice.nodes_of("Mul").size(), 1U);
}

TEST_F(EqualizeActivations, LayerwiseGivesEveryLayerAMulOfItsOwn) {
  const Graph before = test::branching_network();
  Graph after = before;

  EXPECT_EQ(equalize_activations(after, data_, {.layerwise = true}).layers, 6);

  for (const std::string layer : {"stem", "depthwise", "point", "grouped", "strided", "fc"}) {
    const Node* mul = after.producer(after.node(*after.find_layer(layer)).inputs[0]);
    ASSERT_NE(mul, nullptr);
    EXPECT_EQ(mul->layer, layer + ".input_mul");
    EXPECT_EQ(after.use_count(mul->outputs[0]), 1U);
  }
  Graph twice = after;
  equalize_activations(twice, data_, {.layerwise = true});
  EXPECT_EQ(twice.nodes_of("Mul").size(), 6U);
}

TEST_F(EqualizeActivations, GridsStandBehindTheMulAndTheFileHoldsBoth) {
  Graph reference = test::branching_network();
  equalize_activations(reference, data_, {.add_mul = true});
  const Graph graph = quantized(reference);

  const Node& mul = graph.node(*graph.find_layer("relu6.mul"));
  const std::vector<Graph::Use> uses = graph.uses(mul.outputs[0]);
  ASSERT_EQ(uses.size(), 1U);
  const Node& quant = graph.node(uses[0].node);
  ASSERT_EQ(quant.op, "Quant");
  EXPECT_FALSE(graph.quantizer(quant.quantizer).spec.is_signed);
  EXPECT_EQ(graph.quantizer(quant.quantizer).kind, QuantizerKind::kCalibrated);
  EXPECT_EQ(graph.producer(mul.inputs[0])->op, "Clip");

  EXPECT_EQ(import_onnx(to_qonnx(graph, {.batch = 0}), "net"), graph.compacted());
}

TEST_F(EqualizeActivations, SaysWhatItLeavesAndWhy) {
  test::Network net(3, 8);
  const ValueId x = net.conv("first", net.input(), {.channels = 4});
  const ValueId sigmoid = net.op("sigmoid", "Sigmoid", {x});
  const ValueId a = net.conv("a", sigmoid);
  const ValueId b = net.conv("b", net.batchnorm("bn", a));
  const ValueId c = net.conv("c", b);
  const Graph before = net.finish({b, c, net.conv("d", a)});
  Graph after = before;

  EXPECT_THAT(equalize_activations(after, data_).notes,
              testing::IsSupersetOf(
                  {"equalize_activations left what 'a' reads as it is: a Sigmoid does not scale "
                   "with its input",
                   "equalize_activations left what 'c' reads as it is: it is the network's output",
                   "equalize_activations left what 'd' reads as it is: a BatchNormalization reads "
                   "it"}));
}

TEST_F(EqualizeActivations, RefusesWhatItCanNotWorkWith) {
  Graph graph = chain();
  test::expect_error(ErrorCode::kInvalidArgument, "alpha must be 0 to 1, got 1.5",
                     [&] { equalize_activations(graph, data_, {.alpha = 1.5}); });
  data_.samples.clear();
  test::expect_error(ErrorCode::kInvalidArgument, "equalize_activations needs at least one picture",
                     [&] { equalize_activations(graph, data_); });
}

}  // namespace
}  // namespace quern
