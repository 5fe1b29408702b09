#include "quern/ptq/internal/patches.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <random>

namespace quern::internal {

PatchPlaces::Place PatchPlaces::place(std::size_t batch, std::int64_t picture,
                                      std::int64_t patch) const {
  // One generator a patch: places depend on nothing else.
  std::mt19937 generator(static_cast<std::uint32_t>(batch * 7919 + picture * 104729 + patch * 31));
  generator.discard(8);
  const auto draw = [&](const PatchAxis& axis) {
    const std::int64_t places = (axis.extent - axis.length) / axis.stride + 1;
    return static_cast<std::int64_t>(generator() % static_cast<std::uint64_t>(places)) *
           axis.stride;
  };
  const std::int64_t row = draw(geometry_->rows);
  return {row, draw(geometry_->columns)};
}

Shape PatchPlaces::memory_shape(const Shape& shape, bool is_output) const {
  if (shape.size() != 4) return {shape.begin() + 1, shape.end()};
  if (!geometry_) return {shape[2], shape[3], shape[1]};
  const auto side = [&](const PatchAxis& axis) { return is_output ? axis.made : axis.length; };
  return {side(geometry_->rows), side(geometry_->columns), shape[1]};
}

void PatchPlaces::cut(const TensorView& view, std::size_t batch, bool is_output,
                      at::Tensor patches) const {
  auto* data = const_cast<float*>(view.data.data());
  const Shape& shape = view.shape;
  if (!geometry_) {
    patches.copy_(at::from_blob(data, patches.sizes(), at::kFloat));
    return;
  }
  const at::Tensor memory =
      at::from_blob(data, {shape[0], shape[2], shape[3], shape[1]}, at::kFloat);
  for (std::int64_t i = 0; i < patches.size(0); ++i) {
    const Place at = place(batch, i / count_, i % count_);
    at::Tensor from = memory[i / count_];
    at::Tensor to = patches[i];
    const auto narrow = [&](std::int64_t dim, const PatchAxis& axis, std::int64_t begin) {
      if (is_output) begin /= axis.stride;
      // Where the stride does not divide the extent, the last patch makes more than there is.
      const std::int64_t length = std::min(to.size(dim), from.size(dim) - begin);
      from = from.slice(dim, begin, begin + length);
      to = to.slice(dim, 0, length);
    };
    narrow(0, geometry_->rows, at.row);
    narrow(1, geometry_->columns, at.column);
    to.copy_(from);
  }
}

at::Tensor PatchPlaces::valid(std::size_t batch, std::int64_t pictures) const {
  at::Tensor result =
      at::zeros({pictures * count_, 1, geometry_->rows.made, geometry_->columns.made}, at::kFloat);
  for (std::int64_t picture = 0; picture < pictures; ++picture) {
    for (std::int64_t patch = 0; patch < count_; ++patch) {
      const Place at = place(batch, picture, patch);
      const auto interval = [](const at::Tensor& of, std::int64_t dim, const PatchAxis& axis,
                               std::int64_t begin) {
        const bool ends = begin + axis.length == axis.extent;
        const std::int64_t all = std::min(axis.made, axis.output - begin / axis.stride);
        return of.slice(dim, begin == 0 ? 0 : axis.first, ends ? all : std::min(axis.end, all));
      };
      interval(interval(result[picture * count_ + patch][0], 0, geometry_->rows, at.row), 1,
               geometry_->columns, at.column)
          .fill_(1);
    }
  }
  return result;
}

}  // namespace quern::internal
