#include "quern/kernels/moments.h"

#include <gtest/gtest.h>

#include "quern/base/random.h"

namespace quern {
namespace {

/// A variance near 1 from float32 numbers near 100: their own rounding.
constexpr double kRounding = 1e-4;

constexpr std::int64_t kChannels = 3;

std::vector<float> numbers(std::int64_t pixels) {
  Random random(1);
  std::vector<float> result;
  for (std::int64_t i = 0; i < pixels * kChannels; ++i) {
    result.push_back(
        static_cast<float>(static_cast<double>(100 + i % kChannels) + random.normal()));
  }
  return result;
}

Moments by_formula(const std::vector<float>& x) {
  Moments result{static_cast<double>(x.size()) / kChannels, std::vector<double>(kChannels),
                 std::vector<double>(kChannels)};
  for (std::size_t i = 0; i < x.size(); ++i) result.mean[i % kChannels] += x[i] / result.pixels;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double centred = x[i] - result.mean[i % kChannels];
    result.variance[i % kChannels] += centred * centred / result.pixels;
  }
  return result;
}

void expect_near(const Moments& found, const Moments& wanted) {
  EXPECT_EQ(found.pixels, wanted.pixels);
  for (std::size_t c = 0; c < kChannels; ++c) {
    EXPECT_NEAR(found.mean[c], wanted.mean[c], kRounding);
    EXPECT_NEAR(found.variance[c], wanted.variance[c], kRounding);
  }
}

TEST(Moments, AreThoseOfAllThatWasAdded) {
  const auto x = numbers(500);
  MomentSums sums(kChannels);
  sums.add(x.data(), 100 * kChannels, active_isa());
  sums.add(x.data() + 100 * kChannels, 400 * kChannels, active_isa());
  expect_near(sums.moments(), by_formula(x));
}

TEST(Moments, CombineFromPieces) {
  const auto x = numbers(500);
  std::vector<Moments> pieces;
  for (const auto& [first, count] : {std::pair{0, 7}, {7, 300}, {307, 0}, {307, 193}}) {
    MomentSums sums(kChannels);
    if (count > 0) sums.add(x.data() + first * kChannels, count * kChannels, active_isa());
    pieces.push_back(sums.moments());
  }
  expect_near(combine(pieces), by_formula(x));
}

}  // namespace
}  // namespace quern
