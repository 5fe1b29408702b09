#pragma once

#include <cstdint>
#include <span>

#include "quern/quant/spec.h"
#include "quern/tensor/tensor.h"

namespace quern {

/// Quantizes and dequantizes one value: the definition that every kernel is tested against.
///
///     q = round(clamp(x / s + z, qmin, qmax))        y = (q − z) · s
///
/// in float32, each operation rounded by itself, so that codes equal those of the exported file in
/// QONNX's executor. (Clamping first is the same as clamping last: the bounds are integers.)
/// Bounds and zero point are the nearest float32 to theirs. Bipolar: y = x ≥ 0 ? +s : −s. NaN stays
/// NaN, except on a bipolar grid.
float fake_quant(float x, const QuantSpec& spec, float scale, float zero_point = 0);

/// Where the channels of a dense array lie: element (o, c, i) at (o · channels + c) · inner + i.
struct ChannelLayout {
  std::int64_t outer = 1;
  std::int64_t channels = 1;
  std::int64_t inner = 1;
};

/// The layout of a row-major `shape` for a grid of `spec`: one channel when per tensor.
/// @throws Error(kInvalidArgument) if channel_axis is not an axis of `shape`.
ChannelLayout channel_layout(const Shape& shape, const QuantSpec& spec);

/// fake_quant of every element of `x`, written to `y` (which may be `x`).
/// @param params  One scale and zero point, or one per channel of `layout`.
/// @throws Error(kInvalidArgument) if sizes disagree.
void fake_quant(std::span<const float> x, std::span<float> y, const QuantSpec& spec,
                const QuantParams& params, const ChannelLayout& layout);

/// fake_quant of a row-major float32 tensor, channels along `spec.channel_axis`.
Tensor fake_quant(const Tensor& x, const QuantSpec& spec, const QuantParams& params);

}  // namespace quern
