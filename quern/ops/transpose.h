#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "quern/ops/node_view.h"

namespace quern {

/// The `perm` of a Transpose between images [N, H, W, C] and [N, C, H, W], and back.
inline const std::vector<std::int64_t> kToChannelsFirst = {0, 3, 1, 2};
inline const std::vector<std::int64_t> kToChannelsLast = {0, 2, 3, 1};

/// Which input axis each output axis of a Transpose shows; reversed where 'perm' is absent.
/// @throws Error(kParse) naming the layer unless it is a permutation of `rank` axes.
std::vector<std::size_t> axis_order(const NodeView& node, std::size_t rank);

}  // namespace quern
