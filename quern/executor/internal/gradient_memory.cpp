#include "quern/executor/internal/gradient_memory.h"

#include <ATen/ops/empty_like.h>

#include "quern/executor/internal/torch_tensor.h"

namespace quern {

GradientMemory gradient_memory(const at::Tensor& gradient) {
  const bool is_ours = gradient.use_count() == 1 && gradient.storage().use_count() == 1;
  const at::Tensor dy = dense(gradient);
  const bool is_copy = !dy.is_same(gradient);
  return {dy, is_ours || is_copy ? dy : at::empty_like(dy)};
}

}  // namespace quern
