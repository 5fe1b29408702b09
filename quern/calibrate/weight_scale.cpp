#include "quern/calibrate/weight_scale.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "quern/base/error.h"
#include "quern/base/nearest.h"
#include "quern/calibrate/internal/squared_error.h"
#include "quern/quant/rules.h"
#include "quern/quantizers/fake_quant.h"

namespace quern {
namespace {

constexpr std::array<std::string_view, 3> kMethodNames = {"mse", "max", "percentile"};

float largest_magnitude(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::fabs(value));
  return largest;
}

float mean_magnitude(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += std::fabs(value);
  return values.empty() ? 0 : static_cast<float>(sum / static_cast<double>(values.size()));
}

float search(std::span<const float> channel, const QuantSpec& spec) {
  constexpr int kSteps = 20;
  const double largest = largest_magnitude(channel);
  float best_scale = 0;
  double best_error = std::numeric_limits<double>::infinity();
  for (int i = 2; i <= kSteps; ++i) {
    const float scale = scale_of(static_cast<float>(largest * i / kSteps), spec);
    const double error = squared_error(channel, spec, scale);
    if (error >= best_error) continue;
    best_error = error;
    best_scale = scale;
  }
  return best_scale;
}

float percentile_magnitude(std::span<const float> values, double percentile) {
  if (values.empty()) return 0;
  std::vector<float> magnitudes(values.begin(), values.end());
  for (float& magnitude : magnitudes) magnitude = std::fabs(magnitude);
  const auto count = std::ssize(magnitudes);
  const auto rank =
      static_cast<std::ptrdiff_t>(std::floor(percentile / 100 * static_cast<double>(count) + 0.5));
  const auto found = magnitudes.begin() + std::clamp<std::ptrdiff_t>(rank, 1, count) - 1;
  std::nth_element(magnitudes.begin(), found, magnitudes.end());
  return *found;
}

float scale_of_channel(std::span<const float> channel, const QuantSpec& spec, WeightMethod method,
                       double percentile) {
  if (spec.is_bipolar()) return scale_of(mean_magnitude(channel), spec);
  switch (method) {
    case WeightMethod::kMse:
      return search(channel, spec);
    case WeightMethod::kMax:
      return scale_of(largest_magnitude(channel), spec);
    case WeightMethod::kPercentile:
      return scale_of(percentile_magnitude(channel, percentile), spec);
  }
  fail(ErrorCode::kInternal, "weight method {} is not known", static_cast<int>(method));
}

}  // namespace

float scale_of(float threshold, const QuantSpec& spec) {
  const float scale =
      std::max(threshold, kThresholdFloor) / static_cast<float>(spec.threshold_code());
  return spec.power_of_two ? std::exp2(std::ceil(std::log2(scale))) : scale;
}

std::string_view name(WeightMethod method) {
  return kMethodNames[static_cast<std::size_t>(method)];
}

WeightMethod weight_method_from(std::string_view name) {
  const auto* found = std::find(kMethodNames.begin(), kMethodNames.end(), name);
  const std::vector<std::string> known(kMethodNames.begin(), kMethodNames.end());
  require(found != kMethodNames.end(),
          "'{}' is not a method for weight scales, expected one of {}{}", name,
          fmt::join(known, ", "), nearest_hint(name, nearest(name, known)));
  return static_cast<WeightMethod>(found - kMethodNames.begin());
}

std::vector<float> weight_scale(const Tensor& weight, const QuantSpec& spec, WeightMethod method,
                                double percentile) {
  check_weight_percentile(percentile, "weight scale");
  if (!spec.symmetric) {
    fail(ErrorCode::kUnsupported, "a weight grid with a zero point (symmetric ones work)");
  }
  const ChannelLayout layout = channel_layout(weight.shape(), spec);
  const auto values = weight.data<float>();
  std::vector<float> scales;
  std::vector<float> channel(static_cast<std::size_t>(layout.outer * layout.inner));
  for (std::int64_t c = 0; c < layout.channels; ++c) {
    auto at = channel.begin();
    for (std::int64_t o = 0; o < layout.outer; ++o) {
      const auto run =
          values.subspan(static_cast<std::size_t>((o * layout.channels + c) * layout.inner),
                         static_cast<std::size_t>(layout.inner));
      at = std::copy(run.begin(), run.end(), at);
    }
    scales.push_back(scale_of_channel(channel, spec, method, percentile));
  }
  return scales;
}

}  // namespace quern
