#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "quern/base/random.h"
#include "quern/calibrate/observer.h"

namespace quern {
namespace {

constexpr std::size_t kBins = 2048;

float threshold(const std::vector<float>& values, const QuantSpec& spec) {
  const auto observer = make_observer("entropy", {.spec = spec});
  observer->add(values);
  return observer->threshold();
}

/// The distributions P and Q of the first `bins` bins, written out.
double divergence(const std::vector<double>& histogram, std::size_t bins, std::size_t codes) {
  const auto end = histogram.begin() + static_cast<std::ptrdiff_t>(bins);
  std::vector<double> p(histogram.begin(), end);
  std::vector<double> q(bins, 0.0);
  double beyond = 0;
  for (auto i = end; i != histogram.end(); ++i) beyond += *i;
  const double last = p.back() + beyond;
  if (beyond > 0 && p.back() == 0) p.back() = 1;
  for (std::size_t code = 0; code < codes; ++code) {
    double sum = 0;
    int nonempty = 0;
    for (std::size_t i = 0; i < bins; ++i) {
      // Bin i belongs to the last code that starts at or before it.
      const bool belongs = code * bins / codes <= i && i < (code + 1) * bins / codes;
      if (!belongs || p[i] == 0) continue;
      sum += p[i];
      ++nonempty;
    }
    for (std::size_t i = code * bins / codes; i < (code + 1) * bins / codes; ++i) {
      if (p[i] > 0) q[i] = sum / nonempty;
    }
  }
  p.back() = last;
  double total_p = 0;
  double total_q = 0;
  for (std::size_t i = 0; i < bins; ++i) {
    total_p += p[i];
    total_q += q[i];
  }
  double sum = 0;
  for (std::size_t i = 0; i < bins; ++i) {
    if (p[i] > 0) sum += p[i] / total_p * std::log(p[i] / total_p / (q[i] / total_q));
  }
  return sum;
}

/// Of thresholds at every eighth bin, values between 0 and `range`, a power of two.
double best_threshold(const std::vector<float>& values, double range, std::size_t codes) {
  std::vector<double> histogram(kBins, 0.0);
  double largest = 0;
  for (const float value : values) {
    const double x = std::abs(value);
    if (x > 0) ++histogram[static_cast<std::size_t>(x / range * kBins)];
    largest = std::max(largest, x);
  }
  std::size_t bins = kBins;
  while (histogram[bins - 1] == 0) --bins;
  double best = largest;
  double least = std::numeric_limits<double>::infinity();
  for (; bins >= codes; bins -= 8) {
    const double found = divergence(histogram, bins, codes);
    if (found < least) {
      least = found;
      best = std::min(largest, static_cast<double>(bins) * range / kBins);
    }
  }
  return best;
}

/// Normally distributed, a tenth of it zeros, with a few far outside; all below 16.
std::vector<float> values_with_outliers(std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(30000);
  for (float& value : values) value = static_cast<float>(random.normal());
  for (std::size_t i = 0; i < values.size(); i += 10) values[i] = 0;
  for (std::size_t i = 1; i < 40; ++i) values[i] = 8 + 0.1F * static_cast<float>(i);
  return values;
}

TEST(Entropy, IsWhatTheDistributionsWrittenOutGive) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const std::vector<float> values = values_with_outliers(seed);
    EXPECT_FLOAT_EQ(threshold(values, {.bits = 8}), best_threshold(values, 16, 128));
    EXPECT_FLOAT_EQ(threshold(values, {.bits = 8, .is_signed = false}),
                    best_threshold(values, 16, 256));
    EXPECT_FLOAT_EQ(threshold(values, {.bits = 4}), best_threshold(values, 16, 8));
  }
}

TEST(Entropy, ClipsWhatLiesFarOutside) {
  std::vector<float> values = values_with_outliers(4);
  values.push_back(500);
  EXPECT_LT(threshold(values, {.bits = 8}), 250);
  EXPECT_GT(threshold(values, {.bits = 8}), 3);
}

TEST(Entropy, ClipsNothingWhereThereAreMoreCodesThanBins) {
  const std::vector<float> values = values_with_outliers(5);
  EXPECT_FLOAT_EQ(threshold(values, {.bits = 16}), 8 + 3.9F);
}

TEST(Entropy, AnInfiniteActivationIsSeen) {
  EXPECT_TRUE(std::isinf(threshold({1, std::numeric_limits<float>::infinity()}, {.bits = 8})));
}

}  // namespace
}  // namespace quern
