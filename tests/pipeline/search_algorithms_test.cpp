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
    recipe_.ptq.iterations = 10;
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
  EXPECT_GT(report.trials.front().sqnr_db, plain->sqnr_db);
  EXPECT_EQ(report.trials.size(), 7U);
}

TEST_F(SearchAlgorithms, TriesWhatTakesMinutesOnlyWhereTheOthersFallShort) {
  const auto tries_adaround = [&] {
    return std::ranges::any_of(search_algorithms(recipe_).trials, [](const SearchTrial& trial) {
      return trial.algorithms == std::vector<std::string>{"adaround"};
    });
  };
  EXPECT_TRUE(tries_adaround());
  recipe_.quantize.weight_bits = recipe_.quantize.activation_bits = 12;
  EXPECT_FALSE(tries_adaround());
}

TEST_F(SearchAlgorithms, ATrialIsWhatARunOfItsAlgorithmsGives) {
  const SearchReport report = search_algorithms(recipe_);
  const std::vector<Sample> all = calibration_samples(recipe_);
  std::vector<Sample> used = all;
  std::erase_if(used, [&](const Sample& sample) {
    return sample.path == all[4].path || sample.path == all[9].path;
  });
  const Graph loaded = quantize(recipe_, used).loaded;
  const OutputReference judge(loaded, {all[4], all[9]},
                              loader_options(recipe_, *loaded.preprocessing));
  for (const SearchTrial& trial : report.trials) {
    recipe_.ptq.algorithms = trial.algorithms;
    EXPECT_EQ(judge.sqnr_db(quantize(recipe_, used).graph), trial.sqnr_db) << name(trial);
  }
}

TEST_F(SearchAlgorithms, GoesOnWhereAlgorithmsFail) {
  recipe_.ptq.damping = 0;  // Which gptq refuses.
  const SearchReport report = search_algorithms(recipe_);
  EXPECT_EQ(report.trials.back().algorithms, (std::vector<std::string>{"gptq", "correct_bias"}));
  EXPECT_THAT(report.trials.back().failure, testing::HasSubstr("damping must be above 0"));
  EXPECT_EQ(report.trials.front().failure, "");
  EXPECT_EQ(report.trials.size(), 6U);  // Those of JudgesEveryTrial without gptq alone.
}

TEST_F(SearchAlgorithms, EndsWhereNothingRunsWithoutAlgorithmsEither) {
  recipe_.model.source = "zoo:no_such_network";
  test::expect_error(ErrorCode::kInvalidArgument, "no_such_network",
                     [&] { search_algorithms(recipe_); });
}

TEST_F(SearchAlgorithms, NeedsEnoughPictures) {
  recipe_.data.limit = 4;
  test::expect_error(ErrorCode::kInvalidArgument,
                     "a search needs at least 5 calibration pictures, got 4",
                     [&] { search_algorithms(recipe_); });
}

}  // namespace
}  // namespace quern
