#include "quern/quantizers/pointwise.h"

#include "quern/base/error.h"
#include "quern/quantizers/fake_quant.h"
#include "quern/quantizers/repeated.h"

namespace quern {
namespace {

/// `values` (one, or one per channel) repeated to `period` elements; empty stays empty.
std::vector<float> lanes(const std::vector<float>& values, std::int64_t channels,
                         std::int64_t period) {
  if (values.empty()) return {};
  const auto count = static_cast<std::int64_t>(values.size());
  require(count == 1 || count == channels, "{} parameters for {} channels", count, channels);
  return repeated(values, 0, period);
}

const float* data_or_null(const std::vector<float>& values) {
  return values.empty() ? nullptr : values.data();
}

}  // namespace

Pointwise::Pointwise(const PointwiseSpec& spec, std::int64_t channels, Isa isa)
    : kernel_(pointwise_kernel(isa)), grid_(spec.grid) {
  require(channels > 0, "a pass over {} channels", channels);
  require(spec.multiplier.empty() == spec.offset.empty() && spec.low.empty() == spec.high.empty(),
          "a multiplier needs an offset and a lower bound an upper one");
  period_ = repeated_period(channels);
  multiplier_ = lanes(spec.multiplier, channels, period_);
  offset_ = lanes(spec.offset, channels, period_);
  low_ = lanes(spec.low, channels, period_);
  high_ = lanes(spec.high, channels, period_);
  if (!grid_) return;
  scale_ = lanes(spec.params.scale, channels, period_);
  std::vector<float> zero_point(spec.params.zero_point.begin(), spec.params.zero_point.end());
  if (zero_point.empty()) zero_point = {0};
  zero_point_ = lanes(zero_point, channels, period_);
  require(!scale_.empty(), "a {} grid without a scale", to_string(*grid_));
}

void Pointwise::operator()(const float* x, float* y, std::int64_t count) const noexcept {
  PointwiseLanes lanes{.period = period_,
                       .multiplier = data_or_null(multiplier_),
                       .offset = data_or_null(offset_),
                       .low = data_or_null(low_),
                       .high = data_or_null(high_)};
  if (!grid_) return kernel_(lanes, x, y, count);

  if (kernel_rounds(*grid_)) {
    lanes.scale = scale_.data();
    lanes.zero_point = zero_point_.data();
    lanes.qmin = static_cast<float>(grid_->qmin());
    lanes.qmax = static_cast<float>(grid_->qmax());
    return kernel_(lanes, x, y, count);
  }
  kernel_(lanes, x, y, count);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto lane = static_cast<std::size_t>(i % period_);
    y[i] = fake_quant(y[i], *grid_, scale_[lane], zero_point_[lane]);
  }
}

}  // namespace quern
