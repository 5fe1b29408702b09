#include "quern/executor/internal/step.h"

#include <ATen/ops/empty_like.h>

namespace quern {

bool Arguments::owns(std::size_t index) const {
  // A view shares storage with the value it shows, and the plan itself holds every constant.
  const at::Tensor& tensor = tensors_[index];
  return may_overwrite_ && tensor.use_count() == 1 && tensor.storage().use_count() == 1;
}

at::Tensor Arguments::result_like(std::size_t index) {
  return owns(index) ? tensors_[index] : at::empty_like(tensors_[index]);
}

std::vector<std::int64_t> StepSource::integers(std::size_t index) const {
  node.check_supported(is_constant(index), "{} with a computed input {} (constant ones work)",
                       node.op(), index);
  const at::Tensor values = constants[index].to(at::kLong).contiguous();
  const auto* first = values.const_data_ptr<std::int64_t>();
  return {first, first + values.numel()};
}

}  // namespace quern
