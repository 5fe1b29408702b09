#include "quern/ptq/internal/input_moments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <cmath>

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

/// The power of two that brings the largest |x| next to 1: a division by it rounds nothing.
double magnitude(const at::Tensor& x) {
  const double largest = x.abs().max().item<double>();
  return largest > 0 && std::isfinite(largest) ? std::exp2(std::floor(std::log2(largest))) : 1;
}

/// What `multiply` makes of a and b in float32, in float64; where sums do not fit, of both next
/// to 1.
template <class Multiply>
at::Tensor scale_free(const at::Tensor& a, const at::Tensor& b, const Multiply& multiply) {
  at::Tensor direct = multiply(a, b).to(at::kDouble);
  if (direct.isfinite().all().template item<bool>()) return direct;
  const double of_a = magnitude(a);
  const double of_b = magnitude(b);
  const at::Tensor near_one = a / of_a;
  return multiply(near_one, a.is_same(b) ? near_one : b / of_b).to(at::kDouble).mul_(of_a * of_b);
}

/// Σ a bᵀ over columns, per group; in float32, since a batch holds few columns.
at::Tensor products(const at::Tensor& a, const at::Tensor& b) {
  return scale_free(
      a, b, [](const at::Tensor& x, const at::Tensor& y) { return at::bmm(x.transpose(1, 2), y); });
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

/// The numbers of a view in the order in which they lie.
at::Tensor memory_of(const TensorView& view) {
  return at::from_blob(const_cast<float*>(view.data.data()), {std::ssize(view.data)}, at::kFloat);
}

/// `memory` as what lies like `like`.
TensorView view_of(const at::Tensor& memory, const TensorView& like) {
  return {{memory.const_data_ptr<float>(), like.data.size()}, like.shape, like.channels_last};
}

}  // namespace

void MomentSums::add(std::size_t lane, const TensorView& quantized, const TensorView* real) {
  Lane& sums = lanes_[lane];
  if (layer_.is_depthwise()) {
    const at::Tensor x = memory_of(quantized);
    const auto add_products = [&](at::Tensor& sum, const at::Tensor& y) {
      std::int64_t columns = 0;
      add_to(sum, scale_free(x, y, [&](const at::Tensor& a, const at::Tensor& b) {
               auto [products, count] =
                   depthwise_products(layer_, view_of(a, quantized), view_of(b, quantized));
               columns = count;
               return products;
             }));
      return columns;
    };
    sums.columns += add_products(sums.quantized, x);
    if (real != nullptr) add_products(sums.mixed, memory_of(*real));
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
