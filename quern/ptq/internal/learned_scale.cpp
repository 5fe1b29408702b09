#include "quern/ptq/internal/learned_scale.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>

#include <cmath>

namespace quern::internal {

LearnedScale::LearnedScale(float scale, double most)
    : log_(at::full({1}, std::log(static_cast<double>(scale)), at::kDouble)), most_(most) {}

at::Tensor LearnedScale::value() const { return log_.exp().clamp_max_(most_).to(at::kFloat); }

void LearnedScale::step(const at::Tensor& gradient, double rate) {
  log_.sub_(adam_.direction(gradient.to(at::kDouble) * log_.exp()), rate);
  log_.clamp_max_(std::log(most_));
}

}  // namespace quern::internal
