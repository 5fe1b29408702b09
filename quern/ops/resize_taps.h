#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quern/ops/node_view.h"

namespace quern {

/// How a Resize chooses what it reads, in ONNX's words.
struct ResizeMode {
  bool is_nearest = true;          ///< Otherwise linear.
  std::string coordinates;         ///< coordinate_transformation_mode
  std::string rounding = "floor";  ///< nearest_mode
};

/// The mode of a node whose shapes were inferred, so that it is known to be supported.
ResizeMode resize_mode(const NodeView& resize);

/// What each position of a resized axis reads: y[i] = (1 − weight[i]) · x[low[i]] + weight[i] ·
/// x[high[i]]. By the nearest element `high` is `low` and the weight 0.
struct ResizeTaps {
  std::vector<std::int64_t> low;
  std::vector<std::int64_t> high;
  std::vector<float> weight;
};

/// The taps along one axis of extent `input`, `output` after the Resize; coordinates in float32, as
/// ONNX Runtime computes them.
/// @param scale  The factor that the node gives for the axis, or output / input.
ResizeTaps resize_taps(const ResizeMode& mode, std::int64_t input, std::int64_t output,
                       float scale);

}  // namespace quern
