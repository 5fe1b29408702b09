#include "quern/executor/internal/normalized_pass.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/full.h>
#include <ATen/ops/hardtanh.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "quern/base/random.h"
#include "quern/executor/internal/plain_fake_quant.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/quantizers/repeated.h"

namespace quern {
namespace {

/// float32 sums of a thousand numbers near 1 in another order.
constexpr double kReassociation = 1e-5;

/// What the scale's gradient sums up cancels: 4320 residues of either sign, each of a float32
/// number near 30 less its mean.
constexpr double kCancellation = 5e-3;

at::Tensor random_tensor(const Shape& shape, std::uint64_t seed) {
  Random random(seed);
  Tensor tensor(DType::kFloat32, shape);
  for (float& value : tensor.mutable_data<float>()) value = static_cast<float>(random.normal());
  return to_torch(tensor);
}

/// Inputs far from 0, as a convolution gives them, so that sums of squares would cancel.
struct Problem {
  at::Tensor x = (random_tensor({4, 24, 9, 5}, 1) * 2 + 30).requires_grad_();
  at::Tensor dy = random_tensor({4, 24, 9, 5}, 2);
  at::Tensor gamma = (random_tensor({24}, 3) + 2).requires_grad_();
  at::Tensor beta = random_tensor({24}, 4).requires_grad_();
  at::Tensor mean = random_tensor({24}, 5) + 30;
  at::Tensor variance = random_tensor({24}, 6).abs() + 1;
  at::Tensor scale = at::full({1}, 0.21F).requires_grad_();

  NormalizationState state() const { return {gamma, beta, mean, variance}; }
};

constexpr QuantSpec kGrid{.bits = 4, .is_signed = false};

GradientPass relu6(bool rounds) {
  PointwiseSpec spec{.low = {0}, .high = {6}};
  if (rounds) {
    spec.grid = kGrid;
    spec.params.scale = {1};
  }
  GradientPass pass = grid_of(spec);
  pass.period = repeated_period(24);
  return pass;
}

at::Tensor fused(const Problem& problem, bool rounds, bool batch_statistics) {
  return normalized_pass(relu6(rounds), problem.x, {}, problem.state(),
                         {.batch_statistics = batch_statistics},
                         {.value = problem.scale, .factor = 0.5});
}

at::Tensor plain(const Problem& problem, bool rounds, bool batch_statistics) {
  const at::Tensor u = at::batch_norm(problem.x, problem.gamma, problem.beta, problem.mean,
                                      problem.variance, batch_statistics, 0.1, 1e-5, true);
  const at::Tensor v = at::hardtanh(u, 0, 6);
  if (!rounds) return v;
  return plain_fake_quant(v, {.spec = kGrid, .scale = problem.scale, .factor = 0.5});
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).norm().item<double>() / b.norm().item<double>();
}

TEST(NormalizedPass, DoesWhatLibTorchsOperatorsDo) {
  for (const bool rounds : {false, true}) {
    for (const bool batch_statistics : {true, false}) {
      const Problem one;
      const Problem other;
      const at::Tensor y = fused(one, rounds, batch_statistics);
      const at::Tensor wanted = plain(other, rounds, batch_statistics);
      torch::autograd::backward({y}, {one.dy.clone()});
      torch::autograd::backward({wanted}, {other.dy});
      EXPECT_LT(distance(y, wanted), kReassociation);
      EXPECT_LT(distance(one.x.grad(), other.x.grad()), kReassociation);
      EXPECT_LT(distance(one.gamma.grad(), other.gamma.grad()), kReassociation);
      EXPECT_LT(distance(one.beta.grad(), other.beta.grad()), kReassociation);
      EXPECT_LT(distance(one.mean, other.mean), kReassociation);
      EXPECT_LT(distance(one.variance, other.variance), kReassociation);
      if (!rounds) continue;
      EXPECT_LT(distance(one.scale.grad(), other.scale.grad()), kCancellation);
    }
  }
}

TEST(NormalizedPass, LeavesAGradientThatOthersHold) {
  const Problem problem;
  const at::Tensor before = problem.dy.clone();
  torch::autograd::backward({fused(problem, true, true)}, {problem.dy});
  EXPECT_TRUE(problem.dy.equal(before));
}

TEST(NormalizedPass, LetsAnObserverChooseTheScale) {
  const Problem problem;
  PassScale scale{.value = problem.scale};
  scale.observe = [](const GradientPass& pass, const at::Tensor&) {
    EXPECT_EQ(pass.scale, 0);
    EXPECT_NE(pass.multiplier, nullptr);
    return 2.0F;
  };
  const at::Tensor y = normalized_pass(relu6(true), problem.x, {}, problem.state(), {}, scale);
  EXPECT_TRUE((y / 2).equal((y / 2).round()));
  torch::autograd::backward({y}, {problem.dy});
  EXPECT_FALSE(problem.scale.grad().defined());
}

}  // namespace
}  // namespace quern
