// Functions of one value, element by element, and PRelu.
#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/ceil.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/floor.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/log.h>
#include <ATen/ops/mish.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/round.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/where.h>

#include <string_view>
#include <utility>

#include "quern/executor/internal/catalog.h"

namespace quern {
namespace {

Forward step(std::function<at::Tensor(const at::Tensor&)> compute) {
  return
      [compute = std::move(compute)](Arguments& inputs) { return std::vector{compute(inputs[0])}; };
}

using Function = at::Tensor (*)(const at::Tensor&);

/// Functions without a setting.
constexpr std::pair<std::string_view, Function> kPlain[] = {
    {"Abs", [](const at::Tensor& x) { return at::abs(x); }},
    {"Ceil", [](const at::Tensor& x) { return at::ceil(x); }},
    {"Erf", [](const at::Tensor& x) { return at::erf(x); }},
    {"Exp", [](const at::Tensor& x) { return at::exp(x); }},
    {"Floor", [](const at::Tensor& x) { return at::floor(x); }},
    {"HardSwish", [](const at::Tensor& x) { return at::hardswish(x); }},
    {"Log", [](const at::Tensor& x) { return at::log(x); }},
    {"Mish", [](const at::Tensor& x) { return at::mish(x); }},
    {"Neg", [](const at::Tensor& x) { return at::neg(x); }},
    {"Reciprocal", [](const at::Tensor& x) { return at::reciprocal(x); }},
    {"Round", [](const at::Tensor& x) { return at::round(x); }},
    {"Sigmoid", [](const at::Tensor& x) { return at::sigmoid(x); }},
    {"Softplus", [](const at::Tensor& x) { return at::softplus(x); }},
    {"Sqrt", [](const at::Tensor& x) { return at::sqrt(x); }},
    {"Tanh", [](const at::Tensor& x) { return at::tanh(x); }},
};

}  // namespace

Forward build_function(const StepSource& source) {
  const std::string_view op = source.node.op();
  const auto parameter = [&](std::string_view name) { return source.node.attribute<float>(name); };
  for (const auto& [name, compute] : kPlain) {
    if (op == name) return step(compute);
  }
  if (op == "Gelu") {
    const bool is_approximate = source.node.attribute<std::string>("approximate") == "tanh";
    return step([form = is_approximate ? "tanh" : "none"](const at::Tensor& x) {
      return at::gelu(x, form);
    });
  }
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
