#include "quern/calibrate/activation_sweep.h"

#include <gmock/gmock.h>

#include <cmath>

#include "quern/base/random.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

constexpr std::size_t kImages = 6;

/// A chain of nodes on an input [N, 2, 3, 3].
struct Net {
  Graph graph;
  ValueId last = graph.add_input("x", DType::kFloat32, {{-1, "N"}, {2}, {3}, {3}});

  QuantizerId quantizer(std::string name, const QuantSpec& spec, std::vector<float> scale = {}) {
    const ScaleId id = graph.add_scale({.name = name, .values = std::move(scale)});
    return graph.add_quantizer({.name = std::move(name), .spec = spec, .scale = id});
  }
  void quant(QuantizerId id, std::string layer) {
    add({.layer = std::move(layer), .op = "Quant", .quantizer = id});
  }
  void relu() { add({.op = "Relu"}); }
  void add(Node node) {
    node.inputs = {last};
    last = graph.add_value("v");
    node.outputs = {last};
    graph.add_node(std::move(node));
  }
  const Graph& finished() {
    graph.add_output(last);
    return graph;
  }
};

Tensor images(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  Tensor batch(DType::kFloat32, {static_cast<std::int64_t>(count), 2, 3, 3});
  for (float& value : batch.mutable_data<float>()) value = static_cast<float>(random.normal());
  return batch;
}

std::vector<ObservedThreshold> sweep_in_one(const Graph& graph, std::string observer,
                                            double percentile) {
  ActivationSweep sweep(graph, std::move(observer), {.percentile = percentile}, kImages);
  sweep.add(0, images(kImages, 1));
  return sweep.thresholds();
}

std::vector<float> magnitudes(const Tensor& tensor) {
  std::vector<float> result;
  for (const float value : tensor.data<float>()) result.push_back(std::fabs(value));
  std::sort(result.begin(), result.end());
  return result;
}

TEST(ActivationSweep, SeesFloatValuesBeforeEveryUnknownQuantizer) {
  Net net;
  net.quant(net.quantizer("in", {.bits = 2}), "in_quant");
  net.relu();
  net.quant(net.quantizer("fixed", {.bits = 2}, {1.0F}), "fixed_quant");
  net.quant(net.quantizer("out", {.bits = 2, .is_signed = false}), "out_quant");

  const auto found = sweep_in_one(net.finished(), "min_max", 100);

  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].layer, "x");
  EXPECT_EQ(found[0].threshold, magnitudes(images(kImages, 1)).back());
  EXPECT_EQ(found[1].layer, "Relu_1");
  float largest = 0;
  const Tensor batch = images(kImages, 1);
  for (const float value : batch.data<float>()) largest = std::max(largest, value);
  EXPECT_EQ(found[1].threshold, largest);
}

TEST(ActivationSweep, ShowsOtherValuesToo) {
  Net net;
  net.quant(net.quantizer("in", {.bits = 2}), "in_quant");
  net.relu();
  const ValueId active = net.last;
  net.quant(net.quantizer("out", {.bits = 2, .is_signed = false}), "out_quant");
  ActivationSweep sweep(net.finished(), "min_max", {}, kImages, {active});
  const Tensor batch = images(kImages, 1);
  std::vector<Tensor> shown;
  sweep.add(0, batch, [&](ValueId value, const TensorView& view) {
    EXPECT_EQ(value, active);
    shown.push_back(view.to_tensor());
  });
  Tensor wanted = batch;
  for (float& value : wanted.mutable_data<float>()) value = std::max(value, 0.0F);
  EXPECT_THAT(shown, testing::ElementsAre(wanted));
  EXPECT_EQ(sweep.thresholds().size(), 2U);
}

TEST(ActivationSweep, ObservesAllValuesOfAQuantizerTogether) {
  Net net;
  const QuantizerId shared = net.quantizer("shared", {.bits = 8});
  net.quant(shared, "first");
  net.relu();
  net.quant(shared, "second");

  const auto found = sweep_in_one(net.finished(), "percentile", 90);

  const Tensor batch = images(kImages, 1);
  std::vector<float> both = magnitudes(batch);
  for (const float value : batch.data<float>()) both.push_back(std::max(value, 0.0F));
  std::sort(both.begin(), both.end());
  const auto k = static_cast<std::size_t>(std::floor(0.9 * static_cast<double>(both.size()) + 0.5));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].threshold, both[k - 1]);
}

TEST(ActivationSweep, IsTheSameForAnyBatchAndWorker) {
  Net net;
  net.relu();
  net.quant(net.quantizer("q", {.bits = 8}), "q");
  const Graph graph = net.finished();
  const auto whole = sweep_in_one(graph, "percentile", 97);

  ActivationSweep sweep(graph, "percentile", {.percentile = 97}, kImages);
  const Tensor batch = images(kImages, 1);
  for (std::size_t i = 0; i < kImages; ++i) {
    const auto image = batch.data<float>().subspan((kImages - 1 - i) * 18, 18);
    sweep.add(static_cast<int>(i % 2), Tensor::of<float>({1, 2, 3, 3}, image));
  }
  EXPECT_EQ(sweep.thresholds()[0].threshold, whole[0].threshold);
}

TEST(ActivationSweep, TakesTheMeanMagnitudeForOneBit) {
  Net net;
  net.quant(net.quantizer("sign", {.bits = 1}), "sign");
  const auto found = sweep_in_one(net.finished(), "percentile", 99);
  double sum = 0;
  for (const float value : magnitudes(images(kImages, 1))) sum += value;
  // The sum is kept in units of 2⁻⁴⁰.
  EXPECT_NEAR(found[0].threshold, sum / (kImages * 18), 1e-6);
}

TEST(ActivationSweep, HasNothingToDoWhereEveryScaleIsKnown) {
  Net net;
  net.quant(net.quantizer("q", {.bits = 8}, {0.1F}), "q");
  EXPECT_TRUE(ActivationSweep(net.finished(), "percentile", {}, kImages).empty());
}

TEST(ActivationSweep, NamesTheLayerOfWhatItCannotCalibrate) {
  for (const QuantSpec& spec : {QuantSpec{.bits = 8, .symmetric = false},
                                QuantSpec{.bits = 8, .granularity = Granularity::kPerChannel}}) {
    Net net;
    net.quant(net.quantizer("q", spec), "odd");
    const Graph graph = net.finished();
    test::expect_error(ErrorCode::kUnsupported, "layer 'odd'",
                       [&] { ActivationSweep(graph, "percentile", {}, kImages); });
  }
}

TEST(ActivationSweep, NamesTheLayerWhereAnActivationIsNotANumber) {
  Net net;
  net.quant(net.quantizer("q", {.bits = 8}), "first");
  ActivationSweep sweep(net.finished(), "percentile", {}, kImages);
  Tensor batch = images(1, 1);
  batch.mutable_data<float>()[3] = std::nanf("");
  test::expect_error(ErrorCode::kParse, "layer 'x'", [&] { sweep.add(0, batch); });
}

}  // namespace
}  // namespace quern
