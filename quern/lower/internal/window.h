#pragma once

#include "quern/ops/window_geometry.h"
#include "quern/runtime/window.h"

namespace quern::internal {

/// A window as kernels read it.
inline QuernWindow runtime_window(const WindowGeometry& geometry) {
  const auto of = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
  return {.height = of(geometry.kernel[0]),
          .width = of(geometry.kernel[1]),
          .stride_height = of(geometry.strides[0]),
          .stride_width = of(geometry.strides[1]),
          .dilation_height = of(geometry.dilations[0]),
          .dilation_width = of(geometry.dilations[1]),
          .top = of(geometry.pads_begin[0]),
          .left = of(geometry.pads_begin[1])};
}

/// The window that covers a whole input.
inline QuernWindow whole_window(std::int32_t height, std::int32_t width) {
  return {.height = height,
          .width = width,
          .stride_height = 1,
          .stride_width = 1,
          .dilation_height = 1,
          .dilation_width = 1,
          .top = 0,
          .left = 0};
}

}  // namespace quern::internal
