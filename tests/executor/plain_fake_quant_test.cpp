#include "quern/executor/internal/plain_fake_quant.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <tuple>
#include <vector>

namespace quern {
namespace {

/// What the rules of gradients differentiate: rounding leaves behind what it took away, so that a
/// finite difference goes straight through.
at::Tensor surrogate(const at::Tensor& x, const at::Tensor& scale, const QuantSpec& spec,
                     const at::Tensor& residue) {
  return (at::clamp(x / scale, spec.qmin(), spec.qmax()) + residue) * scale;
}

/// Elements of a grid of step 0.4, none of them near its ends.
at::Tensor elements() { return at::linspace(-4.93, 4.95, 40, at::kDouble); }

constexpr double kStep = 1e-6;
/// Values up to 8, of four roundings each, by 2 · kStep and times gradients up to 2.5: 1e-8.
constexpr double kTolerance = 1e-7;

TEST(PlainFakeQuant, GradientsEqualFiniteDifferencesAwayFromTheSteps) {
  for (const QuantSpec& spec :
       {QuantSpec{.bits = 4}, QuantSpec{.bits = 4, .narrow_range = true},
        QuantSpec{.bits = 3, .is_signed = false}, QuantSpec{.bits = 1, .is_signed = false}}) {
    const at::Tensor x = elements().requires_grad_();
    const at::Tensor scale = at::full({1}, 0.4, at::kDouble).requires_grad_();
    const at::Tensor dy = elements() * 0.3 + 1;
    torch::autograd::backward({plain_fake_quant(x, {.spec = spec, .scale = scale})}, {dy});

    const at::Tensor fixed = x.detach();
    const at::Tensor step = scale.detach();
    const at::Tensor code = at::clamp(fixed / step, spec.qmin(), spec.qmax());
    const at::Tensor residue = code.round() - code;
    const at::Tensor by_x = (surrogate(fixed + kStep, step, spec, residue) -
                             surrogate(fixed - kStep, step, spec, residue)) /
                            (2 * kStep);
    EXPECT_LT((x.grad() - dy * by_x).abs().max().item<double>(), kTolerance);
    const at::Tensor by_scale = (surrogate(fixed, step + kStep, spec, residue) -
                                 surrogate(fixed, step - kStep, spec, residue)) /
                                (2 * kStep);
    EXPECT_NEAR(scale.grad().item<double>(), (dy * by_scale).sum().item<double>(), 40 * kTolerance);
  }
}

/// Grids of activations and of weights, of all widths that are asked for.
std::vector<QuantSpec> grids() {
  std::vector<QuantSpec> specs;
  for (const int bits : {1, 2, 4, 8}) {
    specs.push_back({.bits = bits, .is_signed = false});
    specs.push_back({.bits = bits});  // Of one bit: bipolar.
    if (bits > 1) specs.push_back({.bits = bits, .narrow_range = true});
  }
  return specs;
}

/// What rounding adds to the clamped codes.
at::Tensor residue_of(const at::Tensor& x, const at::Tensor& scale, const QuantSpec& spec) {
  const at::Tensor code = at::clamp(x / scale, spec.qmin(), spec.qmax());
  const at::Tensor rounded = spec.is_bipolar() ? (code >= 0) * 2.0 - 1.0 : code.round();
  return rounded - code;
}

/// How far x is from the grid's ends, where the rules have corners.
double distance_to_ends(const at::Tensor& x, const at::Tensor& scale, const QuantSpec& spec) {
  const at::Tensor low = (x - scale * static_cast<double>(spec.qmin())).abs().min();
  const at::Tensor high = (x - scale * static_cast<double>(spec.qmax())).abs().min();
  return std::min(low.item<double>(), high.item<double>());
}

/// Holds the gradients of a kind against differences of `surrogate_of(x, scale, residue)`, which is
/// what its rule says that rounding is; of [4, 40] elements with a scale per row, or of one for
/// all.
template <class Surrogate>
void expect_differences(const QuantSpec& spec, bool is_per_channel, bool learns_step,
                        const Surrogate& surrogate_of) {
  SCOPED_TRACE(to_string(spec) + (is_per_channel ? " per_channel" : ""));
  const at::Tensor fixed = elements().reshape({1, 40}).repeat({4, 1});
  const std::int64_t rows = is_per_channel ? 4 : 1;
  // About a third of the elements lie outside.
  const at::Tensor step = at::linspace(2.61, 3.37, rows, at::kDouble).reshape({rows, 1}) /
                          static_cast<double>(spec.threshold_code());
  ASSERT_GT(distance_to_ends(fixed, step, spec), 10 * 128 * kStep);
  const at::Tensor residue = residue_of(fixed, step, spec);
  const at::Tensor x = fixed.clone().requires_grad_();
  const at::Tensor scale = step.clone().requires_grad_();
  const at::Tensor dy = fixed * 0.3 + 1;
  torch::autograd::backward(
      {plain_fake_quant(x, {.spec = spec, .scale = scale, .learns_step = learns_step})}, {dy});
  const auto y = [&](const at::Tensor& at_x, const at::Tensor& at_scale) {
    return surrogate_of(at_x, at_scale, residue);
  };
  const at::Tensor by_x = (y(fixed + kStep, step) - y(fixed - kStep, step)) / (2 * kStep);
  EXPECT_LT((x.grad() - dy * by_x).abs().max().item<double>(), kTolerance);
  const at::Tensor by_scale = dy * (y(fixed, step + kStep) - y(fixed, step - kStep)) / (2 * kStep);
  EXPECT_LT((scale.grad() - by_scale.sum_to_size({rows, 1})).abs().max().item<double>(),
            160 * kTolerance);
}

// LSQ: rounding adds what it took away, a constant number of steps.
TEST(PlainFakeQuant, OfALearnedStepHasTheDifferencesOfItsRule) {
  for (const QuantSpec& spec : grids()) {
    for (const bool is_per_channel : {false, true}) {
      expect_differences(
          spec, is_per_channel, /*learns_step=*/true,
          [&](const at::Tensor& x, const at::Tensor& scale, const at::Tensor& residue) {
            return surrogate(x, scale, spec, residue);
          });
    }
  }
}

// PACT: rounding is left out, so that the threshold is all that a scale means.
TEST(PlainFakeQuant, OfALearnedThresholdHasTheDifferencesOfItsRule) {
  for (const QuantSpec& spec : grids()) {
    for (const bool is_per_channel : {false, true}) {
      expect_differences(spec, is_per_channel, /*learns_step=*/false,
                         [&](const at::Tensor& x, const at::Tensor& scale, const at::Tensor&) {
                           return at::clamp(x / scale, spec.qmin(), spec.qmax()) * scale;
                         });
    }
  }
}

// min_max: the scale is what the weights themselves make it, and no gradient goes through it.
TEST(PlainFakeQuant, OfAMeasuredScaleLetsGradientsOfTheElementsThroughAlone) {
  for (const QuantSpec& spec : grids()) {
    for (const std::int64_t rows : {1, 4}) {
      SCOPED_TRACE(to_string(spec));
      const at::Tensor x = elements().reshape({4, 10}).requires_grad_();
      const at::Tensor largest = rows == 1 ? x.detach().abs().max().reshape({1, 1})
                                           : std::get<0>(x.detach().abs().max(1, /*keepdim=*/true));
      const at::Tensor scale = largest / static_cast<double>(spec.threshold_code());
      const at::Tensor dy = elements().reshape({4, 10});
      torch::autograd::backward(
          {plain_fake_quant(x, {.spec = spec, .scale = scale, .learns_step = false})}, {dy});
      const at::Tensor inside =
          (x.detach() / scale).clamp(spec.qmin(), spec.qmax()) == x.detach() / scale;
      EXPECT_TRUE(at::equal(x.grad(), dy * inside));
      EXPECT_FALSE(scale.requires_grad());
    }
  }
}

TEST(PlainFakeQuant, OnTheStepsTheRuleHolds) {
  // At a bound's code an element is inside; beyond it the bound's code is the scale's gradient.
  const at::Tensor x =
      at::linspace(-0.9, 0.9, 7, at::kDouble).requires_grad_();  // −0.9 … 0.9 by 0.3
  const at::Tensor scale = at::full({1}, 0.3, at::kDouble).requires_grad_();
  const QuantSpec spec{.bits = 2, .narrow_range = true};  // Codes −1, 0, 1.
  const at::Tensor dy = at::full({7}, 1.0, at::kDouble);
  torch::autograd::backward({plain_fake_quant(x, {.spec = spec, .scale = scale})}, {dy});
  EXPECT_EQ(x.grad()[0].item<double>(), 0);
  EXPECT_EQ(x.grad()[3].item<double>(), 1);
  EXPECT_EQ(x.grad()[6].item<double>(), 0);
  EXPECT_NEAR(scale.grad().item<double>(), 0, 1e-12);  // Two elements above, two below.
}

TEST(PlainFakeQuant, OfALearnedThresholdIsTheSignOfWhatIsClipped) {
  const at::Tensor x = elements().requires_grad_();
  const at::Tensor threshold = at::full({1}, 2.0, at::kDouble).requires_grad_();
  const QuantSpec spec{.bits = 4, .narrow_range = true};
  const at::Tensor dy = elements();
  torch::autograd::backward(
      {plain_fake_quant(x, {.spec = spec, .scale = threshold / 7.0, .learns_step = false})}, {dy});
  const at::Tensor fixed = x.detach();
  const at::Tensor clipped = fixed.abs() > 2;
  constexpr double kSums = 1e-12;  // Double sums of 40 terms.
  EXPECT_NEAR(threshold.grad().item<double>(), (dy * fixed.sign() * clipped).sum().item<double>(),
              kSums);
  EXPECT_LT((x.grad() - dy * clipped.logical_not()).abs().max().item<double>(), kSums);
}

}  // namespace
}  // namespace quern
