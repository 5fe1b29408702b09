#include "quern/tensor/stored_tensor.h"

namespace quern {

StoredTensors stored(const std::map<std::string, Tensor>& tensors) {
  StoredTensors listed;
  for (const auto& [name, tensor] : tensors) {
    listed[name] = {tensor.dtype(), tensor.shape(), [held = tensor] { return held; }};
  }
  return listed;
}

}  // namespace quern
