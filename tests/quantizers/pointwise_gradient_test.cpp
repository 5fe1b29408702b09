#include "quern/quantizers/pointwise_gradient.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "quern/base/random.h"

namespace quern {
namespace {

constexpr std::int64_t kCount = 300;
constexpr std::int64_t kPeriod = 32;

/// Inputs on both sides of the clips and of the grid's ends.
struct Problem {
  std::vector<float> x, dy, multiplier, offset;
  GradientPass pass;

  Problem() {
    Random random(7);
    for (std::int64_t i = 0; i < kCount; ++i) {
      x.push_back(static_cast<float>(random.normal()) * 3);
      dy.push_back(static_cast<float>(random.normal()));
    }
    for (std::int64_t i = 0; i < kPeriod; ++i) {
      multiplier.push_back(0.5F + static_cast<float>(i) / kPeriod);
      offset.push_back(static_cast<float>(i % 5) * 0.1F);
    }
    pass = {.period = kPeriod,
            .multiplier = multiplier.data(),
            .offset = offset.data(),
            .low = 0,
            .high = 3,
            .scale = 0.15F,
            .qmin = 0,
            .qmax = 15};
  }

  /// The same pass, without a division where one is to be had.
  GradientPass centred() const {
    GradientPass result = pass;
    result.centred = centred_grid(pass);
    EXPECT_TRUE(result.centred);
    return result;
  }

  std::int64_t count() const { return static_cast<std::int64_t>(x.size()); }

  std::vector<float> forward(const GradientPass& with, Isa isa = active_isa()) const {
    std::vector<float> y(x.size());
    run(with, PassForward{x.data(), y.data()}, count(), isa);
    return y;
  }

  /// Whether an input lies near a place where the pass has a corner.
  bool is_near_corner(std::size_t i) const {
    const float v = x[i] * multiplier[i % kPeriod] + offset[i % kPeriod];
    const float top = pass.scale * pass.qmax;
    constexpr float kNear = 0.02F;
    return std::abs(v) < kNear || std::abs(v - pass.high) < kNear || std::abs(v - top) < kNear;
  }
};

struct Gradients {
  std::vector<float> dx;
  double dscale = 0;
};

Gradients backward(const Problem& problem, const GradientPass& pass, Isa isa = active_isa()) {
  Gradients result{std::vector<float>(problem.x.size()), 0};
  std::vector<float> sums(kPeriod);
  run(pass, PassBackward{problem.x.data(), problem.dy.data(), result.dx.data(), sums.data()},
      problem.count(), isa);
  for (const float sum : sums) result.dscale += sum;
  return result;
}

TEST(PointwiseGradient, WithoutAGridEqualsFiniteDifferences) {
  Problem problem;
  problem.pass.scale = 0;
  const Gradients gradients = backward(problem, problem.pass);
  constexpr float kStep = 1e-3F;
  constexpr float kTolerance = 2e-3F;  // float32 differences of numbers up to 3, by 2 · kStep.
  Problem above = problem;
  Problem below = problem;
  for (float& x : above.x) x += kStep;
  for (float& x : below.x) x -= kStep;
  const auto high = above.forward(problem.pass);
  const auto low = below.forward(problem.pass);
  for (std::size_t i = 0; i < problem.x.size(); ++i) {
    if (problem.is_near_corner(i)) continue;
    EXPECT_NEAR(gradients.dx[i], problem.dy[i] * (high[i] - low[i]) / (2 * kStep), kTolerance);
  }
}

TEST(PointwiseGradient, LetsGradientsThroughInsideTheGridAndTheScaleLearnFromWhatIsLost) {
  const Problem problem;
  double dscale = 0;
  for (std::size_t i = 0; i < problem.x.size(); ++i) {
    const float v = std::clamp(
        problem.x[i] * problem.multiplier[i % kPeriod] + problem.offset[i % kPeriod], 0.0F, 3.0F);
    const float code = v / problem.pass.scale;
    dscale += problem.dy[i] * (code > 15 ? 15 : std::nearbyint(code) - code);
  }
  constexpr double kRounding = 1e-3;  // 300 float32 terms of up to 45, added in another order.
  for (const GradientPass& pass : {problem.pass, problem.centred()}) {
    const Gradients gradients = backward(problem, pass);
    EXPECT_NEAR(gradients.dscale, dscale, kRounding);
    for (std::size_t i = 0; i < problem.x.size(); ++i) {
      if (problem.is_near_corner(i)) continue;
      const float multiplier = problem.multiplier[i % kPeriod];
      const float v = problem.x[i] * multiplier + problem.offset[i % kPeriod];
      const bool passes = v > 0 && v < pass.scale * pass.qmax;
      EXPECT_FLOAT_EQ(gradients.dx[i], passes ? problem.dy[i] * multiplier : 0.0F) << v;
    }
  }
}

TEST(PointwiseGradient, EndsWhereCodesLeaveTheGridToTheLastBit) {
  Random random(11);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> ones(kPeriod, 1);
  const std::vector<float> zeros(kPeriod);
  for (int trial = 0; trial < 100; ++trial) {
    GradientPass pass{.period = kPeriod,
                      .multiplier = ones.data(),
                      .offset = zeros.data(),
                      .low = -kInfinity,
                      .high = kInfinity,
                      .scale = static_cast<float>(random.uniform(0.01, 3)),
                      .qmin = trial % 2 == 0 ? -7.0F : 0.0F,
                      .qmax = trial % 2 == 0 ? 7.0F : 15.0F};
    if (trial % 4 < 2) pass.centred = centred_grid(pass);
    std::vector<float> x;
    for (float end : {pass.scale * pass.qmin, pass.scale * pass.qmax}) {
      for (int i = 0; i < 4; ++i) end = std::nextafter(end, -kInfinity);
      for (int i = 0; i < 9; ++i) x.push_back(end = std::nextafter(end, kInfinity));
    }
    const std::vector<float> dy(x.size(), 1);
    for (const Isa isa : available_isas()) {
      std::vector<float> dx(x.size());
      run(pass, PassBackward{x.data(), dy.data(), dx.data()}, static_cast<std::int64_t>(x.size()),
          isa);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float code = x[i] / pass.scale;
        if (code == 0 && x[i] < 0) continue;  // Too small for its quotient.
        EXPECT_EQ(dx[i], code >= pass.qmin && code <= pass.qmax ? 1 : 0) << x[i];
      }
    }
  }
}

TEST(PointwiseGradient, KeepsAShareUnroundedWithTheirFullGradient) {
  Problem problem;
  problem.pass.seed = 5;
  problem.pass.keep = std::numeric_limits<std::uint32_t>::max() / 2;
  GradientPass plain = problem.pass;
  plain.scale = 0;
  GradientPass all = problem.pass;
  all.keep = 0;
  const auto mixed = problem.forward(problem.pass);
  const auto kept = problem.forward(plain);
  const auto rounded = problem.forward(all);
  const Gradients gradients = backward(problem, problem.pass);
  const Gradients kept_gradients = backward(problem, plain);
  const Gradients rounded_gradients = backward(problem, all);
  int drawn = 0;
  for (std::size_t i = 0; i < problem.x.size(); ++i) {
    const bool is_kept = mixed[i] == kept[i] && kept[i] != rounded[i];
    drawn += is_kept ? 1 : 0;
    EXPECT_TRUE(is_kept || mixed[i] == rounded[i]);
    if (kept[i] == rounded[i]) continue;
    EXPECT_EQ(gradients.dx[i], is_kept ? kept_gradients.dx[i] : rounded_gradients.dx[i]);
  }
  EXPECT_GT(drawn, 50);
  EXPECT_LT(drawn, 150);
}

TEST(PointwiseGradient, OfALearnedThresholdIsTheSignOfWhatIsClipped) {
  Problem problem;
  problem.pass.low = -100;
  problem.pass.high = 100;
  problem.pass.learns_step = false;
  problem.pass.qmin = -7;
  problem.pass.qmax = 7;
  double dthreshold = 0;
  for (std::size_t i = 0; i < problem.x.size(); ++i) {
    const float v = problem.x[i] * problem.multiplier[i % kPeriod] + problem.offset[i % kPeriod];
    const float threshold = problem.pass.scale * 7;
    if (std::abs(v) > threshold) dthreshold += v > 0 ? problem.dy[i] : -problem.dy[i];
  }
  constexpr double kRounding = 1e-3;  // 300 float32 terms of up to 21, added in another order.
  for (const GradientPass& pass : {problem.pass, problem.centred()}) {
    const Gradients gradients = backward(problem, pass);
    EXPECT_NEAR(gradients.dscale / 7, dthreshold, kRounding);  // By the threshold, 7 scales.
  }
}

TEST(PointwiseGradient, OfABipolarGridGoesThroughInsideItsTwoCodes) {
  Problem problem;
  problem.pass = {.period = kPeriod,
                  .multiplier = problem.multiplier.data(),
                  .offset = problem.offset.data(),
                  .low = -100,
                  .high = 100,
                  .scale = 0.8F,
                  .qmin = -1,
                  .qmax = 1,
                  .bipolar = true};
  const auto y = problem.forward(problem.pass);
  const Gradients gradients = backward(problem, problem.pass);
  double dscale = 0;
  for (std::size_t i = 0; i < problem.x.size(); ++i) {
    const float multiplier = problem.multiplier[i % kPeriod];
    const float v = problem.x[i] * multiplier + problem.offset[i % kPeriod];
    const bool is_inside = std::abs(v) < 0.8F;
    EXPECT_EQ(y[i], v >= 0 ? 0.8F : -0.8F);
    EXPECT_FLOAT_EQ(gradients.dx[i], is_inside ? problem.dy[i] * multiplier : 0.0F);
    const float sign = v >= 0 ? 1.0F : -1.0F;
    dscale += problem.dy[i] * (is_inside ? sign - v / 0.8F : sign);
  }
  constexpr double kRounding = 1e-4;  // 300 float32 terms of up to 3, added in another order.
  EXPECT_NEAR(gradients.dscale, dscale, kRounding);
}

/// Sums over the problem, of each lane; gradients go into memory of their own.
template <class Work>
std::vector<float> sums_of(const Problem& problem, Work work, std::int64_t arrays, Isa isa) {
  std::vector<float> sums(static_cast<std::size_t>(arrays * kPeriod));
  std::vector<float> dx(problem.x.size());
  work.sums = sums.data();
  if constexpr (requires { work.dx; }) work.dx = dx.data();
  run(problem.pass, work, kCount, isa);
  return sums;
}

TEST(PointwiseGradient, SumsUpChannelsAboutTheirShift) {
  const Problem problem;
  const std::vector<float> shift(kPeriod, 0.5F);
  const PassMoments work{problem.x.data(), shift.data(), nullptr};
  const auto sums = sums_of(problem, work, 2, active_isa());
  for (std::size_t lane = 0; lane < kPeriod; ++lane) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = lane; i < problem.x.size(); i += kPeriod) {
      sum += problem.x[i] - 0.5;
      squares += (problem.x[i] - 0.5) * (problem.x[i] - 0.5);
    }
    constexpr double kRounding = 1e-4;  // Ten float32 terms of up to 100.
    EXPECT_NEAR(sums[lane], sum, kRounding);
    EXPECT_NEAR(sums[kPeriod + lane], squares, kRounding);
  }
}

TEST(PointwiseGradient, ReducesWhatTheBackwardPassLetsThrough) {
  const Problem problem;
  const std::vector<float> mean(kPeriod, 0.25F);
  const PassReduction work{problem.x.data(), problem.dy.data(), mean.data(), nullptr};
  const auto sums = sums_of(problem, work, 3, active_isa());
  const Gradients gradients = backward(problem, problem.pass);
  double dscale = 0;
  for (std::size_t lane = 0; lane < kPeriod; ++lane) {
    double sum = 0;
    double product = 0;
    for (std::size_t i = lane; i < problem.x.size(); i += kPeriod) {
      const double g = gradients.dx[i] / problem.multiplier[lane];
      sum += g;
      product += g * (problem.x[i] - 0.25);
    }
    constexpr double kRounding = 1e-4;  // Ten float32 terms of up to 20.
    EXPECT_NEAR(sums[lane], sum, kRounding);
    EXPECT_NEAR(sums[kPeriod + lane], product, kRounding);
    dscale += sums[2 * kPeriod + lane];
  }
  EXPECT_EQ(dscale, gradients.dscale);
}

TEST(PointwiseGradient, GivesTheGradientWhileItReduces) {
  const Problem problem;
  const std::vector<float> mean(kPeriod, 0.25F);
  std::vector<float> sums(3 * kPeriod);
  std::vector<float> dx = problem.dy;  // In place.
  run(problem.pass, PassReduction{problem.x.data(), dx.data(), mean.data(), sums.data(), dx.data()},
      kCount, active_isa());
  EXPECT_EQ(dx, backward(problem, problem.pass).dx);
}

TEST(PointwiseGradient, OfMomentsIsAddedToWhatComesByOtherWays) {
  const Problem problem;
  const std::vector<float> mean(kPeriod, 0.25F);
  const std::vector<float> slope(kPeriod, -0.5F);
  const std::vector<float> intercept(kPeriod, 0.125F);
  for (const Isa isa : available_isas()) {
    std::vector<float> dx = problem.dy;  // In place.
    run({.period = kPeriod},
        PassMomentsBackward{problem.x.data(), dx.data(), mean.data(), slope.data(),
                            intercept.data(), dx.data()},
        kCount, isa);
    for (std::size_t i = 0; i < problem.x.size(); ++i) {
      EXPECT_EQ(dx[i], problem.dy[i] + ((problem.x[i] - 0.25F) * -0.5F + 0.125F)) << name(isa);
    }
  }
}

TEST(PointwiseGradient, StopsAtTheEndsOfAClip) {
  Problem problem;
  const std::vector<float> ones(kPeriod, 1);
  const std::vector<float> zeros(kPeriod);
  problem.pass.multiplier = ones.data();
  problem.pass.offset = zeros.data();
  problem.x = {-1, -0.0F, 0, 0x1p-50F, 1, std::nextafter(3.0F, 0.0F), 3, 4};
  problem.dy.assign(problem.x.size(), 1);
  GradientPass without = problem.pass;
  without.scale = 0;
  for (const Isa isa : available_isas()) {
    EXPECT_EQ(backward(problem, without, isa).dx, (std::vector<float>{0, 0, 0, 1, 1, 1, 0, 0}));
    for (const GradientPass& pass : {problem.pass, problem.centred()}) {
      EXPECT_EQ(backward(problem, pass, isa).dx, (std::vector<float>{0, 0, 0, 1, 1, 0, 0, 0}));
    }
  }
}

TEST(PointwiseGradient, HasTheSameBitsOnEveryInstructionSet) {
  const Problem problem;
  std::vector<GradientPass> passes(4, problem.pass);
  passes[0].scale = 0;
  passes[1].bipolar = true;
  passes[2].keep = 1U << 30;
  passes.push_back(problem.centred());
  passes.push_back(problem.centred());
  passes.back().learns_step = false;
  const std::vector<float> mean(kPeriod, 0.25F);
  for (const GradientPass& pass : passes) {
    Problem with = problem;
    with.pass = pass;
    const PassReduction reduction{problem.x.data(), problem.dy.data(), mean.data(), nullptr};
    const PassMoments moments{problem.x.data(), mean.data(), nullptr};
    const Gradients expected = backward(problem, pass, Isa::kPortable);
    for (const Isa isa : available_isas()) {
      const Gradients found = backward(problem, pass, isa);
      EXPECT_EQ(problem.forward(pass, isa), problem.forward(pass, Isa::kPortable)) << name(isa);
      EXPECT_EQ(found.dx, expected.dx) << name(isa);
      EXPECT_EQ(found.dscale, expected.dscale) << name(isa);
      EXPECT_EQ(sums_of(with, reduction, 3, isa), sums_of(with, reduction, 3, Isa::kPortable))
          << name(isa);
      EXPECT_EQ(sums_of(with, moments, 2, isa), sums_of(with, moments, 2, Isa::kPortable))
          << name(isa);
    }
  }
}

}  // namespace
}  // namespace quern
