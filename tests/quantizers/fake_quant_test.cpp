#include "quern/quantizers/fake_quant.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "quern/base/random.h"

namespace quern {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

QuantSpec unsigned_bits(int bits) { return {.bits = bits, .is_signed = false}; }
QuantSpec signed_bits(int bits) { return {.bits = bits}; }

TEST(FakeQuant, RoundsTiesToTheEvenCode) {
  EXPECT_EQ(fake_quant(0.5F, signed_bits(8), 1), 0);
  EXPECT_EQ(fake_quant(1.5F, signed_bits(8), 1), 2);
  EXPECT_EQ(fake_quant(-2.5F, signed_bits(8), 1), -2);
  EXPECT_EQ(fake_quant(0.75F, signed_bits(8), 0.5F), 1.0F);
}

TEST(FakeQuant, ClipsToTheEndsOfTheGrid) {
  EXPECT_EQ(fake_quant(-kInfinity, signed_bits(4), 0.5F), -4.0F);
  EXPECT_EQ(fake_quant(kInfinity, signed_bits(4), 0.5F), 3.5F);
  EXPECT_EQ(fake_quant(-1, unsigned_bits(4), 0.5F), 0);
  EXPECT_EQ(fake_quant(1e38F, unsigned_bits(4), 1e-38F), 15 * 1e-38F);
  EXPECT_EQ(fake_quant(-100, {.bits = 4, .narrow_range = true}, 1), -7);
}

TEST(FakeQuant, DividesInsteadOfMultiplyingByTheReciprocal) {
  // The quotient rounds to 15.5 from below and its code is 15; x · (1 / 0.1f) rounds to 15.5
  // itself.
  const float scale = 0.1F;
  EXPECT_EQ(fake_quant(1.54999995F, signed_bits(8), scale), 15 * scale);
}

TEST(FakeQuant, ShiftsByTheZeroPoint) {
  EXPECT_EQ(fake_quant(-1.0F, unsigned_bits(8), 0.5F, 3), -1.0F);
  EXPECT_EQ(fake_quant(-2.0F, unsigned_bits(8), 0.5F, 3), -1.5F);
}

TEST(FakeQuant, GivesOneBitASignAndNoZero) {
  const QuantSpec bipolar = signed_bits(1);
  EXPECT_EQ(fake_quant(0, bipolar, 0.25F), 0.25F);
  EXPECT_EQ(fake_quant(-0.0F, bipolar, 0.25F), 0.25F);
  EXPECT_EQ(fake_quant(-1e-30F, bipolar, 0.25F), -0.25F);
  EXPECT_EQ(fake_quant(9, bipolar, 0.25F), 0.25F);
}

TEST(FakeQuant, FollowsTheOtherRoundings) {
  const auto round = [](Rounding rounding, float x) {
    return fake_quant(x, {.bits = 8, .rounding = rounding}, 1);
  };
  EXPECT_EQ(round(Rounding::kFloor, -1.2F), -2);
  EXPECT_EQ(round(Rounding::kCeil, -1.8F), -1);
  EXPECT_EQ(round(Rounding::kToZero, -1.8F), -1);
  EXPECT_EQ(round(Rounding::kToZero, 1.8F), 1);
}

TEST(FakeQuant, KeepsCodesOf32BitsThatFloatCannotRefine) {
  EXPECT_EQ(fake_quant(16777216.0F * 0.25F, signed_bits(32), 0.25F), 16777216.0F * 0.25F);
  EXPECT_EQ(fake_quant(1e30F, signed_bits(32), 1), 2147483648.0F);
}

TEST(FakeQuant, LetsNanPass) {
  EXPECT_TRUE(std::isnan(fake_quant(std::nanf(""), signed_bits(8), 1)));
}

/// Every layout gives element by element what the definition gives.
TEST(FakeQuantOfATensor, UsesTheScaleOfEachChannel) {
  const Shape shape = {3, 5, 7};
  Random random(1);
  std::vector<float> values(105);
  for (float& value : values) value = static_cast<float>(random.uniform(-3, 3));
  const Tensor x = Tensor::of<float>(shape, values);

  for (int axis = 0; axis < 3; ++axis) {
    for (const Rounding rounding : {Rounding::kHalfEven, Rounding::kFloor}) {
      const QuantSpec spec{.bits = 4,
                           .symmetric = false,
                           .rounding = rounding,
                           .granularity = Granularity::kPerChannel,
                           .channel_axis = axis};
      const auto channels = static_cast<std::size_t>(shape[static_cast<std::size_t>(axis)]);
      QuantParams params;
      for (std::size_t c = 0; c < channels; ++c) {
        params.scale.push_back(0.1F + 0.07F * static_cast<float>(c));
        params.zero_point.push_back(static_cast<std::int32_t>(c) - 1);
      }
      const Tensor y = fake_quant(x, spec, params);
      const ChannelLayout layout = channel_layout(shape, spec);
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t c = i / static_cast<std::size_t>(layout.inner) % channels;
        EXPECT_EQ(y.data<float>()[i], fake_quant(values[i], spec, params.scale[c],
                                                 static_cast<float>(params.zero_point[c])));
      }
    }
  }
}

TEST(FakeQuantOfATensor, RefusesAScaleVectorOfAnotherLength) {
  const QuantSpec spec{.bits = 4, .granularity = Granularity::kPerChannel};
  EXPECT_THROW(fake_quant(Tensor(DType::kFloat32, {3, 2}), spec, {{1, 1}, {0}}), Error);
}

TEST(FakeQuantOfATensor, RefusesAnAxisThatTheTensorLacks) {
  const QuantSpec spec{.bits = 4, .granularity = Granularity::kPerChannel, .channel_axis = 2};
  EXPECT_THROW(fake_quant(Tensor(DType::kFloat32, {3, 2}), spec, {{1, 1}, {0, 0}}), Error);
}

}  // namespace
}  // namespace quern
