#include "quern/evaluate/output_reference.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "tests/support/calibrated_network.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

class OutputReferenceTest : public test::CalibratedNetwork {};

TEST_F(OutputReferenceTest, MeasuresTheErrorOfAllOutputs) {
  const Graph reference = test::branching_network();
  const Graph graph = quantized(reference);
  double signal = 0;
  double noise = 0;
  const auto wanted = values(reference, QuantMode::kFloat, reference.outputs()[0]);
  const auto found = values(graph, QuantMode::kFakeQuant, graph.outputs()[0]);
  for (std::size_t batch = 0; batch < wanted.size(); ++batch) {
    for (std::size_t i = 0; i < wanted[batch].data<float>().size(); ++i) {
      const double y = wanted[batch].data<float>()[i];
      signal += y * y;
      noise += std::pow(y - found[batch].data<float>()[i], 2);
    }
  }
  const OutputReference judge(reference, data_.samples, data_.loader);
  EXPECT_EQ(judge.pictures(), data_.samples.size());
  EXPECT_DOUBLE_EQ(judge.sqnr_db(graph), 10 * std::log10(signal / noise));
  EXPECT_EQ(judge.sqnr_db(reference), std::numeric_limits<double>::infinity());
}

TEST_F(OutputReferenceTest, TakesAnswersThatAreKnown) {
  const Graph reference = test::branching_network();
  const Graph graph = quantized(reference);
  const auto images = values(reference, QuantMode::kFloat, reference.inputs()[0]);
  std::vector<std::vector<Tensor>> outputs;
  for (Tensor& output : values(reference, QuantMode::kFloat, reference.outputs()[0])) {
    outputs.push_back({std::move(output)});
  }
  const OutputReference judge(images, outputs, /*threads=*/1);
  EXPECT_EQ(judge.sqnr_db(graph),
            OutputReference(reference, data_.samples, data_.loader).sqnr_db(graph));
  outputs.pop_back();
  test::expect_error(ErrorCode::kInvalidArgument, "3 batches of pictures, 2 of outputs",
                     [&] { OutputReference(images, outputs, 1); });
}

TEST_F(OutputReferenceTest, PlacesOutputsThatAreNotFiniteBelowAllOthers) {
  const Graph reference = test::branching_network();
  Graph graph = reference;
  const ValueId bias = graph.node(graph.find_layer("fc").value()).inputs[2];
  Tensor broken = *graph.constant_behind(bias);
  broken.mutable_data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  graph.set_constant(bias, broken);
  EXPECT_EQ(OutputReference(reference, data_.samples, data_.loader).sqnr_db(graph),
            -std::numeric_limits<double>::infinity());
}

TEST_F(OutputReferenceTest, RefusesOtherShapes) {
  const OutputReference judge(test::branching_network(), data_.samples, data_.loader);
  test::Network net(3, 8);
  const Graph other = net.finish({net.head("fc", net.conv("conv", net.input()), 7)});
  test::expect_error(ErrorCode::kInvalidArgument, "output 0 has the shape [4, 7], expected [4, 5]",
                     [&] { judge.sqnr_db(other); });
}

TEST_F(OutputReferenceTest, LeavesOutPicturesThatCanNotBeRead) {
  const Graph reference = test::branching_network();
  const std::vector<Sample> readable(data_.samples.begin() + 4, data_.samples.end());
  const double expected =
      OutputReference(reference, readable, data_.loader).sqnr_db(quantized(reference));
  const Graph graph = quantized(reference);
  for (std::size_t i = 0; i < 4; ++i) data_.samples[i].path = folder_ / "missing.jpg";
  data_.loader.skip_bad = true;
  const OutputReference judge(reference, data_.samples, data_.loader);
  EXPECT_EQ(judge.pictures(), data_.samples.size() - 4);
  EXPECT_DOUBLE_EQ(judge.sqnr_db(graph), expected);
  test::expect_error(ErrorCode::kInvalidArgument, "without a picture",
                     [&] { OutputReference(reference, {}, data_.loader); });
}

}  // namespace
}  // namespace quern
