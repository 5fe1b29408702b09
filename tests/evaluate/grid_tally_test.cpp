#include "quern/evaluate/grid_tally.h"

#include <gmock/gmock.h>

#include <numeric>

namespace quern {
namespace {

using testing::DoubleNear;
using testing::Each;

/// int4, both signs: codes −8 to 7.
const QuantSpec kInt4 = {.bits = 4};

std::uint64_t total(const Histogram& histogram) {
  return std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::uint64_t{0});
}

TEST(GridTally, CountsWhatLiesBeyondTheOutermostCodes) {
  GridTally tally(kInt4);
  // Half a step beyond code 7 is still nearest to 7.
  const std::vector<float> x = {0, 1.2F, 3.74F, 3.76F, -4.24F, -4.26F, 100};
  tally.add(x, kInt4, /*scale=*/0.5F, /*zero_point=*/0);
  EXPECT_EQ(tally.count, 7);
  EXPECT_EQ(tally.clipped, 3);
  EXPECT_EQ(total(tally.histogram), 7);
}

TEST(GridTally, SumsTheErrorOfRounding) {
  GridTally tally(kInt4);
  const std::vector<float> x = {1.25F, -0.5F, 4};
  tally.add(x, kInt4, 0.5F, 0);
  EXPECT_EQ(tally.signal, 1.25 * 1.25 + 0.25 + 16);
  // Ties go to the even code; 4 is clipped to 3.5.
  EXPECT_EQ(tally.noise, 0.25 * 0.25 + 0.25);
}

TEST(GridTally, ZeroPointsMoveTheCodes) {
  const QuantSpec uint8 = {.bits = 8, .is_signed = false, .symmetric = false};
  GridTally tally(uint8);
  const std::vector<float> x = {-10, 245, -11, 246};
  tally.add(x, uint8, 1, 10);
  EXPECT_EQ(tally.clipped, 2);
}

TEST(GridTally, PartsAddUp) {
  const std::vector<float> x = {1.1F, -0.4F, 9, 2};
  GridTally whole(kInt4);
  whole.add(x, kInt4, 0.5F, 0);
  GridTally first(kInt4);
  first.add(std::span(x).first(1), kInt4, 0.5F, 0);
  GridTally second(kInt4);
  second.add(std::span(x).subspan(1), kInt4, 0.5F, 0);
  first += second;
  EXPECT_EQ(first.count, whole.count);
  EXPECT_EQ(first.clipped, whole.clipped);
  EXPECT_EQ(first.histogram, whole.histogram);
}

TEST(Histogram, ItsOuterBinsHoldWhatLiesBeyond) {
  Histogram histogram{.low = -1, .width = 1, .counts = {0, 0, 0}};
  for (const double x : {-1e30, -1.0, 0.5, 1.0, 5.0}) histogram.add(x);
  EXPECT_THAT(histogram.counts, testing::ElementsAre(2, 1, 2));
}

TEST(Histogram, OneBinACodeUpTo64) {
  Histogram codes = codes_histogram(kInt4);
  for (int code = -8; code <= 7; ++code) codes.add(code);
  EXPECT_EQ(codes.counts.size(), 16);
  EXPECT_THAT(codes.counts, Each(1));

  codes = codes_histogram({.bits = 8, .is_signed = false});
  for (int code = 0; code <= 255; ++code) codes.add(code);
  EXPECT_EQ(codes.counts.size(), 64);
  EXPECT_THAT(codes.counts, Each(4));
}

TEST(RatioDb, StaysWithinWhatJsonCanSay) {
  EXPECT_THAT(ratio_db(100, 1), DoubleNear(20, 1e-9));
  EXPECT_EQ(ratio_db(1, 0), 300);
  EXPECT_EQ(ratio_db(0, 1), -300);
}

}  // namespace
}  // namespace quern
