// Functions of one value, element by element, and PRelu.
#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/where.h>

#include "quern/executor/internal/catalog.h"

namespace quern {
namespace {

Forward step(std::function<at::Tensor(const at::Tensor&)> compute) {
  return
      [compute = std::move(compute)](Arguments& inputs) { return std::vector{compute(inputs[0])}; };
}

}  // namespace

Forward build_function(const StepSource& source) {
  const std::string_view op = source.node.op();
  const auto parameter = [&](std::string_view name) { return source.node.attribute<float>(name); };
  if (op == "Sigmoid") return step([](const at::Tensor& x) { return at::sigmoid(x); });
  if (op == "Tanh") return step([](const at::Tensor& x) { return at::tanh(x); });
  if (op == "HardSwish") return step([](const at::Tensor& x) { return at::hardswish(x); });
  if (op == "LeakyRelu") {
    return step(
        [slope = parameter("alpha")](const at::Tensor& x) { return at::leaky_relu(x, slope); });
  }
  if (op == "Elu") {
    return step([alpha = parameter("alpha")](const at::Tensor& x) { return at::elu(x, alpha); });
  }
  ensure(op == "HardSigmoid", "'{}' is not a function of one value", op);
  return step([alpha = parameter("alpha"), beta = parameter("beta")](const at::Tensor& x) {
    return at::clamp(x * alpha + beta, 0, 1);
  });
}

Forward build_prelu(const StepSource&) {
  return [](Arguments& inputs) {
    const at::Tensor& x = inputs[0];
    return std::vector{at::where(x < 0, x * inputs[1], x)};
  };
}

}  // namespace quern
