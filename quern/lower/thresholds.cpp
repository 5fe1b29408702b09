#include "quern/lower/thresholds.h"

namespace quern {
namespace {

/// Fills in the thresholds of codes above `code_begin` up to `code_end`, which the accumulators
/// `begin` and `end` reach. Halving both ranges at once asks `decide` as seldom as possible.
void bisect(const std::function<std::int32_t(std::int64_t)>& decide, std::int64_t begin,
            std::int32_t code_begin, std::int64_t end, std::int32_t code_end, std::int32_t low,
            std::vector<std::int32_t>& thresholds) {
  if (code_begin == code_end) return;
  if (end - begin == 1) {
    for (std::int32_t code = code_begin + 1; code <= code_end; ++code) {
      thresholds[static_cast<std::size_t>(code - low - 1)] = static_cast<std::int32_t>(end);
    }
    return;
  }
  const std::int64_t middle = begin + (end - begin) / 2;
  const std::int32_t code = decide(middle);
  bisect(decide, begin, code_begin, middle, code, low, thresholds);
  bisect(decide, middle, code, end, code_end, low, thresholds);
}

}  // namespace

Thresholds find_thresholds(const std::function<std::int32_t(std::int32_t)>& decide,
                           const Reach& reach, std::int32_t low, std::int32_t high) {
  const auto code_at = [&](std::int64_t accumulator) {
    return decide(static_cast<std::int32_t>(accumulator));
  };
  Thresholds found;
  if (code_at(reach.low) > code_at(reach.high)) found.sign = -1;
  const std::int64_t begin = found.sign > 0 ? reach.low : -reach.high;
  const std::int64_t end = found.sign > 0 ? reach.high : -reach.low;
  const std::function<std::int32_t(std::int64_t)> rising = [&](std::int64_t value) {
    return code_at(found.sign * value);
  };
  const std::int32_t code_begin = rising(begin);
  const std::int32_t code_end = rising(end);
  found.values.assign(static_cast<std::size_t>(high - low), INT32_MAX);
  for (std::int32_t code = low + 1; code <= code_begin; ++code) {
    found.values[static_cast<std::size_t>(code - low - 1)] = INT32_MIN;
  }
  bisect(rising, begin, code_begin, end, code_end, low, found.values);
  return found;
}

}  // namespace quern
