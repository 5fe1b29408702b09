#pragma once

#include <ATen/core/Tensor.h>

#include "quern/ptq/internal/adam.h"
#include "quern/ptq/internal/weight_grid.h"

namespace quern::internal {

/// A layer's weight between the codes that enclose it: ŵ = s · clamp(⌊w/s⌋ + h(v), qmin, qmax) with
/// h(v) = clamp(1.2 σ(v) − 0.1, 0, 1), v learned. It starts at ŵ = w.
///
/// Source: AdaRound, arXiv:2004.10568, equations 22 to 24.
class SoftRounding {
 public:
  /// @param weights  [groups, outputs, inputs]
  SoftRounding(const at::Tensor& weights, const WeightGrid& grid);

  /// All [groups, outputs, inputs]: ŵ now; with every h at the nearer of 0 and 1; w rounded to
  /// nearest.
  at::Tensor soft() const;
  at::Tensor hard() const;
  const at::Tensor& nearest() const { return nearest_; }

  /// One step of Adam on loss + λ Σ (1 − |2h − 1|^β).
  /// @param gradient  Of the loss by ŵ.
  /// @param pull      λ · the number of weights · the spread of the gradients by h: how strongly h
  ///                  is drawn to 0 or 1, relative to what the loss does. 0: not at all.
  void step(const at::Tensor& gradient, double rate, double beta, double pull);

 private:
  at::Tensor rectified(const at::Tensor& sigmoid) const;

  at::Tensor floor_;  ///< Codes.
  at::Tensor scale_;  ///< [groups, outputs, 1]
  at::Tensor nearest_;
  double qmin_;
  double qmax_;
  at::Tensor v_;
  Adam adam_;
  double square_ = 0;  ///< Of the loss's gradient by h: a running mean.
};

}  // namespace quern::internal
