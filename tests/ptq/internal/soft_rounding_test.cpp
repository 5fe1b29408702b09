#include "quern/ptq/internal/soft_rounding.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "quern/base/random.h"
#include "quern/passes/place_quantizers.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using internal::SoftRounding;
using internal::WeightedLayer;
using internal::WeightGrid;

constexpr double kScale = 0.1;

/// One weight, by the formulas, in double.
struct Slow {
  double w;
  double v;
  double first = 0;
  double second = 0;

  explicit Slow(double weight) : w(weight) {
    const double code = std::clamp(w / kScale, -7.0, 7.0);
    const double h = code - std::floor(code);
    v = -std::log(1.2 / (h + 0.1) - 1);
  }
  double floor() const { return std::floor(std::clamp(w / kScale, -7.0, 7.0)); }
  double sigmoid() const { return 1 / (1 + std::exp(-v)); }
  double h() const { return std::clamp(1.2 * sigmoid() - 0.1, 0.0, 1.0); }
  double soft() const { return kScale * std::clamp(floor() + h(), -7.0, 7.0); }

  void step(double gradient, int t, double rate, double beta, double lambda) {
    double by_h = gradient * kScale;
    const double side = 2 * h() - 1;
    // d/dh of 1 − |2h − 1|^β
    by_h -= lambda * 2 * beta * std::pow(std::abs(side), beta - 1) * (side < 0 ? -1 : 1);
    const bool moves = h() > 0 && h() < 1;
    const double by_v = moves ? by_h * 1.2 * sigmoid() * (1 - sigmoid()) : 0;
    first = 0.9 * first + 0.1 * by_v;
    second = 0.999 * second + 0.001 * by_v * by_v;
    v -= rate * (first / (1 - std::pow(0.9, t))) /
         (std::sqrt(second / (1 - std::pow(0.999, t))) + 1e-12);
  }
};

/// A Gemm of 2 outputs and 3 inputs whose weight has 4 bits and a scale of 0.1.
class SoftRoundingTest : public testing::Test {
 protected:
  SoftRoundingTest() {
    test::Network net(3, 1);
    graph_ = net.finish({net.head("fc", net.input(), 2)});
    place_quantizers(graph_, {.weight_bits = 4});
    layer_ = internal::weighted_layers(graph_).at(0);
    graph_.scale(graph_.quantizer(layer_.grid).scale).values = {kScale, kScale};
    grid_ = WeightGrid::of(graph_, layer_);
  }

  static at::Tensor tensor(std::vector<float>& numbers) {
    return at::from_blob(numbers.data(), {1, 2, 3}, at::kFloat).clone();
  }

  const at::NoGradGuard no_gradients_;
  Graph graph_;
  WeightedLayer layer_;
  std::optional<WeightGrid> grid_;
  std::vector<float> weights_ = {0.234F, -0.061F, 0.42F, -0.677F, 0.019F, 0.655F};
};

TEST_F(SoftRoundingTest, FollowsTheFormulas) {
  SoftRounding rounding(tensor(weights_), *grid_);
  std::vector<Slow> slow(weights_.begin(), weights_.end());
  Random random(3);
  constexpr double kFloat32 = 2e-4;  // 30 steps of float32 at v up to 4, times the scale.
  double square = 0;
  for (int t = 1; t <= 30; ++t) {
    std::vector<float> gradient(6);
    double now = 0;
    for (float& g : gradient) {
      g = static_cast<float>(random.normal());
      now += g * kScale * g * kScale / 6;
    }
    square = t == 1 ? now : 0.9 * square + 0.1 * now;
    const double pull = t > 5 ? 0.5 : 0;
    rounding.step(tensor(gradient), 0.05, 4, pull);
    const at::Tensor soft = rounding.soft();
    for (std::size_t i = 0; i < slow.size(); ++i) {
      slow[i].step(gradient[i], t, 0.05, 4, pull * std::sqrt(square));
      EXPECT_NEAR(soft.const_data_ptr<float>()[i], slow[i].soft(), kFloat32) << t << " " << i;
    }
  }
}

TEST_F(SoftRoundingTest, StartsAtTheWeightAndEndsOnTheGrid) {
  SoftRounding rounding(tensor(weights_), *grid_);
  const at::Tensor start = rounding.soft();
  std::vector<float> none(6, 0.0F);
  std::vector<float> first(6, 1e-3F);
  rounding.step(tensor(first), 0.05, 2, 0);  // The pull is relative to what the loss does.
  for (int t = 0; t < 200; ++t) rounding.step(tensor(none), 0.05, 2, 100);
  const at::Tensor soft = rounding.soft();
  const at::Tensor hard = rounding.hard();
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const float clamped = std::clamp(weights_[i], -0.7F, 0.7F);
    EXPECT_NEAR(start.const_data_ptr<float>()[i], clamped, 1e-6F);
    EXPECT_NEAR(soft.const_data_ptr<float>()[i], hard.const_data_ptr<float>()[i], 1e-6F);
    const float code = hard.const_data_ptr<float>()[i] / static_cast<float>(kScale);
    EXPECT_NEAR(code, std::nearbyint(code), 1e-5F);
  }
}

}  // namespace
}  // namespace quern
