#pragma once

#include <ATen/core/Tensor.h>

namespace quern::internal {

/// The moments of one parameter's gradients.
///
/// Source: Adam, arXiv:1412.6980.
class Adam {
 public:
  /// What the parameter moves against, per unit of learning rate.
  at::Tensor direction(const at::Tensor& gradient);

  int steps() const { return steps_; }

 private:
  int steps_ = 0;
  at::Tensor first_;
  at::Tensor second_;
};

}  // namespace quern::internal
