#include "quern/calibrate/observer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

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
                         testing::Values("entropy", "mean_abs", "min_max", "mse", "percentile"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(Observer, NamesTheKnownOnes) {
  test::expect_error(ErrorCode::kInvalidArgument,
                     "'percentil' is not an observer, expected one of entropy, mean_abs, min_max, "
                     "mse, percentile (nearest: 'percentile')",
                     [] { make_observer("percentil", {}); });
}

}  // namespace
}  // namespace quern
