// Dilated convolutions as TensorFlow writes them with blocks.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "quern/graph/node.h"

namespace quern {

/// What SpaceToBatchND and BatchToSpaceND say around a convolution without padding, stride and
/// dilation: pixels `block` apart go to one sample, so that a small window sees them as neighbours,
/// and back again.
struct MovedBlocks {
  std::vector<std::int64_t> block;       ///< Of height and width.
  std::vector<std::int64_t> block_back;  ///< The same, where the blocks come back.
  std::vector<std::int64_t> paddings;    ///< Rows before and after, columns before and after.
  std::vector<std::int64_t> crops;       ///< The same.
};

/// The attributes `dilations` and `pads` of the Conv that computes the same.
/// @throws Error(kUnsupported), without a layer, where no Conv does.
std::map<std::string, Attribute> dilated_window(const MovedBlocks& blocks);

}  // namespace quern
