#pragma once

#include <cstddef>
#include <vector>

#include "quern/ops/node_view.h"

namespace quern {

/// Which input axis each output axis of a Transpose shows; reversed where 'perm' is absent.
/// @throws Error(kParse) naming the layer unless it is a permutation of `rank` axes.
std::vector<std::size_t> axis_order(const NodeView& node, std::size_t rank);

}  // namespace quern
