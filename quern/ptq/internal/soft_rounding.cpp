#include "quern/ptq/internal/soft_rounding.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/logit.h>
#include <ATen/ops/sigmoid.h>

#include <cmath>

namespace quern::internal {
namespace {

// The sigmoid is stretched beyond 0 and 1, so that h gets there.
constexpr double kLow = -0.1;
constexpr double kHigh = 1.1;

}  // namespace

SoftRounding::SoftRounding(const at::Tensor& weights, const WeightGrid& grid)
    : scale_(grid.scale().unsqueeze(2)),
      nearest_(grid.round(weights)),
      qmin_(grid.qmin()),
      qmax_(grid.qmax()) {
  const at::Tensor codes = (weights / scale_).clamp_(qmin_, qmax_);
  floor_ = codes.floor();
  v_ = at::logit((codes - floor_ - kLow) / (kHigh - kLow));
}

at::Tensor SoftRounding::rectified(const at::Tensor& sigmoid) const {
  return (sigmoid * (kHigh - kLow) + kLow).clamp_(0, 1);
}

at::Tensor SoftRounding::soft() const {
  return rectified(at::sigmoid(v_)).add_(floor_).clamp_(qmin_, qmax_).mul_(scale_);
}

at::Tensor SoftRounding::hard() const {
  return v_.ge(0).to(at::kFloat).add_(floor_).clamp_(qmin_, qmax_).mul_(scale_);
}

void SoftRounding::step(const at::Tensor& gradient, double rate, double beta, double pull) {
  const at::Tensor sigmoid = at::sigmoid(v_);
  const at::Tensor h = rectified(sigmoid);
  at::Tensor by_h = gradient * scale_;
  constexpr double kMemory = 0.9;
  const double square = by_h.square().mean().item<double>();
  square_ = adam_.steps() == 0 ? square : kMemory * square_ + (1 - kMemory) * square;
  if (pull > 0) {
    const at::Tensor side = h * 2 - 1;
    by_h.sub_(side.sign() * side.abs().pow_(beta - 1), 2 * beta * pull * std::sqrt(square_));
  }
  const at::Tensor slope = sigmoid * (1 - sigmoid) * (kHigh - kLow);
  v_.sub_(adam_.direction(by_h.mul_(slope).mul_((h > 0).logical_and_(h < 1))), rate);
}

}  // namespace quern::internal
