#include "quern/base/random.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <set>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

constexpr int kDraws = 10000;
// Five standard errors of a mean of kDraws numbers with variance 1.
const double kMeanTolerance = 5.0 / std::sqrt(kDraws);

TEST(Random, ASeedDecidesTheStream) {
  Random first(1);
  Random again(1);
  Random other(2);
  for (int i = 0; i < 10; ++i) {
    const std::uint64_t drawn = first.next();
    EXPECT_EQ(drawn, again.next());
    EXPECT_NE(drawn, other.next());
  }
}

TEST(Random, UniformNumbersFillTheirRange) {
  Random random(1);
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double drawn = random.uniform(-1.0, 3.0);
    ASSERT_GE(drawn, -1.0);
    ASSERT_LT(drawn, 3.0);
    sum += drawn;
  }
  const double deviation = 4.0 / std::sqrt(12.0);
  EXPECT_NEAR(sum / kDraws, 1.0, deviation * kMeanTolerance);
}

TEST(Random, NormalNumbersHaveMeanZeroAndVarianceOne) {
  Random random(1);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double drawn = random.normal();
    sum += drawn;
    squares += drawn * drawn;
  }
  EXPECT_NEAR(sum / kDraws, 0.0, kMeanTolerance);
  // The square of a normal number has variance 2.
  EXPECT_NEAR(squares / kDraws, 1.0, std::sqrt(2.0) * kMeanTolerance);
}

TEST(Random, IntegersReachBothEndsOfTheirRange) {
  Random random(1);
  std::set<std::int64_t> drawn;
  for (int i = 0; i < 100; ++i) drawn.insert(random.integer(-1, 1));
  EXPECT_THAT(drawn, testing::ElementsAre(-1, 0, 1));
  EXPECT_EQ(random.integer(7, 7), 7);
}

TEST(Random, IntegersOfTheWidestRangeAreAllowed) {
  using Limits = std::numeric_limits<std::int64_t>;
  Random random(1);
  EXPECT_NE(random.integer(Limits::min(), Limits::max()),
            random.integer(Limits::min(), Limits::max()));
}

TEST(Random, AnEmptyRangeIsRefused) {
  Random random(1);
  test::expect_error(ErrorCode::kInvalidArgument, "got 2 and 1", [&] { random.integer(2, 1); });
}

}  // namespace
}  // namespace quern
