#include "quern/base/progress.h"

#include <gmock/gmock.h>

namespace quern {
namespace {

TEST(ProgressLine, ShowsShareRateAndRemainingTime) {
  EXPECT_EQ(progress_line("calibrating", 125, 250, 5.0),
            "calibrating [############            ]  50 %  125/250  25/s  5 s left");
}

TEST(ProgressLine, HoldsAtBothEnds) {
  EXPECT_EQ(progress_line("a", 0, 10, 0.0),
            "a [                        ]   0 %  0/10  0/s  0 s left");
  EXPECT_EQ(progress_line("a", 0, 0, 0.0),
            "a [########################] 100 %  0/0  0/s  0 s left");
}

TEST(Progress, IsSilentWhereStderrIsNoTerminal) {
  testing::internal::CaptureStderr();
  {
    Progress progress("calibrating", 2);
    progress.advance();
    progress.advance();
    clear_progress_line();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace quern
