#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "quern/kernels/conv_kernel.h"
#include "quern/ops/window_geometry.h"

namespace quern {

/// A Conv but for the sizes of images.
/// @param weight  Extents of its weight.
ConvShape conv_shape(const WindowGeometry& window, at::IntArrayRef weight);

/// The shape with the sizes of x's images, [N, C, H, W].
ConvShape on_images(ConvShape shape, const WindowGeometry& window, const at::Tensor& x);

/// The kernel of quern's for such a convolution.
std::optional<ConvKind> kernel_kind(const WindowGeometry& window, const ConvShape& shape,
                                    bool needs_input_gradient);

}  // namespace quern
