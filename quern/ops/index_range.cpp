#include "quern/ops/index_range.h"

#include <algorithm>
#include <limits>

namespace quern {

SliceRange slice_range(const NodeView& node, std::int64_t extent, std::int64_t start,
                       std::int64_t end, std::int64_t step) {
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  node.check(step != 0, "Slice has a step of 0");
  // No count of steps can tell the two lowest numbers apart, and only one of them has a negative.
  step = std::max(step, kLowest + 1);
  const auto resolve = [extent](std::int64_t bound, std::int64_t low, std::int64_t high) {
    return std::clamp(bound < 0 ? bound + extent : bound, low, high);
  };
  if (step > 0) {
    const std::int64_t first = resolve(start, 0, extent);
    const std::int64_t last = resolve(end, 0, extent);
    // Not (last − first + step − 1) / step: `step` may be the largest integer.
    return {first, step, last > first ? (last - first - 1) / step + 1 : 0};
  }
  if (extent == 0) return {0, step, 0};
  const std::int64_t first = resolve(start, 0, extent - 1);
  const std::int64_t last = resolve(end, -1, extent - 1);
  return {first, step, first > last ? (first - last - 1) / -step + 1 : 0};
}

std::pair<std::size_t, std::size_t> shape_range(const NodeView& node, std::size_t rank) {
  const auto axes = static_cast<std::int64_t>(rank);
  const auto resolve = [axes](std::int64_t bound) {
    return static_cast<std::size_t>(
        std::clamp<std::int64_t>(bound < 0 ? bound + axes : bound, 0, axes));
  };
  const std::size_t first = resolve(node.attribute<std::int64_t>("start"));
  const auto* end = node.find_attribute<std::int64_t>("end");
  const std::size_t last = end == nullptr ? rank : resolve(*end);
  return {first, std::max(first, last)};
}

}  // namespace quern
