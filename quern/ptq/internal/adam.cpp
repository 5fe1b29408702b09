#include "quern/ptq/internal/adam.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

namespace quern::internal {

at::Tensor Adam::direction(const at::Tensor& gradient) {
  constexpr double kFirst = 0.9;
  constexpr double kSecond = 0.999;
  constexpr double kEpsilon = 1e-12;  // Losses are relative: gradients of 10⁵ weights are small.
  if (steps_++ == 0) {
    first_ = at::zeros_like(gradient);
    second_ = at::zeros_like(gradient);
  }
  first_.mul_(kFirst).add_(gradient, 1 - kFirst);
  second_.mul_(kSecond).addcmul_(gradient, gradient, 1 - kSecond);
  const double first_bias = 1 - std::pow(kFirst, steps_);
  const double second_bias = 1 - std::pow(kSecond, steps_);
  return (first_ / first_bias).div_((second_ / second_bias).sqrt_().add_(kEpsilon));
}

}  // namespace quern::internal
