#include "quern/train/internal/clip_gradients.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>

#include <cmath>

namespace quern {

double clip_gradients(const std::vector<Learned>& parameters, double most) {
  const at::NoGradGuard no_gradients;
  std::vector<at::Tensor> gradients;
  for (const Learned& parameter : parameters) {
    if (parameter.value.grad().defined()) gradients.push_back(parameter.value.grad());
  }
  if (gradients.empty()) return 0;
  double squares = 0;
  for (const at::Tensor& norm : at::_foreach_norm(gradients)) {
    squares += std::pow(norm.item<double>(), 2);
  }
  const double norm = std::sqrt(squares);
  if (norm > most) at::_foreach_mul_(gradients, most / norm);
  return norm;
}

}  // namespace quern
