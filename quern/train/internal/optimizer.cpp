#include "quern/train/internal/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>

#include <utility>

namespace quern {

Optimizer::Optimizer(std::vector<Learned> parameters) : parameters_(std::move(parameters)) {}

void Optimizer::step(double learning_rate) {
  const at::NoGradGuard no_gradients;
  std::map<std::pair<double, double>, Group> groups;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    at::Tensor& gradient = parameters_[i].value.mutable_grad();
    if (!gradient.defined()) continue;
    const auto& [name, value, weight_decay, rate] = parameters_[i];
    Group& group = groups[{weight_decay, rate}];
    group.weight_decay = weight_decay;
    group.learning_rate = learning_rate * rate;
    group.members.push_back(i);
    group.values.push_back(value);
    // The fused kernels walk over memory, whatever the strides.
    group.gradients.push_back(
        gradient.strides() == value.strides() ? gradient : at::empty_like(value).copy_(gradient));
    gradient.reset();
  }
  for (const auto& [key, group] : groups) step(group);
}

std::vector<at::Tensor> Optimizer::zeros() const {
  std::vector<at::Tensor> result;
  for (const Learned& parameter : parameters_) result.push_back(at::zeros_like(parameter.value));
  return result;
}

std::vector<at::Tensor> pick(const std::vector<at::Tensor>& tensors,
                             const std::vector<std::size_t>& members) {
  std::vector<at::Tensor> result;
  for (const std::size_t i : members) result.push_back(tensors[i]);
  return result;
}

}  // namespace quern
