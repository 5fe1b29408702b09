#include "quern/calibrate/weight_scale.h"

#include <gmock/gmock.h>

#include <cmath>

#include "quern/base/error.h"
#include "quern/base/random.h"
#include "quern/calibrate/internal/squared_error.h"
#include "quern/quantizers/fake_quant.h"

namespace quern {
namespace {

constexpr QuantSpec kPerChannel{
    .bits = 4, .narrow_range = true, .granularity = Granularity::kPerChannel};

Tensor random_weight(const Shape& shape, std::uint64_t seed) {
  Random random(seed);
  Tensor weight(DType::kFloat32, shape);
  for (float& value : weight.mutable_data<float>()) value = static_cast<float>(random.normal());
  return weight;
}

/// The search as its definition reads, one value at a time.
float searched(const std::vector<float>& channel, const QuantSpec& spec) {
  double largest = 0;
  for (const float w : channel) largest = std::max<double>(largest, std::fabs(w));
  float best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (int i = 2; i <= 20; ++i) {
    const float scale = std::max(static_cast<float>(largest * i / 20), 1e-10F) /
                        static_cast<float>(spec.threshold_code());
    double error = 0;
    for (const float w : channel) error += std::pow(w - fake_quant(w, spec, scale), 2);
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

TEST(WeightScale, FindsTheThresholdOfLeastError) {
  for (const int bits : {2, 3, 4, 8}) {
    const Tensor weight = random_weight({5, 3, 3, 3}, static_cast<std::uint64_t>(bits));
    QuantSpec spec = kPerChannel;
    spec.bits = bits;
    const std::vector<float> scales = weight_scale(weight, spec);
    ASSERT_EQ(scales.size(), 5U);
    for (std::size_t c = 0; c < 5; ++c) {
      const auto channel = weight.data<float>().subspan(c * 27, 27);
      EXPECT_EQ(scales[c], searched({channel.begin(), channel.end()}, spec)) << bits << " bits";
    }
  }
}

TEST(WeightScale, FollowsTheChannelAxis) {
  const Tensor weight = random_weight({4, 6}, 1);
  QuantSpec columns = kPerChannel;
  columns.channel_axis = 1;
  const std::vector<float> scales = weight_scale(weight, columns, WeightMethod::kMax);
  ASSERT_EQ(scales.size(), 6U);
  for (std::size_t c = 0; c < 6; ++c) {
    float largest = 0;
    for (std::size_t o = 0; o < 4; ++o) {
      largest = std::max(largest, std::fabs(weight.data<float>()[o * 6 + c]));
    }
    EXPECT_EQ(scales[c], largest / 7);
  }
}

TEST(WeightScale, TakesTheMeanMagnitudeOfOneBit) {
  const Tensor weight = Tensor::of<float>({1, 4}, {1, -2, 3, -4});
  for (const WeightMethod method : {WeightMethod::kMse, WeightMethod::kMax}) {
    EXPECT_THAT(weight_scale(weight, {.bits = 1}, method), testing::ElementsAre(2.5F));
  }
}

TEST(WeightScale, GivesDeadChannelsTheFloor) {
  const Tensor weight(DType::kFloat32, {2, 3});
  for (const WeightMethod method : {WeightMethod::kMse, WeightMethod::kMax}) {
    EXPECT_THAT(weight_scale(weight, kPerChannel, method), testing::Each(kThresholdFloor / 7));
  }
}

TEST(WeightScale, RefusesAZeroPointAndAnAxisTheWeightLacks) {
  QuantSpec shifted = kPerChannel;
  shifted.symmetric = false;
  EXPECT_THROW(weight_scale(random_weight({2, 3}, 1), shifted), Error);
  QuantSpec outside = kPerChannel;
  outside.channel_axis = 2;
  EXPECT_THROW(weight_scale(random_weight({2, 3}, 1), outside), Error);
}

TEST(ScaleOf, RoundsUpToAPowerOfTwoOnRequest) {
  EXPECT_EQ(scale_of(127, {.bits = 8, .narrow_range = true}), 1);
  EXPECT_EQ(scale_of(128, {.bits = 8, .narrow_range = true, .power_of_two = true}), 2);
  EXPECT_EQ(scale_of(127, {.bits = 8, .narrow_range = true, .power_of_two = true}), 1);
  EXPECT_EQ(scale_of(6, {.bits = 8, .is_signed = false}), 6.0F / 255);
}

TEST(WeightScale, APercentileIsTheKthSmallestOfAChannel) {
  const Tensor weight = Tensor::of<float>({2, 5}, std::vector<float>{1, -5, 2, 4, 3,  //
                                                                     -10, 20, 50, 30, 40});
  const QuantSpec spec = {.bits = 8, .narrow_range = true, .granularity = Granularity::kPerChannel};
  const auto scales = [&](double percentile) {
    return weight_scale(weight, spec, WeightMethod::kPercentile, percentile);
  };
  // floor(0.8 · 5 + 0.5) = 4
  EXPECT_EQ(scales(80), (std::vector<float>{4.0F / 127, 40.0F / 127}));
  EXPECT_EQ(scales(1), (std::vector<float>{1.0F / 127, 10.0F / 127}));
  EXPECT_EQ(scales(100), weight_scale(weight, spec, WeightMethod::kMax));
  EXPECT_THROW(scales(0), Error);
  EXPECT_THROW(scales(101), Error);
}

TEST(WeightMethod, HasNamesThatLeadBack) {
  EXPECT_EQ(weight_method_from(name(WeightMethod::kMse)), WeightMethod::kMse);
  EXPECT_EQ(weight_method_from(name(WeightMethod::kMax)), WeightMethod::kMax);
  EXPECT_EQ(weight_method_from(name(WeightMethod::kPercentile)), WeightMethod::kPercentile);
  EXPECT_THROW(weight_method_from("mean"), Error);
}

TEST(SquaredError, IsTheSameOnEveryIsa) {
  const Tensor values = random_weight({1, 1000}, 3);
  for (const std::size_t count : {0, 1, 15, 16, 17, 33, 1000}) {
    const auto x = values.data<float>().first(count);
    for (const QuantSpec& spec : {QuantSpec{.bits = 4}, QuantSpec{.bits = 1},
                                  QuantSpec{.bits = 8, .rounding = Rounding::kFloor}}) {
      double expected = 0;
      for (const float value : x) {
        const double error = value - fake_quant(value, spec, 0.3F);
        expected += error * error;
      }
      const double portable = squared_error(x, spec, 0.3F, Isa::kPortable);
      // Sixteen partial sums of doubles: a relative error of 1e-12 is a thousand roundings.
      EXPECT_NEAR(portable, expected, 1e-12 * (1 + expected));
      for (const Isa isa : available_isas()) {
        EXPECT_EQ(squared_error(x, spec, 0.3F, isa), portable) << name(isa) << count;
      }
    }
  }
}

}  // namespace
}  // namespace quern
