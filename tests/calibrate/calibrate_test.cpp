#include "quern/calibrate/calibrate.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "quern/base/error.h"
#include "quern/data/synthetic.h"
#include "quern/executor/plan.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kImages = 7;
constexpr int kSide = 16;

/// x → Quant → Conv(Quant(weight)) → Quant → Relu → Quant, the last two on one scale, the weight
/// with a channel of zeros.
struct Net {
  Graph graph;
  ScaleId input = graph.add_scale({.name = "input"});
  ScaleId weight = graph.add_scale({.name = "weight"});
  ScaleId shared = graph.add_scale({.name = "shared"});
  ScaleId constant = graph.add_scale({.name = "constant", .values = {6.0F / 255}});
  ValueId last = graph.add_input("x", DType::kFloat32, {{-1, "N"}, {3}, {kSide}, {kSide}});

  Net() {
    quant(input, {.bits = 8}, "in");
    const ValueId image = last;
    last = graph.add_constant(
        "w", Tensor::of<float>({2, 3, 1, 1}, std::vector<float>{1, -2, 0.5F, 0, 0, 0}));
    quant(weight, {.bits = 8, .narrow_range = true, .granularity = Granularity::kPerChannel}, "w");
    const ValueId quantized = last;
    add({.layer = "conv", .op = "Conv", .inputs = {image, quantized}});
    quant(shared, {.bits = 8}, "signed");
    add({.op = "Relu", .inputs = {last}});
    quant(shared, {.bits = 8, .is_signed = false}, "unsigned");
    quant(constant, {.bits = 8, .is_signed = false}, "fixed", QuantizerKind::kConstant);
    graph.add_output(last);
  }

  void quant(ScaleId scale, const QuantSpec& spec, std::string layer,
             QuantizerKind kind = QuantizerKind::kCalibrated) {
    const QuantizerId id =
        graph.add_quantizer({.name = layer, .kind = kind, .spec = spec, .scale = scale});
    add({.layer = std::move(layer), .op = "Quant", .inputs = {last}, .quantizer = id});
  }

  void add(Node node) {
    last = graph.add_value("v");
    node.outputs = {last};
    graph.add_node(std::move(node));
  }
};

class Calibrate : public testing::Test {
 protected:
  Calibrate() {
    write_synthetic_photos(folder_.path(), kImages, /*seed=*/1);
    samples_ = read_image_list(folder_.path() / "list.txt");
    options_.loader.preprocessing.resize = kSide;
    options_.loader.preprocessing.crop = kSide;
    options_.loader.threads = 1;
  }

  test::TemporaryFolder folder_;
  std::vector<Sample> samples_;
  CalibrateOptions options_;
};

TEST_F(Calibrate, FindsAScaleAsItsQuantizerRequests) {
  Net plain;
  calibrate(plain.graph, samples_, options_);
  options_.observer = "min_max";
  options_.weight_method = WeightMethod::kPercentile;
  options_.weight_percentile = 50;
  Net other;
  calibrate(other.graph, samples_, options_);
  const auto scale = [](const Net& net, ScaleId id) { return net.graph.scale(id).values; };
  ASSERT_NE(scale(plain, plain.weight), scale(other, other.weight));

  // Each quantizer of one network requests what all of the other got.
  options_ = {.loader = options_.loader};
  Net net;
  for (const QuantizerId id : net.graph.quantizers()) {
    Quantizer& entry = net.graph.quantizer(id);
    if (entry.scale == net.input) entry.threshold.method = "min_max";
    if (entry.scale == net.weight) entry.threshold = {.method = "percentile", .percentile = 50};
  }
  calibrate(net.graph, samples_, options_);

  EXPECT_EQ(scale(net, net.input), scale(other, other.input));
  EXPECT_EQ(scale(net, net.weight), scale(other, other.weight));
  EXPECT_EQ(scale(net, net.shared), scale(plain, plain.shared));
}

TEST_F(Calibrate, SaysThatOnePictureIsFew) {
  Net net;
  samples_.resize(1);
  EXPECT_THAT(calibrate(net.graph, samples_, options_).notes,
              testing::Contains(HasSubstr("calibrated on one picture")));
}

TEST_F(Calibrate, RefusesRequestsThatNoMethodAnswers) {
  const auto request = [&](ScaleId Net::*scale, const ThresholdRequest& threshold) {
    Net net;
    for (const QuantizerId id : net.graph.quantizers()) {
      Quantizer& entry = net.graph.quantizer(id);
      if (entry.scale == net.*scale) entry.threshold = threshold;
    }
    calibrate(net.graph, samples_, options_);
  };
  test::expect_error(ErrorCode::kInvalidArgument, "layer 'x': 'mean' is not an observer",
                     [&] { request(&Net::input, {.method = "mean"}); });
  test::expect_error(ErrorCode::kInvalidArgument,
                     "layer 'x': percentile 99.5 is requested, but the observer 'mse' reads none",
                     [&] { request(&Net::input, {.method = "mse", .percentile = 99.5}); });
  test::expect_error(ErrorCode::kInvalidArgument,
                     "layer 'w': 'mean' is not a method for weight scales",
                     [&] { request(&Net::weight, {.method = "mean"}); });
  test::expect_error(
      ErrorCode::kInvalidArgument,
      "layer 'w': weight_percentile 50 is requested, but weight_method 'mse' reads none",
      [&] { request(&Net::weight, {.percentile = 50}); });
}

TEST_F(Calibrate, FillsEveryScaleThatIsNotKnown) {
  Net net;
  const CalibrationReport report = calibrate(net.graph, samples_, options_);

  EXPECT_EQ(report.images, static_cast<std::size_t>(kImages));
  EXPECT_EQ(net.graph.scale(net.input).values.size(), 1U);
  EXPECT_EQ(net.graph.scale(net.weight).values.size(), 2U);
  EXPECT_EQ(net.graph.scale(net.weight).values[1], kThresholdFloor / 127);
  EXPECT_THAT(net.graph.scale(net.constant).values, ElementsAre(6.0F / 255));
  EXPECT_THAT(report.notes,
              ElementsAre("1 weight scale belongs to weights of 0, or next to it, only, in 'w'"));
  EXPECT_NO_THROW(Plan(net.graph, {}));
}

TEST_F(Calibrate, RefusesAPercentileThatWouldKeepMostActivationsInMemory) {
  Net net;
  options_.percentile = 50;
  test::expect_error(ErrorCode::kInvalidArgument, "percentile must be 99 to 100, got 50",
                     [&] { calibrate(net.graph, samples_, options_); });
}

TEST_F(Calibrate, GivesASharedScaleTheLargestThatItsGridsAskFor) {
  options_.observer = "min_max";
  Net net;
  calibrate(net.graph, samples_, options_);

  Net before;
  float least = 0;
  float largest = 0;
  const ValueId observed = before.graph.node(*before.graph.find_layer("signed")).inputs[0];
  const Plan plan(before.graph, {.mode = QuantMode::kFloat, .taps = {observed}});
  for_each_batch(samples_, options_.loader, [&](int, const Batch& batch) {
    plan.run({batch.images}, [&](ValueId, const TensorView& view) {
      for (const float value : view.data) {
        least = std::min(least, value);
        largest = std::max(largest, value);
      }
    });
  });
  const float signed_scale = std::max(-least, largest) / 128;
  EXPECT_THAT(net.graph.scale(net.shared).values,
              ElementsAre(std::max(signed_scale, largest / 255)));
}

TEST_F(Calibrate, IsTheSameForAnyThreadsAndBatches) {
  Net one;
  calibrate(one.graph, samples_, options_);
  for (const auto& [threads, batch_size] : {std::pair{2, 4}, {1, 1}, {2, 3}}) {
    Net other;
    options_.loader.threads = threads;
    options_.loader.batch_size = batch_size;
    calibrate(other.graph, samples_, options_);
    EXPECT_EQ(other.graph, one.graph) << threads << " threads, batches of " << batch_size;
  }
}

TEST_F(Calibrate, NotesAnActivationThatIsAlwaysZero) {
  Net net;
  Tensor zeros(DType::kFloat32, {2, 3, 1, 1});
  net.graph.set_constant(net.graph.node(*net.graph.find_layer("w")).inputs[0], zeros);
  const CalibrationReport report = calibrate(net.graph, samples_, options_);
  EXPECT_THAT(
      report.notes,
      ElementsAre(
          "2 weight scales belong to weights of 0, or next to it, only, in 'w'",
          HasSubstr(
              "the activation is 0, or next to it, on every picture in 2 layers, the first")));
  EXPECT_THAT(net.graph.scale(net.shared).values, ElementsAre(kThresholdFloor / 128));
}

TEST_F(Calibrate, CountsPicturesThatItLeavesOut) {
  std::filesystem::resize_file(samples_[2].path, 40);
  options_.loader.skip_bad = true;
  Net net;
  const CalibrationReport report = calibrate(net.graph, samples_, options_);
  EXPECT_EQ(report.images, static_cast<std::size_t>(kImages - 1));
  EXPECT_THAT(report.skipped, ElementsAre(HasSubstr("0002.jpg")));
}

TEST_F(Calibrate, RefusesAnEmptyListAndPicturesOfAnotherSize) {
  Net net;
  test::expect_error(ErrorCode::kInvalidArgument, "at least one picture",
                     [&] { calibrate(net.graph, {}, options_); });
  options_.loader.preprocessing.crop = kSide - 1;
  test::expect_error(ErrorCode::kInvalidArgument, "input 'x'",
                     [&] { calibrate(net.graph, samples_, options_); });
}

TEST_F(Calibrate, LeavesTheGraphAloneWhenItFails) {
  Net net;
  const Graph before = net.graph;
  options_.observer = "mode";
  EXPECT_THROW(calibrate(net.graph, samples_, options_), Error);
  EXPECT_EQ(net.graph, before);
}

}  // namespace
}  // namespace quern
