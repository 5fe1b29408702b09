#pragma once

#include <array>
#include <cstdint>

#include "quern/graph/graph.h"

namespace quern {

/// Where a 2-D window stands on its input, with auto_pad, defaults and ceil_mode resolved. All
/// pairs are [height, width].
struct WindowGeometry {
  using Pair = std::array<std::int64_t, 2>;

  Pair kernel = {1, 1};
  Pair strides = {1, 1};
  Pair dilations = {1, 1};
  Pair pads_begin = {0, 0};  ///< Top, left.
  Pair pads_end = {0, 0};    ///< Bottom, right. With ceil_mode the last window may reach beyond.
  std::int64_t groups = 1;
  Pair input = {-1, -1};   ///< −1 while free.
  Pair output = {-1, -1};  ///< −1 while free.

  /// Input extent that one window covers along `axis`: (kernel − 1) · dilation + 1.
  std::int64_t reach(std::size_t axis) const { return (kernel[axis] - 1) * dilations[axis] + 1; }

  /// Windows along `axis` of an input of `extent`, without ceil_mode.
  std::int64_t windows(std::size_t axis, std::int64_t extent) const {
    return (extent + pads_begin[axis] + pads_end[axis] - reach(axis)) / strides[axis] + 1;
  }

  bool operator==(const WindowGeometry&) const = default;
};

/// The geometry of a Conv, MaxPool or AveragePool whose input's dims are known (extents may be
/// free). With ceil_mode a last window that would start in the end padding is dropped, as ONNX
/// Runtime and PyTorch do.
///
/// @throws Error(kUnsupported) unless the window is 2-D, or where auto_pad needs an extent that is
///         free; Error(kParse) where attributes contradict each other or no window fits.
WindowGeometry window_geometry(const Graph& graph, const Node& node);

/// The same of a ConvTranspose: `output` holds the larger extents, including output_padding, and
/// the window at input position i starts at output position i · stride − pads_begin.
WindowGeometry transposed_window_geometry(const Graph& graph, const Node& node);

}  // namespace quern
