#include "quern/runtime/requantize.h"

#include <gmock/gmock.h>

#include <cstring>
#include <vector>

#include "quern/base/random.h"
#include "quern/runtime/tensor.h"
#include "tests/support/codes.h"

namespace quern {
namespace {

/// ⌊acc · M + r⌋ or ⌊acc · M + r + ½⌋ in exact arithmetic.
std::int32_t exact(std::int32_t accumulator, std::int32_t multiplier, std::int32_t shift,
                   std::int32_t remainder, bool nearest) {
  __extension__ using Wide = __int128;
  const Wide product =
      Wide{accumulator} * multiplier + remainder + (nearest ? Wide{1} << (shift - 1) : 0);
  Wide quotient = product / (Wide{1} << shift);
  if (quotient * (Wide{1} << shift) > product) quotient -= 1;
  return static_cast<std::int32_t>(std::min<Wide>(std::max<Wide>(quotient, INT32_MIN), INT32_MAX));
}

TEST(Requantize, ScalesExactlyForEveryShift) {
  Random random(1);
  const std::int32_t ends[] = {INT32_MIN, -1, 0, 1, INT32_MAX};
  for (std::int32_t shift = 1; shift <= 62; ++shift) {
    for (int i = 0; i < 200; ++i) {
      const auto accumulator = static_cast<std::int32_t>(
          i < 5 ? ends[i] : random.integer(INT32_MIN, INT32_MAX) >> random.integer(0, 31));
      const auto multiplier = static_cast<std::int32_t>(
          i % 25 < 5 ? ends[i % 25] : random.integer(INT32_MIN, INT32_MAX));
      const auto remainder =
          static_cast<std::int32_t>(i % 3 == 0 ? 0 : random.integer(-(1 << 30), 1 << 30));
      for (const bool nearest : {false, true}) {
        const std::int32_t expected = exact(accumulator, multiplier, shift, remainder, nearest);
        for (const auto scale : {quern_scale, quern_scale_wide, quern_scale_narrow}) {
          EXPECT_EQ(scale(accumulator, multiplier, shift, remainder, nearest), expected)
              << accumulator << " * " << multiplier << " + " << remainder << " >> " << shift;
        }
      }
    }
  }
}

TEST(Requantize, SendsTiesUp) {
  const std::int32_t half = 1 << 30;
  EXPECT_EQ(quern_scale(3, half, 31, 0, 1), 2);
  EXPECT_EQ(quern_scale(-3, half, 31, 0, 1), -1);
  EXPECT_EQ(quern_scale(-3, half, 31, 0, 0), -2);
}

TEST(Requantize, ClampsAroundTheZeroPoint) {
  const std::int32_t multiplier[] = {1 << 30, -(1 << 30)};
  const std::uint8_t shift[] = {30, 31};
  QuernRequantize to = {.rounding = kQuernNearest,
                        .zero_point = 128,
                        .low = 10,
                        .high = 250,
                        .stride = 1,
                        .multiplier = multiplier,
                        .shift = shift};
  EXPECT_EQ(test::requantized(to, 0, 5), 133);
  EXPECT_EQ(test::requantized(to, 0, 123), 250);
  EXPECT_EQ(test::requantized(to, 0, INT32_MAX), 250);
  EXPECT_EQ(test::requantized(to, 0, INT32_MIN), 10);
  EXPECT_EQ(test::requantized(to, 1, 7), 125);
  to.rounding = kQuernFloor;
  EXPECT_EQ(test::requantized(to, 1, 7), 124);
  to.stride = 0;
  EXPECT_EQ(test::requantized(to, 1, 7), 135);
}

TEST(Requantize, AddsWhatTheBiasLeavesOver) {
  const std::int32_t multiplier[] = {1 << 30, 1 << 30};
  const std::uint8_t shift[] = {31, 31};
  const std::int32_t remainder[] = {1 << 29, -1};
  const QuernRequantize to = {.rounding = kQuernFloor,
                              .high = 255,
                              .stride = 1,
                              .multiplier = multiplier,
                              .shift = shift,
                              .remainder = remainder};
  EXPECT_EQ(test::requantized(to, 0, 7), 3) << "3½ + ¼";
  EXPECT_EQ(test::requantized(to, 1, 6), 2) << "just below 3";
}

TEST(Requantize, ClipsEveryChannelAtItsOwnCode) {
  const std::int32_t multiplier[] = {1 << 30, 1 << 30};
  const std::uint8_t shift[] = {30, 30};
  const std::uint8_t highest[] = {9, 15};
  const QuernRequantize to = {.rounding = kQuernNearest,
                              .zero_point = 8,
                              .high = 15,
                              .stride = 1,
                              .multiplier = multiplier,
                              .shift = shift,
                              .highest = highest};
  EXPECT_EQ(test::requantized(to, 0, 1), 9);
  EXPECT_EQ(test::requantized(to, 0, 2), 9);
  EXPECT_EQ(test::requantized(to, 1, 2), 10);
  EXPECT_EQ(test::requantized(to, 1, 100), 15);
  EXPECT_EQ(test::requantized(to, 0, -100), 0);
}

TEST(Requantize, CountsThresholdsOfEitherDirection) {
  const std::int32_t sign[] = {1, -1, 1};
  const std::int32_t thresholds[] = {-5, 0, 9, -5, 0, 9, INT32_MIN, INT32_MIN, INT32_MAX};
  const QuernRequantize to = {.rounding = kQuernThresholds,
                              .low = 1,
                              .high = 4,
                              .stride = 1,
                              .multiplier = sign,
                              .thresholds = thresholds};
  for (std::int32_t value = -12; value <= 12; ++value) {
    const std::int32_t rising = 1 + (value >= -5) + (value >= 0) + (value >= 9);
    EXPECT_EQ(test::requantized(to, 0, value), rising);
    EXPECT_EQ(test::requantized(to, 1, -value), rising);
    EXPECT_EQ(test::requantized(to, 2, value), 3) << "a dead channel is constant";
  }
}

TEST(Requantize, TakesManyAtOnce) {
  const std::int32_t multiplier[] = {0, 1 << 30, 1 << 29, 1 << 28};
  const std::uint8_t shift[] = {1, 30, 30, 30};
  const QuernRequantize to = {.rounding = kQuernNearest,
                              .zero_point = 7,
                              .high = 255,
                              .stride = 1,
                              .multiplier = multiplier,
                              .shift = shift};
  std::int32_t values[] = {100, 100, 100};
  quern_requantize(&to, 1, 3, values);
  EXPECT_THAT(values, testing::ElementsAre(107, 57, 32));
}

/// A hundred channels of random numbers, and some of their accumulators.
class RequantizeChannels : public testing::Test {
 protected:
  static constexpr int kChannels = 100;

  RequantizeChannels() {
    Random random(4);
    for (int i = 0; i < kChannels; ++i) {
      multiplier_.push_back(static_cast<std::int32_t>(random.integer(-INT32_MAX, INT32_MAX)));
      shift_.push_back(static_cast<std::uint8_t>(random.integer(28, 60)));
      remainder_.push_back(static_cast<std::int32_t>(random.integer(-(1 << 30), 1 << 30)));
      highest_.push_back(static_cast<std::uint8_t>(random.integer(1, 3)));
      values_.push_back(static_cast<std::int32_t>(random.integer(INT32_MIN, INT32_MAX)) >>
                        random.integer(0, 31));
    }
  }

  QuernRequantize numbers(int bits) const {
    return {.rounding = kQuernNearest,
            .high = (1 << bits) - 1,
            .stride = 1,
            .multiplier = multiplier_.data(),
            .shift = shift_.data(),
            .remainder = remainder_.data()};
  }

  /// Holds channels first to first + count − 1 against one value at a time.
  void expect_each(const QuernRequantize& to, int bits, int first, int count) const {
    std::vector<std::int32_t> values(values_.begin() + first, values_.begin() + first + count);
    std::vector<std::uint8_t> pixel(4 * kChannels);
    quern_requantize_channels(&to, first, count, values.data(), bits, pixel.data());
    for (int c = first; c < first + count; ++c) {
      std::int32_t expected = values_[static_cast<std::size_t>(c)];
      quern_requantize(&to, c, 1, &expected);
      std::int32_t stored = 0;
      if (bits == 32) std::memcpy(&stored, pixel.data() + 4 * c, 4);
      ASSERT_EQ(bits == 32 ? stored : quern_load(pixel.data(), c, bits), expected)
          << "channel " << c << " of " << bits << " bits from " << first << " on";
    }
  }

  std::vector<std::int32_t> multiplier_, remainder_, values_;
  std::vector<std::uint8_t> shift_, highest_;
};

TEST_F(RequantizeChannels, StoresWhatEachValueBecomes) {
  for (const int bits : {8, 4, 2}) {
    for (const int first : {0, 1, 4, 7}) {
      for (const int count : {1, 2, 31, 32}) {
        QuernRequantize to = numbers(bits);
        expect_each(to, bits, first, count);
        to.zero_point = 1 << (bits - 1);
        expect_each(to, bits, first, count);
        to.low = 1;
        to.high -= 1;
        to.rounding = kQuernFloor;
        expect_each(to, bits, first, count);
        to.highest = highest_.data();
        expect_each(to, bits, first, count);
        to.remainder = nullptr;
        to.stride = 0;
        expect_each(to, bits, first, count);
      }
    }
  }
}

TEST_F(RequantizeChannels, StoresAccumulatorsAndNumbersOfThresholds) {
  expect_each({.rounding = kQuernAccumulator}, 32, 3, 50);
  const std::vector<std::int32_t> sign(kChannels, -1);
  std::vector<std::int32_t> thresholds;
  for (int i = 0; i < 3 * kChannels; ++i) thresholds.push_back(1000 * (i % 3 - 1));
  const QuernRequantize to = {.rounding = kQuernThresholds,
                              .high = 3,
                              .stride = 1,
                              .multiplier = sign.data(),
                              .thresholds = thresholds.data()};
  expect_each(to, 8, 3, 50);
  expect_each(to, 2, 3, 50);
}

TEST(Requantize, PassesAccumulatorsThrough) {
  const QuernRequantize to = {.rounding = kQuernAccumulator};
  EXPECT_EQ(test::requantized(to, 3, INT32_MIN), INT32_MIN);
}

}  // namespace
}  // namespace quern
