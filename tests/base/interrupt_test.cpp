#include "quern/base/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>

namespace quern {
namespace {

TEST(InterruptWatch, HearsTheFirstRequest) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const InterruptWatch watch;
    EXPECT_FALSE(watch.requested());
    std::raise(signal);
    EXPECT_TRUE(watch.requested());
  }
}

TEST(InterruptWatch, ASecondRequestEndsTheProcess) {
  EXPECT_EXIT(
      {
        const InterruptWatch watch;
        std::raise(SIGINT);
        std::raise(SIGINT);
      },
      testing::KilledBySignal(SIGINT), "");
}

TEST(InterruptWatch, LeavesSignalsAsTheyWere) {
  { const InterruptWatch watch; }
  EXPECT_EXIT(std::raise(SIGTERM), testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace quern
