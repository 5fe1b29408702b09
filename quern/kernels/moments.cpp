#include "quern/kernels/moments.h"

#include <algorithm>

#include "quern/quantizers/pointwise_gradient.h"
#include "quern/quantizers/repeated.h"

namespace quern {

MomentSums::MomentSums(std::int64_t channels)
    : channels_(channels),
      period_(repeated_period(channels)),
      sums_(static_cast<std::size_t>(2 * period_)) {}

void MomentSums::add(const float* x, std::int64_t count, Isa isa) {
  if (shift_.empty()) shift_ = repeated({x, x + channels_}, 0, period_);
  run({.period = period_}, PassMoments{x, shift_.data(), sums_.data()}, count, isa);
  count_ += count;
}

Moments MomentSums::moments() const {
  const auto channels = static_cast<std::size_t>(channels_);
  const std::int64_t pixels = count_ / channels_;
  Moments result{static_cast<double>(pixels), std::vector<double>(channels),
                 std::vector<double>(channels)};
  if (count_ == 0) return result;
  const auto period = static_cast<std::size_t>(period_);
  for (std::size_t i = 0; i < period; ++i) {
    result.mean[i % channels] += sums_[i];
    result.variance[i % channels] += sums_[period + i];
  }
  for (std::size_t c = 0; c < channels; ++c) {
    const double centred = result.mean[c] / result.pixels;
    result.mean[c] = shift_[c] + centred;
    result.variance[c] = std::max(0.0, result.variance[c] / result.pixels - centred * centred);
  }
  return result;
}

Moments combine(std::span<const Moments> pieces) {
  Moments all = pieces.front();
  for (const Moments& piece : pieces.subspan(1)) {
    const double pixels = all.pixels + piece.pixels;
    if (piece.pixels == 0) continue;
    const double share = piece.pixels / pixels;
    for (std::size_t c = 0; c < all.mean.size(); ++c) {
      const double apart = piece.mean[c] - all.mean[c];
      all.mean[c] += apart * share;
      all.variance[c] +=
          (piece.variance[c] - all.variance[c]) * share + apart * apart * share * (1 - share);
    }
    all.pixels = pixels;
  }
  return all;
}

}  // namespace quern
