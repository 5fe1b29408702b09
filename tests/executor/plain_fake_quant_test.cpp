#include "quern/executor/internal/plain_fake_quant.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

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
    constexpr double kStep = 1e-6;
    constexpr double kTolerance = 1e-7;  // Of double differences by 2 · kStep.
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
  constexpr double kTolerance = 1e-12;  // Double sums of 40 terms.
  EXPECT_NEAR(threshold.grad().item<double>(), (dy * fixed.sign() * clipped).sum().item<double>(),
              kTolerance);
  EXPECT_LT((x.grad() - dy * clipped.logical_not()).abs().max().item<double>(), kTolerance);
}

}  // namespace
}  // namespace quern
