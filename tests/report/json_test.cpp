#include "quern/report/json.h"

#include <gmock/gmock.h>

#include "tests/report/report_samples.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;

TEST(ReportJson, GivesBackEveryField) {
  const RunReport report = test::full_report();
  EXPECT_EQ(report_from_json(to_json(report), "report.json"), report);
  EXPECT_EQ(report_from_json(to_json(RunReport{}), "report.json"), RunReport{});
}

TEST(ReportJson, TakesNamesThatAreNoText) {
  RunReport report;
  report.network = "\xff";
  EXPECT_EQ(report_from_json(to_json(report), "report.json").network, "\xEF\xBF\xBD");
}

TEST(ReportJson, GivesBackEveryFieldOfATraining) {
  const TrainingReport report = test::full_training_report();
  EXPECT_EQ(training_report_from_json(to_json(report), "report.json"), report);
  EXPECT_EQ(training_report_from_json(to_json(TrainingReport{}), "report.json"), TrainingReport{});
}

TEST(ReportJson, TellsATrainingFromAQuantization) {
  EXPECT_TRUE(is_training_report(to_json(TrainingReport{})));
  EXPECT_FALSE(is_training_report(to_json(RunReport{})));
  EXPECT_FALSE(is_training_report("[1, 2"));
}

TEST(ReportJson, SaysWhatIsNoReport) {
  expect_error(ErrorCode::kParse, "a.json: not a report of quern",
               [] { report_from_json("{\"version\": 1", "a.json"); });
  expect_error(ErrorCode::kParse, "key 'network' not found",
               [] { report_from_json("{\"version\": 1}", "a.json"); });
  RunReport newer;
  newer.version = 2;
  expect_error(ErrorCode::kParse, "a report of version 2, expected 1",
               [&] { report_from_json(to_json(newer), "a.json"); });
  expect_error(ErrorCode::kParse, "key 'network' not found",
               [] { training_report_from_json("{\"version\": 1, \"epochs\": []}", "a.json"); });
}

}  // namespace
}  // namespace quern
