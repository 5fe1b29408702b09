#include "quern/executor/internal/normalization.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "quern/quantizers/repeated.h"

namespace quern {
namespace {

template <class T>
std::span<const T> elements(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<T>(), static_cast<std::size_t>(tensor.numel())};
}

void update(const at::Tensor& running, std::span<const double> batch, double correction,
            double momentum) {
  auto* const values = running.mutable_data_ptr<float>();
  for (std::size_t c = 0; c < batch.size(); ++c) {
    values[c] = static_cast<float>((1 - momentum) * values[c] + momentum * correction * batch[c]);
  }
}

/// Means, then variances: the batch's, or those that ran so far.
std::vector<double> statistics(const at::Tensor& x, const at::Tensor& moments,
                               const NormalizationState& state, const Normalization& how) {
  std::vector<double> result;
  if (!how.batch_statistics) {
    for (const at::Tensor& running : {state.running_mean, state.running_variance}) {
      const auto values = elements<float>(running);
      result.insert(result.end(), values.begin(), values.end());
    }
    return result;
  }
  const auto batch = elements<double>(moments);
  const std::size_t channels = batch.size() / 2;
  const double pixels = static_cast<double>(x.numel()) / static_cast<double>(channels);
  update(state.running_mean, batch.first(channels), 1, how.momentum);
  update(state.running_variance, batch.subspan(channels), pixels / std::max(1.0, pixels - 1),
         how.momentum);
  return {batch.begin(), batch.end()};
}

}  // namespace

BoundNormalization::BoundNormalization(const GradientPass& pass, const at::Tensor& x,
                                       const at::Tensor& moments, const NormalizationState& state,
                                       const Normalization& how, const PassScale& scale)
    : pass_(pass), batch_statistics_(how.batch_statistics), factor_(scale.factor) {
  const std::vector<double> by = statistics(x, moments, state, how);
  const auto gamma = elements<float>(state.gamma);
  const auto beta = elements<float>(state.beta);
  gamma_.assign(gamma.begin(), gamma.end());
  std::vector<float> mean, multiplier, offset;
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    deviation_.push_back(1 / std::sqrt(by[gamma.size() + c] + how.epsilon));
    const double factor = gamma[c] * deviation_[c];
    mean.push_back(static_cast<float>(by[c]));
    multiplier.push_back(static_cast<float>(factor));
    offset.push_back(static_cast<float>(beta[c] - by[c] * factor));
  }
  mean_ = repeated(mean, 0, pass_.period);
  multiplier_ = repeated(multiplier, 0, pass_.period);
  offset_ = repeated(offset, 0, pass_.period);
  pass_.multiplier = multiplier_.data();
  pass_.offset = offset_.data();
  learns_scale_ = scale.apply(pass_, x);
}

NormalizationGradients BoundNormalization::gradients(const std::vector<double>& sums) const {
  const std::size_t channels = gamma_.size();
  std::vector<double> gamma, beta;
  double scale = 0;
  NormalizationGradients result;
  const auto size = static_cast<std::int64_t>(channels);
  if (batch_statistics_) result.moments = at::empty({2, size}, at::kDouble);
  for (std::size_t c = 0; c < channels; ++c) {
    beta.push_back(sums[c]);
    gamma.push_back(sums[channels + c] * deviation_[c]);
    scale += sums[2 * channels + c];
    if (!batch_statistics_) continue;
    auto* const moments = result.moments.mutable_data_ptr<double>();
    const double factor = -gamma_[c] * deviation_[c];
    moments[c] = factor * beta[c];
    moments[channels + c] = factor * deviation_[c] * gamma[c] / 2;
  }
  result.gamma = at::tensor(gamma, at::kFloat);
  result.beta = at::tensor(beta, at::kFloat);
  if (learns_scale_) result.scale = at::scalar_tensor(scale * factor_, at::kFloat).reshape(1);
  return result;
}

}  // namespace quern
