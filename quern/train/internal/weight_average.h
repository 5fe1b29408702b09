#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

namespace quern {

/// The exponential average of a network's tensors over the steps of training: smoother than where
/// training stands, and often better.
///
///     a ← d · a + (1 − d) · w      d = min(decay, t / (10 + t)) in step t, counted from 0
///
/// so that the first steps, of an untrained network, are soon forgotten.
///
/// Source: Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992; the
/// rising decay is TensorFlow's ExponentialMovingAverage.
class WeightAverage {
 public:
  /// @param tensors  The live tensors, by name.
  WeightAverage(std::map<std::string, at::Tensor> tensors, double decay);

  /// Takes in where the tensors stand.
  void update();

  /// The averages, by name: live, a checkpoint copies and overwrites them.
  const std::map<std::string, at::Tensor>& averages() const { return averages_; }

  std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }

 private:
  std::map<std::string, at::Tensor> tensors_;
  std::map<std::string, at::Tensor> averages_;
  double decay_;
  std::int64_t steps_ = 0;
};

}  // namespace quern
