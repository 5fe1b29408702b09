#include "quern/lower/thresholds.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "quern/base/random.h"

namespace quern {
namespace {

using testing::ElementsAre;

/// The code that thresholds give, by counting.
std::int32_t counted(const Thresholds& thresholds, std::int32_t low, std::int32_t accumulator) {
  for (const std::int32_t threshold : thresholds.values) {
    low += std::int64_t{accumulator} * thresholds.sign >= threshold ? 1 : 0;
  }
  return low;
}

TEST(Thresholds, AreWhereTheCodeChanges) {
  const auto decide = [](std::int32_t x) { return x < -3 ? 0 : x < 5 ? 1 : 3; };
  const Thresholds found = find_thresholds(decide, {-100, 100}, 0, 3);
  EXPECT_EQ(found.sign, 1);
  EXPECT_THAT(found.values, ElementsAre(-3, 5, 5));
}

TEST(Thresholds, FallWithTheCode) {
  const auto decide = [](std::int32_t x) { return x > 7 ? 0 : 1; };
  const Thresholds found = find_thresholds(decide, {-20, 20}, 0, 1);
  EXPECT_EQ(found.sign, -1);
  EXPECT_THAT(found.values, ElementsAre(-7));
}

TEST(Thresholds, OfAConstantAreBeyondEveryAccumulator) {
  const auto decide = [](std::int32_t) { return 2; };
  const Thresholds found = find_thresholds(decide, {-5, 5}, 0, 3);
  EXPECT_THAT(found.values, ElementsAre(INT32_MIN, INT32_MIN, INT32_MAX));
}

TEST(Thresholds, ReproduceAFloatDecisionOnEveryAccumulator) {
  Random random(5);
  for (int i = 0; i < 60; ++i) {
    const auto levels = static_cast<std::int32_t>(random.integer(1, 255));
    const auto slope = static_cast<float>(random.normal() * 0.3);
    const auto offset = static_cast<float>(random.normal() * levels);
    const auto decide = [&](std::int32_t x) {
      const float code = std::nearbyint(static_cast<float>(x) * slope + offset);
      return static_cast<std::int32_t>(std::clamp(code, 0.0F, static_cast<float>(levels)));
    };
    const Thresholds found = find_thresholds(decide, {-1200, 900}, 0, levels);
    ASSERT_TRUE(std::ranges::is_sorted(found.values));
    for (std::int32_t x = -1200; x <= 900; ++x) {
      ASSERT_EQ(counted(found, 0, x), decide(x)) << x << " · " << slope << " + " << offset;
    }
  }
}

TEST(Thresholds, AreFoundOverAllOfInt32) {
  const auto decide = [](std::int32_t x) { return x >= 1234567 ? 1 : 0; };
  const std::int64_t most = INT32_MAX - 1;
  EXPECT_THAT(find_thresholds(decide, {-most, most}, 0, 1).values, ElementsAre(1234567));
}

}  // namespace
}  // namespace quern
