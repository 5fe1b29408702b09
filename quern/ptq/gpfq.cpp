#include "quern/ptq/gpfq.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/diagonal.h>
#include <ATen/ops/tril.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "quern/ptq/internal/column_order.h"
#include "quern/ptq/internal/round_layers.h"

namespace quern {
namespace {

using internal::InputMoments;
using internal::reordered;
using internal::reordered_both;
using internal::WeightedLayer;
using internal::WeightGrid;

/// Columns between updates of all later ones: many enough for those to be matrix products.
constexpr std::int64_t kBlock = 64;

at::Tensor round_in_order(const at::Tensor& weights, const WeightGrid& grid,
                          const InputMoments& moments) {
  const at::Tensor& squares = moments.quantized;
  const std::int64_t columns = weights.size(2);
  // Column t: Σ_{j≤t} G_tj w_j, for all t at once; less Σ H_tj q_j of the blocks that are rounded.
  at::Tensor wanted = at::bmm(weights, at::tril(moments.mixed).transpose(1, 2));
  at::Tensor rounded = at::zeros_like(weights);
  for (std::int64_t begin = 0; begin < columns; begin += kBlock) {
    const std::int64_t end = std::min(begin + kBlock, columns);
    for (std::int64_t t = begin; t < end; ++t) {
      const at::Tensor row = squares.select(1, t);
      const at::Tensor size = row.select(1, t).unsqueeze(1);
      at::Tensor column = wanted.select(2, t);
      if (t > begin) {
        column =
            column -
            at::bmm(rounded.slice(2, begin, t), row.slice(1, begin, t).unsqueeze(2)).squeeze(2);
      }
      const at::Tensor ideal = at::where(size > 0, column / size, weights.select(2, t));
      rounded.select(2, t).copy_(grid.round(ideal));
    }
    if (end == columns) break;
    wanted.slice(2, end).sub_(
        at::bmm(rounded.slice(2, begin, end), squares.slice(1, begin, end).slice(2, end)));
  }
  return rounded;
}

at::Tensor round_layer(const at::Tensor& weights, const WeightGrid& grid,
                       const InputMoments& moments, const GpfqOptions& options) {
  if (!options.act_order) return round_in_order(weights, grid, moments);
  const at::Tensor order = at::argsort(at::diagonal(moments.quantized, 0, 1, 2), /*stable=*/true, 1,
                                       /*descending=*/true);
  const InputMoments in_order = {reordered_both(moments.quantized, order).contiguous(),
                                 reordered_both(moments.mixed, order).contiguous()};
  const at::Tensor rounded = round_in_order(reordered(weights, order).contiguous(), grid, in_order);
  return reordered(rounded, at::argsort(order, /*stable=*/true, 1));
}

}  // namespace

PtqReport gpfq(Graph& graph, const Graph& reference, const CalibrationData& data,
               const GpfqOptions& options) {
  return internal::round_layers(
      graph, &reference, data, "gpfq",
      [&](const WeightedLayer&, const at::Tensor& weights, const WeightGrid& grid,
          const InputMoments& moments,
          PtqReport&) { return round_layer(weights, grid, moments, options); });
}

}  // namespace quern
