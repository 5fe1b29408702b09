#include "quern/ptq/gptq.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cholesky_inverse.h>
#include <ATen/ops/cholesky_solve.h>
#include <ATen/ops/diagonal.h>
#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "quern/base/error.h"
#include "quern/ptq/internal/column_order.h"
#include "quern/ptq/internal/round_layers.h"

namespace quern {
namespace {

using internal::InputMoments;
using internal::reordered;
using internal::reordered_both;
using internal::WeightedLayer;
using internal::WeightGrid;

/// A Hessian and what its damping makes of it.
struct Factors {
  double damping;    ///< Relative to the mean of the diagonal.
  at::Tensor lower;  ///< Cholesky factor of the damped Hessian.
  at::Tensor upper;  ///< Cholesky factor of its inverse.
};

/// With at least this much damping; more until the factorizations succeed.
Factors factors_of(const std::string& layer, const at::Tensor& hessian, double least) {
  const at::Tensor mean = at::diagonal(hessian, 0, 1, 2).mean(1, /*keepdim=*/true);
  for (double damping = least;; damping *= 10) {
    ensure(damping < 1e6, "the Hessian of '{}' can not be factorized", layer);
    at::Tensor damped = hessian.clone();
    at::Tensor diagonal = at::diagonal(damped, 0, 1, 2);
    // An input that is always 0 stands alone.
    diagonal.add_(at::where(diagonal > 0, damping * mean, at::where(mean > 0, mean, 1.0)));
    const auto [lower, failed] = at::linalg_cholesky_ex(damped);
    if (failed.any().item<bool>()) continue;
    const auto [upper, failed_again] =
        at::linalg_cholesky_ex(at::cholesky_inverse(lower), /*upper=*/true);
    if (!failed_again.any().item<bool>()) return {damping, lower, upper};
  }
}

/// What the weights need more to give the float network's outputs on the inputs that there are:
/// w (E[x x̂ᵀ] − H)(H + damping)⁻¹.
at::Tensor compensation(const at::Tensor& weights, const at::Tensor& hessian,
                        const at::Tensor& mixed, const Factors& factors) {
  const at::Tensor missing = at::bmm(weights, mixed.transpose(1, 2) - hessian).transpose(1, 2);
  return at::cholesky_solve(missing, factors.lower).transpose(1, 2);
}

/// (w − q)ᵀ H (w − q) of every row: [groups, outputs].
at::Tensor quadratic_error(const at::Tensor& difference, const at::Tensor& hessian) {
  return at::bmm(difference, hessian).mul_(difference).sum(2);
}

/// The columns from left to right.
at::Tensor round_in_order(at::Tensor weights, const at::Tensor& upper, const WeightGrid& grid,
                          std::int64_t block_size) {
  const std::int64_t columns = weights.size(2);
  at::Tensor rounded = at::zeros_like(weights);
  for (std::int64_t begin = 0; begin < columns; begin += block_size) {
    const std::int64_t end = std::min(begin + block_size, columns);
    at::Tensor errors = at::zeros_like(weights.slice(2, begin, end));
    for (std::int64_t i = begin; i < end; ++i) {
      const at::Tensor column = weights.select(2, i);
      const at::Tensor q = grid.round(column);
      rounded.select(2, i).copy_(q);
      const at::Tensor error = (column - q) / upper.select(1, i).select(1, i).unsqueeze(1);
      errors.select(2, i - begin).copy_(error);
      weights.slice(2, i, end).sub_(error.unsqueeze(2) *
                                    upper.select(1, i).slice(1, i, end).unsqueeze(1));
    }
    if (end < columns) {
      weights.slice(2, end).sub_(at::bmm(errors, upper.slice(1, begin, end).slice(2, end)));
    }
  }
  return rounded;
}

at::Tensor round_layer(const WeightedLayer& layer, const at::Tensor& weights,
                       const WeightGrid& grid, const InputMoments& moments,
                       const GptqOptions& options, PtqReport& report) {
  at::Tensor order = at::arange(weights.size(2), at::kLong).expand({weights.size(0), -1});
  if (options.act_order) {
    order = at::argsort(at::diagonal(moments.quantized, 0, 1, 2), /*stable=*/true, 1,
                        /*descending=*/true);
  }
  const at::Tensor hessian = reordered_both(moments.quantized, order).contiguous();
  const at::Tensor given = reordered(weights, order).contiguous();
  const Factors factors = factors_of(layer.layer, hessian, options.damping);
  if (factors.damping > options.damping) {
    report.notes.push_back(
        fmt::format("gptq: the Hessian of '{}' took a damping of {:g}, since its inputs depend on "
                    "each other",
                    layer.layer, factors.damping));
  }
  const at::Tensor wanted =
      options.asymmetric
          ? given + compensation(given, hessian, reordered_both(moments.mixed, order), factors)
          : given;
  const at::Tensor rounded =
      round_in_order(wanted.clone(), factors.upper, grid, options.block_size);
  const at::Tensor plain = grid.round(given);
  const at::Tensor is_better =
      quadratic_error(wanted - rounded, hessian) <= quadratic_error(wanted - plain, hessian);
  return reordered(at::where(is_better.unsqueeze(2), rounded, plain),
                   at::argsort(order, /*stable=*/true, 1));
}

}  // namespace

PtqReport gptq(Graph& graph, const Graph& reference, const CalibrationData& data,
               const GptqOptions& options) {
  require(options.damping > 0, "gptq: damping must be above 0, got {}", options.damping);
  require(options.block_size > 0, "gptq: block_size must be above 0, got {}", options.block_size);
  return internal::round_layers(
      graph, options.asymmetric ? &reference : nullptr, data, "gptq",
      [&](const WeightedLayer& layer, const at::Tensor& weights, const WeightGrid& grid,
          const InputMoments& moments, PtqReport& report) {
        return round_layer(layer, weights, grid, moments, options, report);
      });
}

}  // namespace quern
