#include "quern/pipeline/report_run.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/data/synthetic.h"
#include "quern/report/json.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ReportRun : public testing::Test {
 protected:
  ReportRun() {
    write_synthetic_photos(folder_ / "photos", 5, /*seed=*/5);
    recipe_.model = {.source = "zoo:mobilenet_v2_mini", .width = 0.5, .input = 32, .classes = 10};
    recipe_.data.calibration = (folder_ / "photos/list.txt").string();
    recipe_.report.pictures = 3;
  }

  /// Quantizes and reports into a folder.
  std::vector<std::filesystem::path> run(const std::string& name) const {
    const QuantizeResult result = quantize(recipe_);
    return write_report(folder_ / name, report_of(recipe_, result).value(), result.stages);
  }

  std::string text(const std::string& run, const std::string& name) const {
    return read_text(folder_ / run / "report" / name);
  }

  test::TemporaryFolder folder_;
  Recipe recipe_;
};

TEST_F(ReportRun, WritesPageJsonAndCsvThatAreTheSameForAnyNumberOfThreads) {
  recipe_.threads = 1;
  EXPECT_THAT(run("one"), SizeIs(5));
  recipe_.threads = 3;
  run("three");
  EXPECT_EQ(text("one", "report.json"), text("three", "report.json"));
  EXPECT_EQ(text("one", "layers.csv"), text("three", "layers.csv"));
  const RunReport report = report_from_json(text("one", "report.json"), "report.json");
  EXPECT_EQ(report.network, "zoo:mobilenet_v2_mini");
  EXPECT_EQ(report.report_images, 3);
  EXPECT_EQ(report.calibration_images, 5);
}

TEST_F(ReportRun, MeasuresOnPicturesThatAlgorithmsHaveNotSeenWhereThereAreSome) {
  run("seen");
  EXPECT_FALSE(report_from_json(text("seen", "report.json"), "report.json").is_held_back);

  write_synthetic_photos(folder_ / "others", 2, /*seed=*/6);
  recipe_.data.validation = (folder_ / "others/list.txt").string();
  run("others");
  const RunReport report = report_from_json(text("others", "report.json"), "report.json");
  EXPECT_TRUE(report.is_held_back);
  EXPECT_EQ(report.report_images, 2);
  EXPECT_EQ(report.calibration_images, 5);
}

TEST_F(ReportRun, ShowsWhatAnEqualizationScaled) {
  recipe_.ptq.algorithms = {"equalize_weights"};
  run("run");
  const RunReport report = report_from_json(text("run", "report.json"), "report.json");

  ASSERT_THAT(report.steps, SizeIs(2));
  EXPECT_EQ(report.steps[0].name, "equalize_weights");
  // The float network gives what it gave, but for the rounding of floats.
  EXPECT_GT(*report.steps[0].output_db, 60);
  ASSERT_FALSE(report.steps[0].changes.empty());
  for (const LayerChange& change : report.steps[0].changes) {
    EXPECT_LT(*change.factor_low, *change.factor_high) << change.layer;
  }
  EXPECT_EQ(report.steps[1].name, "calibrate");
  EXPECT_THAT(report.steps[1].changes, IsEmpty());
}

TEST_F(ReportRun, TellsTheSettingsOfARun) {
  recipe_.ptq.algorithms = {"adaround", "correct_bias"};
  recipe_.ptq.iterations = 2;
  recipe_.calibrate.weight_method = "percentile";
  recipe_.calibrate.weight_percentile = 99.5;
  run("run");
  const RunReport report = report_from_json(text("run", "report.json"), "report.json");
  EXPECT_THAT(report.settings,
              testing::IsSupersetOf(
                  {Setting{"observer", "percentile 99.999"},
                   Setting{"weight scales", "percentile 99.5"}, Setting{"algorithms", "adaround"},
                   Setting{"left out", "correct_bias"}, Setting{"ptq.iterations", "2"}}));
  const auto pictures = std::ranges::find(report.settings, "pictures", &Setting::name);
  ASSERT_NE(pictures, report.settings.end());
  EXPECT_THAT(pictures->value, HasSubstr("the middle 32 × 32"));
  EXPECT_THAT(pictures->value, HasSubstr("a short side of"));

  recipe_.ptq.algorithms = {};
  recipe_.data.preprocess.resize = 32;
  recipe_.data.preprocess.stretch = true;
  const std::vector<Setting> stretched = report_of(recipe_, quantize(recipe_)).value().settings;
  EXPECT_THAT(std::ranges::find(stretched, "pictures", &Setting::name)->value,
              HasSubstr("both sides of 32"));
}

TEST_F(ReportRun, MeasuresNothingWhereTheRecipeWantsNoReport) {
  recipe_.report.pictures = 0;
  EXPECT_EQ(report_of(recipe_, quantize(recipe_)), std::nullopt);
}

TEST_F(ReportRun, TakesAnOlderReportAwayAndNothingElse) {
  run("run");
  write_file(folder_ / "run/report/notes.txt", std::string_view("mine"));
  remove_report(folder_ / "run");
  EXPECT_FALSE(std::filesystem::exists(report_page(folder_ / "run")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run/report/report.json"));
  EXPECT_EQ(text("run", "notes.txt"), "mine");
}

TEST_F(ReportRun, IsWrittenAgainFromWhatTheRunLeft) {
  run("run");
  const std::string csv = text("run", "layers.csv");
  std::filesystem::remove(folder_ / "run/report/layers.csv");
  std::filesystem::remove(folder_ / "run/report/index.html");
  write_file(folder_ / "run/manifest.json",
             std::string_view(R"({"results": {"seconds": {"calibrate": 1.5}}})"));

  rewrite_report(folder_ / "run");

  EXPECT_EQ(text("run", "layers.csv"), csv);
  EXPECT_THAT(text("run", "index.html"), HasSubstr(R"([{"name":"calibrate","seconds":1.5}])"));
}

TEST_F(ReportRun, SaysWhatIsMissingOrDamaged) {
  test::expect_error(ErrorCode::kIo, "report.json", [&] { rewrite_report(folder_ / "none"); });
  write_file(folder_ / "run/report/report.json", to_json(RunReport{}));
  write_file(folder_ / "run/manifest.json", std::string_view("{}"));
  test::expect_error(ErrorCode::kParse, "manifest.json: not a manifest of quern",
                     [&] { rewrite_report(folder_ / "run"); });
}

}  // namespace
}  // namespace quern
