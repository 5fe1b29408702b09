#include "quern/quantizers/centred_grid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "quern/base/random.h"
#include "quern/quantizers/fake_quant.h"
#include "quern/quantizers/pointwise_gradient.h"

namespace quern {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

QuantSpec grid_of(int bits, bool is_signed) {
  QuantSpec spec;
  spec.bits = bits;
  spec.is_signed = is_signed;
  return spec;
}

/// A pass that changes nothing but by its grid.
struct GridPass {
  std::vector<float> ones = std::vector<float>(kPeriod, 1);
  std::vector<float> zeros = std::vector<float>(kPeriod);
  QuantSpec spec;
  GradientPass pass;

  GridPass(const QuantSpec& grid, float scale) : spec(grid) {
    pass = {.period = kPeriod,
            .multiplier = ones.data(),
            .offset = zeros.data(),
            .low = -kInfinity,
            .high = kInfinity,
            .scale = scale,
            .qmin = static_cast<float>(grid.qmin()),
            .qmax = static_cast<float>(grid.qmax())};
    pass.centred = centred_grid(pass);
  }
  GridPass(const GridPass&) = delete;
  GridPass& operator=(const GridPass&) = delete;

  /// Values around each place where the code changes, and around both ends.
  std::vector<float> values() const {
    std::vector<float> result = {0, -0.0F, kInfinity, -kInfinity,
                                 std::numeric_limits<float>::max()};
    for (float place = 2 * pass.qmin - 1; place <= 2 * pass.qmax + 1; ++place) {
      float v = place / 2 * pass.scale;
      for (int i = 0; i < 3; ++i) v = std::nextafter(v, -kInfinity);
      for (int i = 0; i < 6; ++i) result.push_back(v = std::nextafter(v, kInfinity));
    }
    return result;
  }

  void expect_the_definition() const {
    const std::vector<float> x = values();
    std::vector<float> expected;
    for (const float v : x) expected.push_back(fake_quant(v, spec, pass.scale));
    for (const Isa isa : available_isas()) {
      std::vector<float> y(x.size());
      run(pass, PassForward{x.data(), y.data()}, static_cast<std::int64_t>(x.size()), isa);
      EXPECT_EQ(y, expected) << name(isa) << " by " << pass.scale;
    }
  }

  static constexpr std::int64_t kPeriod = 64;
};

TEST(CentredGrid, HasTheCodesOfTheDivisionWhereverOneEnds) {
  Random random(3);
  for (int trial = 0; trial < 400; ++trial) {
    const int bits = 2 + trial % 7;
    const auto scale = static_cast<float>(std::exp2(random.uniform(-40, 40)));
    const GridPass rounding(grid_of(bits, trial % 2 == 0), scale);
    ASSERT_TRUE(rounding.pass.centred) << scale;
    rounding.expect_the_definition();
  }
}

TEST(CentredGrid, IsNoneOfOtherGridsWhichGetTheSameCodesByDividing) {
  const QuantSpec four = grid_of(4, true);
  EXPECT_TRUE(GridPass(four, 0.1F).pass.centred);
  for (const auto& [grid, scale] : {std::pair{grid_of(9, true), 0.1F},
                                    {grid_of(16, false), 0.1F},
                                    {four, std::numeric_limits<float>::denorm_min()},
                                    {four, 5 * std::numeric_limits<float>::denorm_min()},
                                    {four, std::numeric_limits<float>::min()},
                                    {four, 0x1.2345p-41F},
                                    {four, 0x1.2345p41F},
                                    {four, 0.1F * std::numeric_limits<float>::max()}}) {
    const GridPass rounding(grid, scale);
    EXPECT_FALSE(rounding.pass.centred) << scale;
    rounding.expect_the_definition();
  }
  GradientPass pass = GridPass(four, 0.1F).pass;
  pass.scale = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(centred_grid(pass));
  pass.scale = 0.1F;
  pass.zero_point = 1;
  EXPECT_FALSE(centred_grid(pass));
  pass.zero_point = 0;
  pass.bipolar = true;
  EXPECT_FALSE(centred_grid(pass));
}

TEST(CentredGrid, IsNoneWhereTheClipCutsTheGrid) {
  GradientPass pass = GridPass(grid_of(4, true), 0.25F).pass;  // Codes from −8 to 7.
  pass.low = -1;
  EXPECT_FALSE(centred_grid(pass));
  pass.low = -2.5F;
  EXPECT_TRUE(centred_grid(pass));
  pass.low = 0;
  EXPECT_TRUE(centred_grid(pass));
  pass.high = 1.75F;
  EXPECT_FALSE(centred_grid(pass));
  pass.high = std::nextafter(1.75F, 2.0F);
  EXPECT_TRUE(centred_grid(pass));
}

TEST(CentredGrid, IsRefusedWhereOneValueHasAnotherCode) {
  const GridPass rounding(grid_of(8, false), 0.7F);
  ASSERT_TRUE(rounding.pass.centred);
  CentredGrid by_one_product = *rounding.pass.centred;
  by_one_product.rest = 0;
  EXPECT_TRUE(has_codes_of_quotients(*rounding.pass.centred, rounding.pass));
  EXPECT_FALSE(has_codes_of_quotients(by_one_product, rounding.pass));
  int differing = 0;
  for (const float v : rounding.values()) {
    const float code = v * by_one_product.inverse;
    if (std::nearbyint(code) != std::nearbyint(v / 0.7F)) ++differing;
  }
  EXPECT_GT(differing, 0);
}

}  // namespace
}  // namespace quern
