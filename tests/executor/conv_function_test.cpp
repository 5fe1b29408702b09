#include "quern/executor/internal/conv_function.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/full.h>
#include <ATen/ops/var_mean.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "quern/base/random.h"
#include "quern/executor/internal/measured_moments.h"
#include "quern/executor/internal/normalized_pass.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/quantizers/repeated.h"

namespace quern {
namespace {

/// float32 sums of some hundred numbers near 1 in another order, through two layers.
constexpr double kReassociation = 1e-4;

constexpr std::int64_t kChannels = 24;

at::Tensor random_tensor(const Shape& shape, std::uint64_t seed) {
  Random random(seed);
  Tensor tensor(DType::kFloat32, shape);
  for (float& value : tensor.mutable_data<float>()) value = static_cast<float>(random.normal());
  return to_torch(tensor);
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).norm().item<double>() / b.norm().item<double>();
}

/// What is learned, and a convolution behind its normalization.
struct Problem {
  at::Tensor x = (random_tensor({3, kChannels, 10, 9}, 1) * 2 + 5).requires_grad_();
  at::Tensor weight;
  at::Tensor gamma = (random_tensor({kChannels}, 3) + 2).requires_grad_();
  at::Tensor beta = random_tensor({kChannels}, 4).requires_grad_();
  at::Tensor mean = random_tensor({kChannels}, 5);
  at::Tensor variance = random_tensor({kChannels}, 6).abs() + 1;
  at::Tensor scale = at::full({1}, 0.31F).requires_grad_();
  ConvShape shape{.images = 3,
                  .channels = kChannels,
                  .out_channels = kChannels,
                  .input = {10, 9},
                  .output = {10, 9}};
  ConvKind kind;

  explicit Problem(ConvKind which) : kind(which) {
    if (kind == ConvKind::kDepthwise) {
      shape.groups = kChannels;
      shape.kernel = {3, 3};
      shape.pads = {1, 1};
    }
    weight =
        random_tensor({kChannels, kChannels / shape.groups, shape.kernel[0], shape.kernel[1]}, 2)
            .requires_grad_();
  }

  NormalizationState state() const { return {gamma, beta, mean, variance}; }
  std::vector<at::Tensor> learned() const { return {x, weight, gamma, beta, scale}; }
};

GradientPass quantized_relu() {
  PointwiseSpec spec{.low = {0}, .high = {6}};
  spec.grid = QuantSpec{.bits = 4, .is_signed = false};
  spec.params.scale = {1};
  GradientPass pass = grid_of(spec);
  pass.period = repeated_period(kChannels);
  return pass;
}

std::vector<at::Tensor> fused(const Problem& problem, const Normalization& how) {
  NormalizedInput before{.gamma = problem.gamma, .beta = problem.beta, .scale = problem.scale};
  if (how.batch_statistics) before.moments = differentiable_moments(problem.x, kChannels);
  before.bound =
      std::make_shared<BoundNormalization>(quantized_relu(), problem.x, before.moments,
                                           problem.state(), how, PassScale{.value = problem.scale});
  return conv_function(problem.kind, problem.shape, problem.x, problem.weight, &before,
                       /*measures=*/true);
}

std::vector<at::Tensor> step_by_step(const Problem& problem, const Normalization& how) {
  const at::Tensor passed = normalized_pass(quantized_relu(), problem.x, {}, problem.state(), how,
                                            PassScale{.value = problem.scale});
  const at::Tensor y =
      at::conv2d(passed, problem.weight, {}, 1, problem.shape.pads, 1, problem.shape.groups);
  const auto [variance, mean] = at::var_mean(y, at::IntArrayRef{0, 2, 3}, /*correction=*/0);
  return {y, mean, variance};
}

TEST(ConvFunction, IsNormalizationConvolutionAndMoments) {
  for (const ConvKind kind : {ConvKind::kPointwise, ConvKind::kDepthwise}) {
    for (const bool batch_statistics : {true, false}) {
      const Normalization how{.batch_statistics = batch_statistics};
      const Problem one(kind);
      const Problem other(kind);
      const auto found = fused(one, how);
      const auto wanted = step_by_step(other, how);
      const at::Tensor weights = random_tensor({2, kChannels}, 7);
      torch::autograd::backward({(found[0] * found[0]).sum() + (found[1] * weights).sum()}, {});
      torch::autograd::backward({(wanted[0] * wanted[0]).sum() + (wanted[1] * weights[0]).sum() +
                                 (wanted[2] * weights[1]).sum()},
                                {});
      EXPECT_LT(distance(found[0], wanted[0]), kReassociation);
      EXPECT_LT(distance(found[1][0], wanted[1]), kReassociation);
      EXPECT_LT(distance(found[1][1], wanted[2]), kReassociation);
      EXPECT_LT(distance(one.mean, other.mean), kReassociation);
      for (std::size_t i = 0; i < one.learned().size(); ++i) {
        EXPECT_LT(distance(one.learned()[i].grad(), other.learned()[i].grad()), kReassociation)
            << i << " " << static_cast<int>(kind) << " " << batch_statistics;
      }
    }
  }
}

TEST(ConvFunction, HasNoGradientOfWhatNeedsNone) {
  Problem problem(ConvKind::kPointwise);
  const at::Tensor x = problem.x.detach();
  const auto y = conv_function(problem.kind, problem.shape, x, problem.weight, nullptr,
                               /*measures=*/false);
  ASSERT_EQ(y.size(), 1);
  torch::autograd::backward({y[0].sum()}, {});
  EXPECT_FALSE(x.grad().defined());
  EXPECT_TRUE(problem.weight.grad().defined());
}

}  // namespace
}  // namespace quern
