#include "quern/ptq/internal/input_moments.h"

#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "quern/ptq/internal/depthwise_moments.h"

namespace quern::internal {
namespace {

void add_to(at::Tensor& sum, const at::Tensor& term) {
  if (sum.defined()) {
    sum.add_(term);
  } else {
    sum = term;
  }
}

/// Σ a bᵀ over columns, per group; in float32, since a batch holds few columns.
at::Tensor products(const at::Tensor& a, const at::Tensor& b) {
  return at::bmm(a.transpose(1, 2), b).to(at::kDouble);
}

/// Columns of a block of `squares`: few blocks lie below the diagonal where they are larger, and
/// products of smaller ones are slow.
constexpr std::int64_t kBlock = 192;

/// products(a, a), of which the half below the diagonal is copied block by block.
at::Tensor squares(const at::Tensor& a) {
  const std::int64_t size = a.size(2);
  if (size <= kBlock) return products(a, a);
  at::Tensor result = at::empty({a.size(0), size, size}, at::kDouble);
  for (std::int64_t begin = 0; begin < size; begin += kBlock) {
    const std::int64_t end = std::min(begin + kBlock, size);
    const at::Tensor rows = products(a.slice(2, begin, end), a.slice(2, begin));
    result.slice(1, begin, end).slice(2, begin).copy_(rows);
    result.slice(1, end).slice(2, begin, end).copy_(rows.slice(2, end - begin).transpose(1, 2));
  }
  return result;
}

}  // namespace

void MomentSums::add(std::size_t lane, const TensorView& quantized, const TensorView* real) {
  Lane& sums = lanes_[lane];
  if (layer_.is_depthwise()) {
    const auto [squares, columns] = depthwise_products(layer_, quantized, quantized);
    sums.columns += columns;
    add_to(sums.quantized, squares);
    if (real != nullptr) add_to(sums.mixed, depthwise_products(layer_, quantized, *real).first);
    return;
  }
  for (const ColumnSlice& slice : column_slices(layer_, quantized.shape)) {
    const at::Tensor columns = input_columns(layer_, quantized, slice);
    sums.columns += columns.size(1);
    add_to(sums.quantized, squares(columns));
    if (real == nullptr) continue;
    add_to(sums.mixed, products(columns, input_columns(layer_, *real, slice)));
  }
}

InputMoments MomentSums::moments() const {
  InputMoments total;
  std::int64_t columns = 0;
  for (const Lane& lane : lanes_) {
    if (!lane.quantized.defined()) continue;
    columns += lane.columns;
    if (!total.quantized.defined()) {
      total = {lane.quantized.clone(), lane.mixed.defined() ? lane.mixed.clone() : lane.mixed};
      continue;
    }
    total.quantized.add_(lane.quantized);
    if (lane.mixed.defined()) total.mixed.add_(lane.mixed);
  }
  const auto count = static_cast<double>(columns);
  total.quantized.div_(count);
  if (total.mixed.defined()) total.mixed.div_(count);
  return total;
}

}  // namespace quern::internal
