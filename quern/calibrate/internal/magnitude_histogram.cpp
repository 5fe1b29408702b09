#include "quern/calibrate/internal/magnitude_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "quern/calibrate/internal/abs_kernels.h"

namespace quern {
namespace {

/// The k of the smallest 2^k above a finite x > 0.
int exponent_above(float x) {
  int exponent = 0;
  std::frexp(x, &exponent);
  return exponent;
}

}  // namespace

void MagnitudeHistogram::add(std::span<const float> values) {
  const std::uint32_t bits = max_abs_bits(values.data(), std::ssize(values));
  check_is_number(bits);
  const auto largest = std::bit_cast<float>(bits);
  largest_ = std::max(largest_, largest);
  if (largest == 0) return;
  if (std::isfinite(largest)) widen(exponent_above(largest));
  if (counts_.empty()) return;
  const double per_width = 1 / width();  // A power of two: the product below is exact.
  for (const float value : values) {
    const double place = std::fabs(double{value}) * per_width;
    if (value == 0 || place >= kBins) continue;  // Only an infinite one lies beyond.
    ++counts_[static_cast<std::size_t>(place)];
  }
}

void MagnitudeHistogram::merge(const MagnitudeHistogram& other) {
  largest_ = std::max(largest_, other.largest_);
  if (other.counts_.empty()) return;
  MagnitudeHistogram scaled = other;
  if (!counts_.empty()) scaled.widen(exponent_);
  widen(scaled.exponent_);
  for (std::size_t i = 0; i < kBins; ++i) counts_[i] += scaled.counts_[i];
}

double MagnitudeHistogram::width() const {
  return std::ldexp(1.0 / static_cast<double>(kBins), exponent_);
}

float MagnitudeHistogram::middle(std::size_t bin) const {
  return static_cast<float>((static_cast<double>(bin) + 0.5) * width());
}

void MagnitudeHistogram::widen(int exponent) {
  if (counts_.empty()) {
    counts_.assign(kBins, 0);
    exponent_ = exponent;
  }
  for (; exponent_ < exponent; ++exponent_) {
    for (std::size_t i = 0; i < kBins / 2; ++i) counts_[i] = counts_[2 * i] + counts_[2 * i + 1];
    std::fill(counts_.begin() + kBins / 2, counts_.end(), 0);
  }
}

}  // namespace quern
