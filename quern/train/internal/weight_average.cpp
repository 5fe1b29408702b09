#include "quern/train/internal/weight_average.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <utility>

namespace quern {

WeightAverage::WeightAverage(std::map<std::string, at::Tensor> tensors, double decay)
    : tensors_(std::move(tensors)), decay_(decay) {
  for (const auto& [name, tensor] : tensors_) averages_[name] = tensor.detach().clone();
}

void WeightAverage::update() {
  const at::NoGradGuard no_gradients;
  const auto done = static_cast<double>(steps_);
  const double decay = std::min(decay_, done / (10 + done));
  for (auto& [name, average] : averages_) average.lerp_(tensors_.at(name), 1 - decay);
  steps_ += 1;
}

}  // namespace quern
