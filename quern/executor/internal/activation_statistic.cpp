#include "quern/executor/internal/activation_statistic.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace quern {
namespace {

constexpr std::int64_t kSamples = 1 << 14;

/// The share of the sample that lies beyond the threshold.
constexpr double kBeyond = 0.001;

}  // namespace

float sampled_threshold(const GradientPass& pass, const at::Tensor& x, std::int64_t channels) {
  const std::int64_t count = x.numel();
  std::int64_t stride = std::max<std::int64_t>(1, count / kSamples);
  while (std::gcd(stride, channels) != 1) ++stride;
  const auto* const data = x.const_data_ptr<float>();
  std::vector<float> sample;
  sample.reserve(static_cast<std::size_t>(count / stride + 1));
  for (std::int64_t i = 0; i < count; i += stride) {
    const std::int64_t lane = i % pass.period;
    const float u = data[i] * pass.multiplier[lane] + pass.offset[lane];
    if (!std::isnan(u)) sample.push_back(std::abs(std::clamp(u, pass.low, pass.high)));
  }
  if (sample.empty()) return 0;
  const auto beyond = static_cast<std::size_t>(kBeyond * static_cast<double>(sample.size()));
  const auto found = sample.begin() + static_cast<std::ptrdiff_t>(beyond);
  std::ranges::nth_element(sample, found, std::greater<>());
  return *found;
}

}  // namespace quern
