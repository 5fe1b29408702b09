#include "quern/quantizers/repeated.h"

#include <algorithm>

namespace quern {
namespace {

constexpr std::int64_t kPeriod = 256;

}  // namespace

std::int64_t repeated_period(std::int64_t channels) {
  return channels * std::max<std::int64_t>(1, kPeriod / channels);
}

std::vector<float> repeated(const std::vector<float>& values, float fallback, std::int64_t period) {
  std::vector<float> result(static_cast<std::size_t>(period), fallback);
  if (values.empty()) return result;
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = values[i % values.size()];
  return result;
}

}  // namespace quern
