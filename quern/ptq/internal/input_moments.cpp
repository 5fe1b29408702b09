#include "quern/ptq/internal/input_moments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
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
  if (std::isfinite(direct.sum().template item<double>())) return direct;
  const double of_a = magnitude(a);
  const double of_b = magnitude(b);
  const at::Tensor near_one = a / of_a;
  return multiply(near_one, a.is_same(b) ? near_one : b / of_b).to(at::kDouble).mul_(of_a * of_b);
}

/// Σ a bᵀ over columns, per group; in float32, since they are few.
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

/// Columns that are multiplied together, where a batch has fewer: a product costs its size too.
constexpr std::int64_t kColumnsTogether = 2048;

/// A layer keeps at least this many columns, and this many for each of its inputs.
constexpr std::int64_t kColumns = std::int64_t{1} << 17;
constexpr std::int64_t kColumnsPerInput = 128;

std::int64_t row_step(const WeightedLayer& layer, std::size_t pictures) {
  if (!layer.window) return 1;
  const auto& [rows, columns] = layer.window->output;
  const std::int64_t all = rows * columns * static_cast<std::int64_t>(pictures);
  const std::int64_t step = all / std::max(kColumns, kColumnsPerInput * layer.inputs);
  return std::clamp<std::int64_t>(step, 1, std::max<std::int64_t>(1, rows));
}

}  // namespace

void MomentSums::Waiting::add(const at::Tensor& more) {
  columns.push_back(more.clone());
  count += more.size(1);
}

at::Tensor MomentSums::Waiting::take() {
  at::Tensor all = columns.size() == 1 ? std::move(columns[0]) : at::cat(columns, 1);
  *this = {};
  return all;
}

MomentSums::MomentSums(const WeightedLayer& layer, std::size_t pictures)
    : layer_(layer), row_step_(row_step(layer, pictures)) {}

void MomentSums::add(std::size_t lane, std::size_t batch, const TensorView& quantized,
                     const TensorView* real) {
  Lane& sums = lanes_[lane];
  const RowSample sample{row_step_, static_cast<std::int64_t>(batch)};
  if (layer_.is_depthwise()) return add_depthwise(sums, sample, quantized, real);
  for (const ColumnSlice& slice : column_slices(layer_, quantized.shape, sample)) {
    sums.quantized_columns.add(input_columns(layer_, quantized, slice));
    if (real != nullptr) sums.real_columns.add(input_columns(layer_, *real, slice));
    if (sums.quantized_columns.count >= kColumnsTogether) multiply(sums);
  }
}

void MomentSums::add_depthwise(Lane& sums, const RowSample& sample, const TensorView& quantized,
                               const TensorView* real) const {
  const at::Tensor x = memory_of(quantized);
  const auto add_products = [&](at::Tensor& sum, const at::Tensor& y) {
    std::int64_t columns = 0;
    add_to(sum, scale_free(x, y, [&](const at::Tensor& a, const at::Tensor& b) {
             auto [products, count] =
                 depthwise_products(layer_, view_of(a, quantized), view_of(b, quantized), sample);
             columns = count;
             return products;
           }));
    return columns;
  };
  sums.columns += add_products(sums.quantized, x);
  if (real != nullptr) add_products(sums.mixed, memory_of(*real));
}

void MomentSums::multiply(Lane& sums) {
  if (sums.quantized_columns.count == 0) return;
  const at::Tensor columns = sums.quantized_columns.take();
  sums.columns += columns.size(1);
  add_to(sums.quantized, squares(columns));
  if (sums.real_columns.count > 0) {
    add_to(sums.mixed, products(columns, sums.real_columns.take()));
  }
}

InputMoments MomentSums::moments() {
  InputMoments total;
  std::int64_t columns = 0;
  for (Lane& lane : lanes_) {
    multiply(lane);
    if (!lane.quantized.defined()) continue;
    columns += lane.columns;
    if (!total.quantized.defined()) {
      total = {lane.quantized, lane.mixed};
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
