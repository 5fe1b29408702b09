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

  std::vector<float> forward(const GradientPass& with) const {
    std::vector<float> y(x.size());
    pointwise_forward(active_isa())(with, x.data(), y.data(), kCount);
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
  pointwise_backward(isa)(pass, problem.x.data(), problem.dy.data(), result.dx.data(), sums.data(),
                          kCount);
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
  const Gradients gradients = backward(problem, problem.pass);
  double dscale = 0;
  for (std::size_t i = 0; i < problem.x.size(); ++i) {
    if (problem.is_near_corner(i)) continue;
    const float multiplier = problem.multiplier[i % kPeriod];
    const float v = problem.x[i] * multiplier + problem.offset[i % kPeriod];
    const bool passes = v > 0 && v < problem.pass.scale * problem.pass.qmax;
    EXPECT_FLOAT_EQ(gradients.dx[i], passes ? problem.dy[i] * multiplier : 0.0F) << v;
  }
  for (std::size_t i = 0; i < problem.x.size(); ++i) {
    const float v = std::clamp(
        problem.x[i] * problem.multiplier[i % kPeriod] + problem.offset[i % kPeriod], 0.0F, 3.0F);
    const float code = v / problem.pass.scale;
    dscale += problem.dy[i] * (code > 15 ? 15 : std::nearbyint(code) - code);
  }
  constexpr double kRounding = 1e-3;  // 300 float32 terms of up to 45, added in another order.
  EXPECT_NEAR(gradients.dscale, dscale, kRounding);
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

TEST(PointwiseGradient, HasTheSameBitsOnEveryInstructionSet) {
  Problem problem;
  problem.pass.keep = 1U << 30;
  const Gradients expected = backward(problem, problem.pass, Isa::kPortable);
  for (const Isa isa : available_isas()) {
    const Gradients found = backward(problem, problem.pass, isa);
    EXPECT_EQ(found.dx, expected.dx) << name(isa);
    EXPECT_EQ(found.dscale, expected.dscale) << name(isa);
  }
}

}  // namespace
}  // namespace quern
