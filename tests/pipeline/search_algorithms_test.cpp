#include "quern/pipeline/search_algorithms.h"

#include <gmock/gmock.h>

#include "quern/data/synthetic.h"
#include "quern/evaluate/output_reference.h"
#include "quern/pipeline/quantize.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

class SearchAlgorithms : public testing::Test {
 protected:
  SearchAlgorithms() {
    write_synthetic_photos(folder_.path(), 11, /*seed=*/5);
    recipe_.model = {.source = "zoo:mobilenet_v2_mini", .width = 0.25, .input = 32, .classes = 10};
    recipe_.data.calibration = (folder_ / "list.txt").string();
    recipe_.quantize.weight_bits = 4;
  }

  test::TemporaryFolder folder_;
  Recipe recipe_;
};

TEST_F(SearchAlgorithms, JudgesEveryTrialByPicturesThatItDidNotSee) {
  const SearchReport report = search_algorithms(recipe_);
  EXPECT_EQ(report.held_back, 2U);
  EXPECT_TRUE(std::ranges::is_sorted(report.trials, std::ranges::greater(), &SearchTrial::sqnr_db));
  const auto plain = std::ranges::find_if(
      report.trials, [](const SearchTrial& trial) { return trial.algorithms.empty(); });
  ASSERT_NE(plain, report.trials.end());
  EXPECT_GT(report.trials.front().sqnr_db, plain->sqnr_db + 3);

  const std::vector<Sample> all = calibration_samples(recipe_);
  const std::vector<Sample> used = {all[0], all[1], all[2], all[3], all[5],
                                    all[6], all[7], all[8], all[10]};
  recipe_.ptq.algorithms = report.trials.front().algorithms;
  const QuantizeResult best = quantize(recipe_, used);
  const OutputReference judge(best.reference, {all[4], all[9]},
                              loader_options(recipe_, *best.reference.preprocessing));
  EXPECT_EQ(report.trials.front().sqnr_db, judge.sqnr_db(best.graph));
}

TEST_F(SearchAlgorithms, NeedsEnoughPictures) {
  recipe_.data.limit = 4;
  test::expect_error(ErrorCode::kInvalidArgument,
                     "a search needs at least 5 calibration pictures, got 4",
                     [&] { search_algorithms(recipe_); });
}

}  // namespace
}  // namespace quern
