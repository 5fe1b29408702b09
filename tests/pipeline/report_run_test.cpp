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

  std::string text(const std::string& run, const std::string& name) const {
    return read_text(folder_ / run / "report" / name);
  }

  test::TemporaryFolder folder_;
  Recipe recipe_;
};

TEST_F(ReportRun, WritesPageJsonAndCsvThatAreTheSameForAnyNumberOfThreads) {
  recipe_.threads = 1;
  EXPECT_THAT(write_report(folder_ / "one", recipe_, quantize(recipe_)), SizeIs(3));
  recipe_.threads = 3;
  write_report(folder_ / "three", recipe_, quantize(recipe_));
  EXPECT_EQ(text("one", "report.json"), text("three", "report.json"));
  EXPECT_EQ(text("one", "layers.csv"), text("three", "layers.csv"));
  const RunReport report = report_from_json(text("one", "report.json"), "report.json");
  EXPECT_EQ(report.network, "zoo:mobilenet_v2_mini");
  EXPECT_EQ(report.report_images, 3);
  EXPECT_EQ(report.calibration_images, 5);
}

TEST_F(ReportRun, WritesNothingWhereTheRecipeWantsNoReport) {
  recipe_.report.pictures = 0;
  EXPECT_THAT(write_report(folder_ / "run", recipe_, quantize(recipe_)), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));
}

TEST_F(ReportRun, IsWrittenAgainFromWhatTheRunLeft) {
  write_report(folder_ / "run", recipe_, quantize(recipe_));
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
  write_file(folder_ / "run/report/report.json", to_json({}));
  write_file(folder_ / "run/manifest.json", std::string_view("{}"));
  test::expect_error(ErrorCode::kParse, "manifest.json: not a manifest of quern",
                     [&] { rewrite_report(folder_ / "run"); });
}

}  // namespace
}  // namespace quern
