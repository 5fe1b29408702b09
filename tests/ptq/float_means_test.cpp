#include "quern/ptq/float_means.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>

#include "quern/ptq/correct_bias.h"
#include "tests/support/calibrated_network.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

class FloatMeansTest : public test::CalibratedNetwork {
 protected:
  /// What a run of `graph` in float shows, batches in this order.
  std::shared_ptr<FloatMeans> seen(const Graph& graph, bool backwards = false) const {
    auto means = std::make_shared<FloatMeans>(graph, data_.samples.size());
    const Plan plan(graph, {.mode = QuantMode::kFloat, .taps = means->values()});
    std::vector<Batch> batches(batch_count(data_.samples.size(), data_.loader));
    for_each_batch(data_.samples, data_.loader,
                   [&](int, const Batch& batch) { batches[batch.index] = batch; });
    if (backwards) std::ranges::reverse(batches);
    for (const Batch& batch : batches) {
      plan.run({batch.images},
               [&](ValueId value, const TensorView& view) { means->see(batch, value, view); });
    }
    return means;
  }

  const Graph reference_ = test::branching_network();
};

TEST_F(FloatMeansTest, AreThoseOfTheColumnsThatLayersRead) {
  constexpr double kTolerance = 1e-5;  // Means of float32 numbers of about 1, summed by rows.
  const auto means = seen(reference_);
  for (const std::string layer : {"stem", "depthwise", "grouped", "fc"}) {
    const std::vector<double> found = means->mean_column(layer);
    const test::Matrix columns = this->columns(reference_, QuantMode::kFloat, layer);
    for (std::size_t i = 0; i < columns[0].size(); ++i) {
      double sum = 0;
      for (const std::vector<double>& column : columns) sum += column[i];
      EXPECT_NEAR(found.at(i), sum / static_cast<double>(columns.size()), kTolerance) << layer;
    }
  }
}

TEST_F(FloatMeansTest, DependNeitherOnTheOrderOfBatchesNorOnQuantizers) {
  const auto means = seen(reference_);
  const auto backwards = seen(quantized(reference_), /*backwards=*/true);
  for (const std::string layer : {"stem", "depthwise", "grouped", "fc"}) {
    EXPECT_EQ(means->mean_column(layer), backwards->mean_column(layer)) << layer;
  }
}

TEST_F(FloatMeansTest, KeepTheOutputsOfAFewPictures) {
  const auto means = seen(reference_);
  const OutputReference outputs = means->outputs(1);
  EXPECT_EQ(outputs.pictures(), data_.samples.size());  // All batches of so few.
  EXPECT_GT(outputs.sqnr_db(reference_), 100);
}

TEST_F(FloatMeansTest, KeepTheOutputsOfTheFirstPicturesWhereNoneThatIsChosenCanBeRead) {
  FloatMeans means(reference_, 1000);  // Of these, the last of every 125 are chosen.
  const Plan plan(reference_, {.mode = QuantMode::kFloat, .taps = means.values()});
  std::vector<Batch> batches;
  for_each_batch(data_.samples, data_.loader,
                 [&](int, const Batch& batch) { batches.push_back(batch); });
  for (const std::size_t i : {1U, 0U, 2U}) {
    plan.run({batches.at(i).images},
             [&](ValueId value, const TensorView& view) { means.see(batches.at(i), value, view); });
  }
  EXPECT_EQ(means.outputs(1).pictures(), batches[0].samples.size());
}

TEST_F(FloatMeansTest, SaveBiasCorrectionItsOwnSweep) {
  const Graph before = quantized(reference_);
  Graph alone = before;
  correct_bias(alone, reference_, data_);
  Graph told = before;
  CalibrationData data = data_;
  data.float_means = seen(before);
  correct_bias(told, reference_, data);
  EXPECT_EQ(told, alone);
  EXPECT_FALSE(told == before);
}

TEST_F(FloatMeansTest, RefuseALayerThatIsNotThere) {
  const auto means = seen(reference_);
  test::expect_error(ErrorCode::kInvalidArgument, "the float network has no layer 'stam'",
                     [&] { means->mean_column("stam"); });
}

}  // namespace
}  // namespace quern
