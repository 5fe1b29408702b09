#include "quern/train/internal/optimizer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

namespace quern {
namespace {

/// Of float32 sums and a division or two.
constexpr float kRoundings = 1e-6F;

at::Tensor leaf(std::vector<float> values) {
  return at::tensor(values, at::kFloat).requires_grad_();
}

void set_gradient(const at::Tensor& value, std::vector<float> gradient) {
  value.mutable_grad() = at::tensor(gradient, at::kFloat);
}

TEST(Adam, TheFirstStepIsTheLearningRateAgainstTheGradientsSign) {
  const at::Tensor w = leaf({1, 1});
  const auto optimizer = make_adam({{"w", w}}, {});
  set_gradient(w, {0.5F, -1000});
  optimizer->step(0.1);
  EXPECT_NEAR(w[0].item<float>(), 0.9F, kRoundings);
  EXPECT_NEAR(w[1].item<float>(), 1.1F, kRoundings);
  EXPECT_FALSE(w.grad().defined());
}

TEST(Adam, DecayJoinsTheGradientOfAdamAndShrinksTheWeightOfAdamw) {
  const at::Tensor coupled = leaf({2});
  const auto adam = make_adam({{"w", coupled, 0.5}}, {});
  set_gradient(coupled, {0});
  adam->step(0.1);
  EXPECT_NEAR(coupled.item<float>(), 1.9F, kRoundings);

  const at::Tensor apart = leaf({2});
  const auto adamw = make_adamw({{"w", apart, 0.5}}, {});
  set_gradient(apart, {0});
  adamw->step(0.1);
  EXPECT_NEAR(apart.item<float>(), 2 * (1 - 0.1F * 0.5F), kRoundings);
}

TEST(Sgd, MomentumCarriesTheLastStepOn) {
  const at::Tensor w = leaf({1});
  const auto optimizer = make_sgd({{"w", w, 0.1}}, {.momentum = 0.5});
  set_gradient(w, {1});
  optimizer->step(0.1);  // v = 1 + 0.1 · 1
  EXPECT_NEAR(w.item<float>(), 0.89F, kRoundings);
  set_gradient(w, {0});
  optimizer->step(0.1);  // v = 0.5 · 1.1 + 0.1 · 0.89
  EXPECT_NEAR(w.item<float>(), 0.89F - 0.1F * (0.55F + 0.089F), kRoundings);
}

TEST(Optimizer, EveryParameterHasARateOfItsOwn) {
  const at::Tensor fast = leaf({1});
  const at::Tensor slow = leaf({1});
  const auto optimizer = make_adam({{"fast", fast}, {"slow", slow, 0, 0.1}}, {});
  set_gradient(fast, {1});
  set_gradient(slow, {1});
  optimizer->step(0.1);
  EXPECT_NEAR(fast.item<float>(), 0.9F, kRoundings);
  EXPECT_NEAR(slow.item<float>(), 0.99F, kRoundings);
}

TEST(Optimizer, LeavesWhatHasNoGradientAlone) {
  const at::Tensor moved = leaf({1});
  const at::Tensor kept = leaf({1});
  const auto optimizer = make_adamw({{"moved", moved, 0.5}, {"kept", kept, 0.5}}, {});
  set_gradient(moved, {1});
  optimizer->step(0.1);
  EXPECT_NE(moved.item<float>(), 1);
  EXPECT_EQ(kept.item<float>(), 1);
}

class EveryOptimizer : public testing::TestWithParam<OptimizerDef> {};

TEST_P(EveryOptimizer, GoesOnFromItsState) {
  const at::Tensor w = leaf({1, -2, 3});
  const auto whole = GetParam().make({{"w", w, 0.01}}, {});
  const auto round = [](const at::Tensor& value, Optimizer& optimizer, int i) {
    const auto x = static_cast<float>(i + 1);
    set_gradient(value, {std::sin(x), std::cos(x), x});
    optimizer.step(0.01);
  };
  for (int i = 0; i < 3; ++i) round(w, *whole, i);

  const at::Tensor resumed_w = w.detach().clone().requires_grad_();
  const auto resumed = GetParam().make({{"w", resumed_w, 0.01}}, {});
  for (const auto& [name, tensor] : whole->state()) resumed->state().at(name).copy_(tensor);
  for (int i = 3; i < 6; ++i) {
    round(w, *whole, i);
    round(resumed_w, *resumed, i);
  }
  EXPECT_TRUE(at::equal(w, resumed_w));
}

TEST_P(EveryOptimizer, ReadsAGradientThatLiesOtherwiseInMemory) {
  const auto step = [&](bool is_transposed) {
    at::Tensor w = at::tensor({1, 2, 3, 4}, at::kFloat).view({2, 2}).requires_grad_();
    const auto optimizer = GetParam().make({{"w", w, 0}}, {});
    const at::Tensor gradient = at::tensor({1, -2, 3, -4}, at::kFloat).view({2, 2});
    w.mutable_grad() = is_transposed ? gradient.t().contiguous().t() : gradient;
    optimizer->step(0.1);
    return w;
  };
  EXPECT_TRUE(at::equal(step(false), step(true)));
}

INSTANTIATE_TEST_SUITE_P(All, EveryOptimizer, testing::ValuesIn(optimizers()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace quern
