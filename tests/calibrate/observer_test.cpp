#include "quern/calibrate/observer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "quern/base/error.h"
#include "quern/base/random.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

float threshold(std::string_view name, const std::vector<float>& values,
                double percentile = 99.999) {
  const auto observer =
      make_observer(name, {.percentile = percentile, .expected_count = values.size()});
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
      EXPECT_EQ(threshold("percentile", values, percentile),
                percentile_by_sorting(values, percentile))
          << percentile << " % of " << count;
    }
  }
}

TEST(Percentile, CountsEqualValuesOneByOne) {
  std::vector<float> values(3000, 1.0F);
  std::fill_n(values.begin(), 40, -2.0F);
  for (const double percentile : {98.0, 98.6, 98.7, 99.0}) {
    EXPECT_EQ(threshold("percentile", values, percentile),
              percentile_by_sorting(values, percentile));
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

class EveryObserver : public testing::TestWithParam<std::string_view> {
 protected:
  std::unique_ptr<Observer> make(std::uint64_t expected) const {
    return make_observer(GetParam(), {.percentile = 99.9, .expected_count = expected});
  }
};

TEST_P(EveryObserver, DependsNeitherOnOrderNorOnBatchesNorOnWorkers) {
  std::vector<float> values = random_values(40000, 5);
  const float whole = [&] {
    const auto observer = make(values.size());
    observer->add(values);
    return observer->threshold();
  }();
  std::reverse(values.begin(), values.end());
  std::vector<std::unique_ptr<Observer>> workers;
  for (int i = 0; i < 3; ++i) workers.push_back(make(values.size()));
  Random random(6);
  for (std::size_t start = 0; start < values.size();) {
    const auto size = std::min<std::size_t>(values.size() - start, random.integer(0, 3000));
    workers[static_cast<std::size_t>(random.integer(0, 2))]->add({&values[start], size});
    start += size;
  }
  const auto together = make(values.size());
  for (const auto& worker : workers) together->merge(*worker);
  EXPECT_EQ(together->threshold(), whole);
}

TEST_P(EveryObserver, HasNoSign) {
  std::vector<float> values = random_values(1000, 7);
  const auto plus = make(1000);
  plus->add(values);
  for (float& value : values) value = -value;
  const auto minus = make(1000);
  minus->add(values);
  EXPECT_EQ(plus->threshold(), minus->threshold());
}

TEST_P(EveryObserver, AnswersZeroToNothingAndToZeros) {
  const auto observer = make(8);
  EXPECT_EQ(observer->threshold(), 0);
  observer->add(std::vector<float>(8));
  EXPECT_EQ(observer->threshold(), 0);
}

TEST_P(EveryObserver, RefusesWhatIsNotANumber) {
  const auto observer = make(3);
  EXPECT_THROW(observer->add(std::vector{1.0F, std::nanf(""), 2.0F}), Error);
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryObserver,
                         testing::Values("mean_abs", "min_max", "percentile"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(MinMax, IsTheLargestMagnitude) {
  EXPECT_EQ(threshold("min_max", {0.5F, -3.0F, 2.0F}), 3.0F);
  EXPECT_EQ(threshold("min_max", {1, std::numeric_limits<float>::infinity()}),
            std::numeric_limits<float>::infinity());
}

TEST(MeanAbs, IsTheMeanMagnitude) {
  EXPECT_EQ(threshold("mean_abs", {0.5F, -3.0F, 2.0F, -0.5F}), 1.5F);
}

TEST(Observer, NamesTheKnownOnes) {
  test::expect_error(ErrorCode::kInvalidArgument, "mean_abs, min_max, percentile",
                     [] { make_observer("percentil", {}); });
}

}  // namespace
}  // namespace quern
