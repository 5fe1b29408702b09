#include "quern/report/measure_report.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"
#include "tests/support/quantized_network.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class MeasureReport : public testing::Test {
 protected:
  MeasureReport() {
    Graph later = made_.graph;
    const Node& stem = later.node(*later.find_layer("stem"));
    const ValueId bias = stem.inputs[2];
    Tensor shifted = *later.value(bias).constant;
    for (float& value : shifted.mutable_data<float>()) value += 1;
    later.set_constant(bias, shifted);
    request_.network = "small";
    request_.loaded = made_.float_graph;
    request_.steps = {{"calibrate", made_.graph, {}}, {"shift", later, {"why"}}};
    request_.samples = made_.samples;
    request_.loader = made_.loader;
    request_.calibration_images = 6;
  }

  static const LayerFigures& layer(const RunReport& report, const std::string& name) {
    return *std::ranges::find(report.layers, name, &LayerFigures::layer);
  }

  test::TemporaryFolder folder_;
  test::QuantizedNetwork made_ = test::quantized_network(folder_.path());
  ReportRequest request_;
};

TEST_F(MeasureReport, DescribesEveryLayer) {
  const RunReport report = measure_report(request_);

  const LayerFigures& stem = layer(report, "stem");
  EXPECT_EQ(stem.op, "Conv");
  EXPECT_EQ(stem.kind, "3×3");
  EXPECT_EQ(stem.weight_shape, "[4, 3, 3, 3]");
  EXPECT_EQ(stem.output_shape, "[N, 4, 16, 16]");
  EXPECT_EQ(stem.weights, 108);
  EXPECT_EQ(stem.weight->bits, 4);
  EXPECT_EQ(stem.activation->bits, 8);
  EXPECT_TRUE(stem.weight->before && stem.weight->after && stem.activation->before);
  EXPECT_GT(stem.activation->value_high, 0);
  EXPECT_EQ(layer(report, "wide").kind, "3×3 depthwise");
  EXPECT_FALSE(layer(report, "add").weight.has_value());

  // Both ways into the add.
  const auto position = [&](const std::string& name) {
    return &layer(report, name) - &report.layers[0];
  };
  EXPECT_THAT(layer(report, "add").inputs, ElementsAre(position("narrow"), position("stem")));
  EXPECT_EQ(report.quantizers, std::ssize(made_.graph.nodes_of("Quant")));
  EXPECT_EQ(report.weight_bits, 4 * report.weights);
}

TEST_F(MeasureReport, ShowsWhatAStepDid) {
  const RunReport report = measure_report(request_);
  ASSERT_THAT(report.steps, SizeIs(2));
  EXPECT_THAT(report.steps[0].changes, IsEmpty());
  ASSERT_THAT(report.steps[1].changes, SizeIs(1));
  EXPECT_EQ(report.steps[1].changes[0].layer, "stem");
  EXPECT_THAT(report.steps[1].notes, ElementsAre("why"));
  EXPECT_LT(*report.steps[1].output_db, *report.steps[0].output_db);
  EXPECT_EQ(report.output_db, report.steps[1].output_db);
}

TEST_F(MeasureReport, HoldsOutputsAgainstTheNetworkAsItWasLoaded) {
  // A step that changes the float network: twice the outputs, so the error is the signal, 0 dB.
  Graph doubled = made_.float_graph;
  const Node& last = doubled.node(*doubled.find_layer("head"));
  for (const std::size_t input : {std::size_t{1}, std::size_t{2}}) {
    Tensor twice = *doubled.value(last.inputs[input]).constant;
    for (float& value : twice.mutable_data<float>()) value *= 2;
    doubled.set_constant(last.inputs[input], twice);
  }
  request_.steps.insert(request_.steps.begin(), {"double", doubled, {}});
  const RunReport report = measure_report(request_);

  ASSERT_THAT(report.steps, SizeIs(3));
  EXPECT_NEAR(*report.steps[0].output_db, 0, 1e-4);  // Sums of floats in two orders.
  ASSERT_THAT(report.steps[0].changes, SizeIs(1));
  EXPECT_EQ(report.steps[0].changes[0].layer, "head");
  EXPECT_EQ(report.steps[0].changes[0].factor_low, 2);
  EXPECT_THAT(report.steps[1].changes, IsEmpty());
  EXPECT_GT(*report.steps[1].output_db, 10);
}

TEST_F(MeasureReport, IsTheSameForAnyNumberOfThreads) {
  request_.loader.threads = 1;
  const RunReport one = measure_report(request_);
  request_.loader.threads = 3;
  EXPECT_EQ(measure_report(request_), one);
}

TEST_F(MeasureReport, NeedsACalibratedNetwork) {
  request_.steps = {{"float", made_.float_graph, {}}};
  test::expect_error(ErrorCode::kInvalidArgument, "at least one calibration",
                     [&] { measure_report(request_); });
}

}  // namespace
}  // namespace quern
