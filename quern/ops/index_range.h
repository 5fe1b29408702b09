#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "quern/ops/node_view.h"

namespace quern {

/// The elements start, start + step, … of one axis.
struct SliceRange {
  std::int64_t start = 0;
  std::int64_t step = 1;
  std::int64_t count = 0;
};

/// What a Slice takes of an axis of `extent` elements: negative bounds count from the back, bounds
/// outside are clamped. @throws Error(kParse) naming the layer for step 0.
SliceRange slice_range(const NodeView& node, std::int64_t extent, std::int64_t start,
                       std::int64_t end, std::int64_t step);

/// The axes [first, last) that a Shape reports of a value of `rank` axes.
std::pair<std::size_t, std::size_t> shape_range(const NodeView& node, std::size_t rank);

}  // namespace quern
