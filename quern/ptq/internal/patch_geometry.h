#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/ptq/internal/blocks.h"

namespace quern::internal {

/// How an interval of rows (or columns) of a block's inputs becomes one of its outputs.
struct PatchAxis {
  std::int64_t stride = 1;  ///< Output index o belongs to input index o · stride.
  std::int64_t extent = 0;  ///< Of all inputs.
  std::int64_t output = 0;  ///< Extent of the outputs.
  std::int64_t length = 0;  ///< Of an input patch; a multiple of the stride, or all.
  std::int64_t made = 0;    ///< Outputs of a patch.
  std::int64_t first = 0;   ///< Of them, the first that no cut edge has touched.
  std::int64_t end = 0;     ///< Behind the last such.

  bool is_whole() const { return length == extent; }
};

struct PatchGeometry {
  PatchAxis rows;
  PatchAxis columns;
  bool is_whole() const { return rows.is_whole() && columns.is_whole(); }
};

/// Patches with outputs of about `side` for blocks whose nodes look at a neighbourhood only; none
/// where the block sees everything at once or is no larger than such a patch.
std::optional<PatchGeometry> patch_geometry(const Graph& graph, const Block& block,
                                            std::int64_t side);

}  // namespace quern::internal
