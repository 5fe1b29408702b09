#include "quern/ptq/internal/input_columns.h"

#include <ATen/ops/as_strided.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>

#include "quern/base/error.h"

namespace quern::internal {
namespace {

at::Tensor memory_of(const TensorView& input, const Shape& shape) {
  return at::from_blob(const_cast<float*>(input.data.data()), shape, at::kFloat);
}

/// The batch as it lies in memory: [N, H, W, channels].
at::Tensor picture_memory(const TensorView& input) {
  const Shape& shape = input.shape;
  ensure(input.channels_last, "an input of {} is not stored channels last", to_string(shape));
  return memory_of(input, {shape[0], shape[2], shape[3], shape[1]});
}

/// Pictures with the zeros around that windows read.
at::Tensor padded(const WindowGeometry& window, const at::Tensor& x) {
  constexpr WindowGeometry::Pair kNone = {0, 0};
  if (window.pads_begin == kNone && window.pads_end == kNone) return x;
  return at::constant_pad_nd(x, {0, 0, window.pads_begin[1], window.pads_end[1],
                                 window.pads_begin[0], window.pads_end[0]});
}

/// The windows that stand on `pictures`: [N, row, column, row of the kernel, column of the kernel,
/// group, channel of the group].
at::Tensor windows_on(const WeightedLayer& layer, const at::Tensor& pictures) {
  const WindowGeometry& window = *layer.window;
  const at::Tensor x = padded(window, pictures);
  const std::int64_t line = x.stride(1);
  const std::int64_t channels = x.size(3);
  return at::as_strided(
      x,
      {x.size(0), window.windows(0, pictures.size(1)), window.windows(1, pictures.size(2)),
       window.kernel[0], window.kernel[1], layer.groups, layer.depth()},
      {x.stride(0), window.strides[0] * line, window.strides[1] * channels,
       window.dilations[0] * line, window.dilations[1] * channels, layer.depth(), 1});
}

/// The columns of a Gemm's or MatMul's input.
at::Tensor linear_columns(const WeightedLayer& layer, const TensorView& input) {
  const at::Tensor values = input.channels_last ? picture_memory(input).permute({0, 3, 1, 2})
                                                : memory_of(input, input.shape);
  return values.reshape({1, -1, layer.inputs});
}

}  // namespace

std::vector<ColumnSlice> column_slices(const WeightedLayer& layer, const Shape& shape,
                                       const RowSample& sample, std::int64_t bytes) {
  const std::int64_t pictures = shape.at(0);
  if (!layer.window) return {{.pictures = pictures}};
  const std::int64_t rows = layer.window->windows(0, shape[2]);
  const std::int64_t row_bytes = layer.window->windows(1, shape[3]) * layer.groups * layer.inputs *
                                 std::int64_t{sizeof(float)};
  const std::int64_t fitting = std::max<std::int64_t>(1, bytes / row_bytes);  // Rows.
  const std::int64_t rows_together = std::min(rows, fitting);
  const std::int64_t pictures_together =
      sample.step > 1 ? 1 : std::max<std::int64_t>(1, fitting / rows);
  std::vector<ColumnSlice> slices;
  for (std::int64_t n = 0; n < pictures; n += pictures_together) {
    for (std::int64_t row = sample.first_row(n); row < rows; row += rows_together * sample.step) {
      const std::int64_t left = (rows - row + sample.step - 1) / sample.step;
      slices.push_back({n, std::min(pictures_together, pictures - n), row,
                        std::min(rows_together, left), sample.step});
    }
  }
  return slices;
}

at::Tensor input_columns(const WeightedLayer& layer, const TensorView& input,
                         const ColumnSlice& slice) {
  if (!layer.window) return linear_columns(layer, input);
  const std::int64_t end_row = slice.first_row + (slice.rows - 1) * slice.row_step + 1;
  return windows_on(layer, picture_memory(input).narrow(0, slice.first_picture, slice.pictures))
      .slice(1, slice.first_row, end_row, slice.row_step)
      .permute({5, 0, 1, 2, 3, 4, 6})
      .reshape({layer.groups, -1, layer.inputs});
}

}  // namespace quern::internal
