#include "quern/importers/moved_blocks.h"

#include <limits>

#include "quern/base/error.h"

namespace quern {

std::map<std::string, Attribute> dilated_window(const MovedBlocks& blocks) {
  const auto& [block, block_back, pads, crops] = blocks;
  if (block.size() != 2 || block_back != block || pads.size() != 4 || crops.size() != 4) {
    fail(ErrorCode::kUnsupported,
         "blocks are moved along other axes than height and width, or not back again");
  }
  const auto is_extent = [](std::int64_t n) {
    return n >= 0 && n < std::numeric_limits<std::int32_t>::max();
  };
  for (std::size_t i = 0; i < 4; ++i) {
    if (is_extent(pads[i]) && is_extent(crops[i]) && crops[i] <= pads[i]) continue;
    fail(ErrorCode::kUnsupported,
         "blocks are padded by {} and cropped by {} (supported: no more than the padding)", pads[i],
         crops[i]);
  }
  return {{"dilations", block},
          {"pads", std::vector<std::int64_t>{pads[0] - crops[0], pads[2] - crops[2],
                                             pads[1] - crops[1], pads[3] - crops[3]}}};
}

}  // namespace quern
