#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "quern/base/error.h"
#include "quern/base/random.h"
#include "quern/calibrate/observer.h"

namespace quern {
namespace {

std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

float threshold(const std::vector<float>& values, double percentile = 99.999) {
  const auto observer =
      make_observer("percentile", {.percentile = percentile, .expected_count = values.size()});
  observer->add(values);
  return observer->threshold();
}

/// The k-th smallest |x|, k = floor(p · n + 0.5) and at least 1, by sorting.
float percentile_by_sorting(std::vector<float> values, double percentile) {
  for (float& value : values) value = std::fabs(value);
  std::sort(values.begin(), values.end());
  const double k = std::floor(percentile / 100 * static_cast<double>(values.size()) + 0.5);
  return values[static_cast<std::size_t>(std::max(k, 1.0)) - 1];
}

TEST(Percentile, IsTheValueThatSortingFinds) {
  for (const std::size_t count : {1, 2, 10, 511, 512, 513, 5000, 100000}) {
    for (const double percentile : {0.001, 50.0, 99.0, 99.9, 99.999, 100.0}) {
      const std::vector<float> values = random_values(count, count);
      EXPECT_EQ(threshold(values, percentile), percentile_by_sorting(values, percentile))
          << percentile << " % of " << count;
    }
  }
}

TEST(Percentile, CountsEqualValuesOneByOne) {
  std::vector<float> values(3000, 1.0F);
  std::fill_n(values.begin(), 40, -2.0F);
  for (const double percentile : {98.0, 98.6, 98.7, 99.0}) {
    EXPECT_EQ(threshold(values, percentile), percentile_by_sorting(values, percentile));
  }
}

TEST(Percentile, DoesNotNeedAsManyValuesAsExpected) {
  const std::vector<float> values = random_values(700, 1);
  const auto observer = make_observer("percentile", {.percentile = 99, .expected_count = 90000});
  observer->add(values);
  EXPECT_EQ(observer->threshold(), percentile_by_sorting(values, 99));
}

TEST(Percentile, RefusesADomainItHasNot) {
  for (const double percentile : {0.0, -1.0, 100.5, std::nan("")}) {
    EXPECT_THROW(make_observer("percentile", {.percentile = percentile}), Error);
  }
}

}  // namespace
}  // namespace quern
