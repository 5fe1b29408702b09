#include "quern/quantizers/pointwise.h"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>

#include "quern/base/error.h"
#include "quern/base/random.h"
#include "quern/quantizers/fake_quant.h"

namespace quern {
namespace {

/// Ties of several scales, bounds, infinities, subnormals, huge and tiny values, and random bits.
std::vector<float> edge_values(float scale) {
  std::vector<float> values = {0.0F,
                               -0.0F,
                               1e-45F,
                               -1e-45F,
                               1e-38F,
                               3e38F,
                               -3e38F,
                               std::numeric_limits<float>::infinity(),
                               -std::numeric_limits<float>::infinity(),
                               1.0F,
                               -1.0F};
  for (int k = -300; k <= 300; ++k) {
    const float tie = (static_cast<float>(k) + 0.5F) * scale;
    values.insert(values.end(), {tie, std::nextafter(tie, -1e9F), std::nextafter(tie, 1e9F),
                                 static_cast<float>(k) * scale});
  }
  Random random(7);
  for (int i = 0; i < 2000; ++i) {
    const auto any = std::bit_cast<float>(static_cast<std::uint32_t>(random.next()));
    if (!std::isnan(any)) values.push_back(any);
  }
  return values;
}

class PointwiseIsa : public testing::TestWithParam<Isa> {};

TEST_P(PointwiseIsa, QuantizesAsTheDefinition) {
  const std::vector<QuantSpec> specs = {{.bits = 8},
                                        {.bits = 8, .narrow_range = true},
                                        {.bits = 8, .is_signed = false},
                                        {.bits = 2},
                                        {.bits = 1},
                                        {.bits = 16},
                                        {.bits = 22, .is_signed = false},
                                        {.bits = 23},
                                        {.bits = 24},
                                        {.bits = 32},
                                        {.bits = 8, .rounding = Rounding::kFloor}};
  for (const QuantSpec& spec : specs) {
    for (const float scale : {1.0F, 0.1F, 6.0F / 255, 3e-5F, 1e-10F}) {
      for (const std::int32_t zero_point : {0, 3, -128}) {
        const std::vector<float> x = edge_values(scale);
        std::vector<float> y(x.size());
        const Pointwise pass({.grid = spec, .params = {{scale}, {zero_point}}}, 1, GetParam());
        pass(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
        for (std::size_t i = 0; i < x.size(); ++i) {
          ASSERT_EQ(y[i], fake_quant(x[i], spec, scale, static_cast<float>(zero_point)))
              << to_string(spec) << " scale " << scale << " x " << x[i];
        }
      }
    }
  }
}

/// Channels from the edge list: 1 to 10, powers of two ± 1, vector width ± 1.
TEST_P(PointwiseIsa, FusesWhatThreePassesDo) {
  Random random(3);
  const QuantSpec grid{.bits = 4, .is_signed = false};
  for (const std::int64_t channels : {1, 2, 3, 5, 8, 10, 15, 16, 17, 31, 33, 255, 256, 257, 1000}) {
    PointwiseSpec spec{.low = {0}, .high = {2.5F}, .grid = grid, .params = {{0.3F}, {0}}};
    for (std::int64_t c = 0; c < channels; ++c) {
      spec.multiplier.push_back(static_cast<float>(random.uniform(-2, 2)));
      spec.offset.push_back(static_cast<float>(random.uniform(-1, 1)));
    }
    std::vector<float> x(static_cast<std::size_t>(channels * 7));
    for (float& value : x) value = static_cast<float>(random.normal());
    std::vector<float> expected;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t c = i % static_cast<std::size_t>(channels);
      const float product = x[i] * spec.multiplier[c];
      const float normalized = product + spec.offset[c];
      expected.push_back(fake_quant(std::clamp(normalized, 0.0F, 2.5F), grid, 0.3F));
    }

    std::vector<float>& in_place = x;
    Pointwise(spec, channels, GetParam())(x.data(), in_place.data(),
                                          static_cast<std::int64_t>(x.size()));
    EXPECT_EQ(in_place, expected) << channels << " channels";
  }
}

TEST_P(PointwiseIsa, LetsNanPass) {
  const float nan = std::nanf("");
  float y = 0;
  Pointwise({.multiplier = {1},
             .offset = {0},
             .low = {0},
             .high = {6},
             .grid = QuantSpec{},
             .params = {{0.1F}, {0}}},
            1, GetParam())(&nan, &y, 1);
  EXPECT_TRUE(std::isnan(y));
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, PointwiseIsa, testing::ValuesIn(available_isas()),
                         [](const auto& isa) { return std::string(name(isa.param)); });

TEST(Pointwise, RefusesAVectorOfAnotherLength) {
  EXPECT_THROW(Pointwise({.multiplier = {1, 2}, .offset = {0, 0}}, 3), Error);
  EXPECT_THROW(Pointwise({.multiplier = {1}}, 3), Error);
  EXPECT_THROW(Pointwise({.grid = QuantSpec{}}, 3), Error);
}

}  // namespace
}  // namespace quern
