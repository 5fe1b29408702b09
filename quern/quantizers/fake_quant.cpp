#include "quern/quantizers/fake_quant.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "quern/base/error.h"
#include "quern/quantizers/pointwise.h"

namespace quern {
namespace {

float round_to_code(float v, Rounding rounding) {
  switch (rounding) {
    case Rounding::kHalfEven:
      return std::nearbyint(v);
    case Rounding::kFloor:
      return std::floor(v);
    case Rounding::kCeil:
      return std::ceil(v);
    case Rounding::kToZero:
      return std::trunc(v);
  }
  fail(ErrorCode::kInternal, "unknown rounding {}", static_cast<int>(rounding));
}

/// The value that applies to channel `c` of a vector with one element, or one per channel.
template <class T>
T of_channel(const std::vector<T>& values, std::int64_t c) {
  return values.size() == 1 ? values[0] : values[static_cast<std::size_t>(c)];
}

void check_sizes(std::span<const float> x, std::span<float> y, const QuantParams& params,
                 const ChannelLayout& layout) {
  const auto count = static_cast<std::size_t>(layout.outer * layout.channels * layout.inner);
  require(x.size() == count && y.size() == count,
          "fake_quant of {} elements to {}, in a layout of {}", x.size(), y.size(), count);
  for (const std::size_t size : {params.scale.size(), params.zero_point.size()}) {
    require(size == 1 || size == static_cast<std::size_t>(layout.channels),
            "a grid with {} scales and {} zero points for {} channels", params.scale.size(),
            params.zero_point.size(), layout.channels);
  }
}

}  // namespace

float fake_quant(float x, const QuantSpec& spec, float scale, float zero_point) {
  if (spec.is_bipolar()) return x >= 0 ? scale : -scale;
  const auto qmin = static_cast<float>(spec.qmin());
  const auto qmax = static_cast<float>(spec.qmax());
  float code = x / scale + zero_point;
  code = code < qmin ? qmin : code;
  code = code > qmax ? qmax : code;
  return (round_to_code(code, spec.rounding) - zero_point) * scale;
}

ChannelLayout channel_layout(const Shape& shape, const QuantSpec& spec) {
  if (spec.granularity == Granularity::kPerTensor) return {1, 1, element_count(shape)};
  const auto axis = static_cast<std::size_t>(spec.channel_axis);
  require(spec.channel_axis >= 0 && axis < shape.size(), "channel axis {} of a tensor of shape {}",
          spec.channel_axis, to_string(shape));
  const auto at = shape.begin() + spec.channel_axis;
  return {element_count({shape.begin(), at}), *at, element_count({at + 1, shape.end()})};
}

void fake_quant(std::span<const float> x, std::span<float> y, const QuantSpec& spec,
                const QuantParams& params, const ChannelLayout& layout) {
  check_sizes(x, y, params, layout);
  if (x.empty()) return;
  if (layout.inner == 1) {
    const Pointwise pass({.grid = spec, .params = params}, layout.channels);
    return pass(x.data(), y.data(), layout.outer * layout.channels);
  }
  for (std::int64_t c = 0; c < layout.channels; ++c) {
    const Pointwise pass(
        {.grid = spec,
         .params = {{of_channel(params.scale, c)}, {of_channel(params.zero_point, c)}}},
        /*channels=*/1);
    for (std::int64_t o = 0; o < layout.outer; ++o) {
      const std::int64_t start = (o * layout.channels + c) * layout.inner;
      pass(x.data() + start, y.data() + start, layout.inner);
    }
  }
}

Tensor fake_quant(const Tensor& x, const QuantSpec& spec, const QuantParams& params) {
  Tensor y(DType::kFloat32, x.shape());
  fake_quant(x.data<float>(), y.mutable_data<float>(), spec, params,
             channel_layout(x.shape(), spec));
  return y;
}

}  // namespace quern
