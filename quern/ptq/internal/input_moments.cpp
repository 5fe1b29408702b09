#include "quern/ptq/internal/input_moments.h"

#include <ATen/ops/bmm.h>

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
  const at::Tensor columns = input_columns(layer_, quantized);
  sums.columns += columns.size(1);
  add_to(sums.quantized, products(columns, columns));
  if (real != nullptr) add_to(sums.mixed, products(columns, input_columns(layer_, *real)));
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
