#include "quern/executor/internal/measured_moments.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "quern/executor/internal/chunks.h"
#include "quern/quantizers/repeated.h"

namespace quern {
namespace {

struct MomentsFunction : torch::autograd::Function<MomentsFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            std::int64_t channels) {
    at::Tensor moments = measure_moments(x, channels);
    context->save_for_backward({x, moments});
    return moments;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor dx = at::empty_like(saved[0]).zero_();
    MomentsWayBack(saved[0], saved[1], gradients[0]).add(dx, dx);
    return {dx, at::Tensor()};
  }
};

}  // namespace

at::Tensor to_tensor(const Moments& moments) {
  const auto channels = static_cast<std::int64_t>(moments.mean.size());
  at::Tensor result = at::empty({2, channels}, at::kDouble);
  auto* const values = result.mutable_data_ptr<double>();
  std::ranges::copy(moments.mean, values);
  std::ranges::copy(moments.variance, values + channels);
  return result;
}

at::Tensor measure_moments(const at::Tensor& x, std::int64_t channels) {
  const auto* const data = x.const_data_ptr<float>();
  const Isa isa = active_isa();
  const Chunks chunks(x.numel(), repeated_period(channels));
  std::vector<Moments> pieces(static_cast<std::size_t>(chunks.size()));
  chunks.run_backwards([&](std::int64_t chunk, std::int64_t first, std::int64_t count) {
    MomentSums sums(channels);
    sums.add(data + first, count, isa);
    pieces[static_cast<std::size_t>(chunk)] = sums.moments();
  });
  return to_tensor(combine(pieces));
}

at::Tensor differentiable_moments(const at::Tensor& x, std::int64_t channels) {
  return MomentsFunction::apply(x, channels);
}

MomentsWayBack::MomentsWayBack(const at::Tensor& y, const at::Tensor& moments,
                               const at::Tensor& gradient)
    : y_(y) {
  if (!gradient.defined()) return;
  const std::int64_t channels = moments.size(1);
  const double pixels = static_cast<double>(y.numel()) / static_cast<double>(channels);
  const at::Tensor dense = gradient.contiguous();
  const auto* const by = dense.const_data_ptr<double>();
  const auto* const means = moments.const_data_ptr<double>();
  std::vector<float> mean, slope, intercept;
  for (std::int64_t c = 0; c < channels; ++c) {
    mean.push_back(static_cast<float>(means[c]));
    intercept.push_back(static_cast<float>(by[c] / pixels));
    slope.push_back(static_cast<float>(2 * by[channels + c] / pixels));
  }
  const std::int64_t period = repeated_period(channels);
  mean_ = repeated(mean, 0, period);
  slope_ = repeated(slope, 0, period);
  intercept_ = repeated(intercept, 0, period);
}

std::optional<MomentsGradient> MomentsWayBack::gradient() const {
  if (mean_.empty()) return std::nullopt;
  return MomentsGradient{.period = static_cast<std::int64_t>(mean_.size()),
                         .y = y_.const_data_ptr<float>(),
                         .mean = mean_.data(),
                         .slope = slope_.data(),
                         .intercept = intercept_.data()};
}

void MomentsWayBack::add(const at::Tensor& dy, const at::Tensor& to) const {
  const OutputGradient by{.dy = dy.const_data_ptr<float>(), .moments = gradient()};
  if (!by.moments) return;
  auto* const result = to.mutable_data_ptr<float>();
  const Isa isa = active_isa();
  Chunks(y_.numel(), by.moments->period).run([&](auto, std::int64_t first, std::int64_t count) {
    by.read(first, count, result + first, isa);
  });
}

}  // namespace quern
