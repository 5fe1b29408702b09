#include "quern/ptq/internal/column_order.h"

#include <ATen/ops/gather.h>

namespace quern::internal {

at::Tensor reordered(const at::Tensor& matrices, const at::Tensor& order) {
  return at::gather(matrices, 2, order.unsqueeze(1).expand_as(matrices));
}

at::Tensor reordered_both(const at::Tensor& squares, const at::Tensor& order) {
  return reordered(reordered(squares, order).transpose(1, 2), order).transpose(1, 2);
}

}  // namespace quern::internal
