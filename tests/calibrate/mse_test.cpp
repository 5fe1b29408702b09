#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "quern/base/random.h"
#include "quern/calibrate/observer.h"
#include "quern/calibrate/weight_scale.h"
#include "quern/quantizers/fake_quant.h"

namespace quern {
namespace {

float threshold(const std::vector<float>& values, const QuantSpec& spec) {
  const auto observer = make_observer("mse", {.spec = spec});
  observer->add(values);
  return observer->threshold();
}

double squared_error(const std::vector<float>& values, const QuantSpec& spec, float threshold) {
  const float scale = scale_of(threshold, spec);
  double sum = 0;
  for (const float value : values) {
    const double x = std::abs(value);
    const double error = x - fake_quant(std::abs(value), spec, scale);
    sum += error * error;
  }
  return sum;
}

/// Of the 128 candidates, value by value.
float best_candidate(const std::vector<float>& values, const QuantSpec& spec) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  float best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (int i = 128; i >= 1; --i) {
    const auto candidate = static_cast<float>(double{largest} * i / 128);
    const double error = squared_error(values, spec, candidate);
    if (error < least) {
      least = error;
      best = candidate;
    }
  }
  return best;
}

/// Normally distributed.
std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

const std::vector<QuantSpec> kGrids = {{.bits = 2}, {.bits = 4}, {.bits = 4, .is_signed = false}};

TEST(Mse, IsTheBestCandidateForValuesInTheMiddleOfBins) {
  std::vector<float> values = random_values(5000, 1);
  // The largest lies between 2 and 4, where 2048 bins have a width of 1 / 512.
  for (float& value : values) {
    value = std::clamp(value, -3.9F, 3.9F);
    value = std::copysign((std::floor(std::abs(value) * 512) + 0.5F) / 512, value);
  }
  for (const QuantSpec& spec : kGrids) {
    EXPECT_EQ(threshold(values, spec), best_candidate(values, spec)) << spec.bits;
  }
}

TEST(Mse, IsNextToTheBestForAnyValues) {
  const std::vector<float> values = random_values(20000, 2);
  // A bin is 1/2048 of the range, a step of these grids at least 1/15: the bins' rounding adds less
  // than (15 / 2048)² of the error.
  constexpr double kSlack = 1e-3;
  for (const QuantSpec& spec : kGrids) {
    const double least = squared_error(values, spec, best_candidate(values, spec));
    EXPECT_LT(squared_error(values, spec, threshold(values, spec)), least * (1 + kSlack));
  }
}

TEST(Mse, ClipsMoreTheFewerTheBits) {
  const std::vector<float> values = random_values(20000, 3);
  EXPECT_LT(threshold(values, {.bits = 3}), threshold(values, {.bits = 5}));
  EXPECT_LT(threshold(values, {.bits = 5}), threshold(values, {.bits = 8}));
}

TEST(Mse, OfOneValueIsThatValue) {
  EXPECT_EQ(threshold({0.3F}, {.bits = 8, .is_signed = false}), 0.3F);
  EXPECT_EQ(threshold({1e-40F}, {.bits = 8, .is_signed = false}), 1e-40F);
}

TEST(Mse, AnInfiniteActivationIsSeen) {
  EXPECT_TRUE(std::isinf(threshold({1, std::numeric_limits<float>::infinity()}, {.bits = 8})));
}

}  // namespace
}  // namespace quern
