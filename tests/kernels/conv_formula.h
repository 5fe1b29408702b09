#pragma once

#include "quern/kernels/conv_kernel.h"

namespace quern::test {

/// A convolution with numbers for all it reads.
class ConvProblem {
 public:
  /// @param shape       All but the output's size.
  /// @param has_pass    The input goes through a clip and a grid.
  /// @param by_moments  The gradient by the output has a part of its moments.
  ConvProblem(ConvShape shape, bool has_pass, bool by_moments);

  const ConvShape& shape() const { return shape_; }

  struct Result {
    std::vector<float> y, dx, dweight, pass_sums;
    std::vector<double> mean, variance;
  };

  /// By the kernel, all pieces in turn.
  Result by_kernel(ConvKind kind, bool gives_dx, Isa isa = active_isa()) const;

  /// By the sums that define a convolution and its gradients, in double.
  Result by_formula() const;

 private:
  template <class Visit>
  void for_each_product(const Visit& visit) const;
  std::vector<double> output_gradient(const std::vector<float>& y) const;
  std::vector<float> input() const;

  ConvShape shape_;
  bool has_pass_;
  bool by_moments_;
  std::vector<float> x_, weight_, dy_;
  std::vector<float> multiplier_, offset_, input_mean_;  ///< Repeated to the input's period.
  std::vector<float> output_mean_, slope_, intercept_;   ///< To the output's.
  GradientPass pass_;
};

/// Compares kernel and formula, and all instruction sets bit by bit, with and without a pass and
/// moments.
void expect_formula(ConvKind kind, const ConvShape& shape, bool gives_dx);

}  // namespace quern::test
