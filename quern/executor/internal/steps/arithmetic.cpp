// Arithmetic with broadcasting.
#include <ATen/ops/add.h>
#include <ATen/ops/div.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/sub.h>

#include "quern/executor/internal/catalog.h"

namespace quern {
namespace {

using Operator = at::Tensor (*)(const at::Tensor&, const at::Tensor&);
using InPlace = void (*)(at::Tensor&, const at::Tensor&);

Forward step(Operator compute, InPlace compute_in_place) {
  return [=](Arguments& inputs) {
    const bool same_shape = inputs[0].sizes() == inputs[1].sizes();
    if (!same_shape || !inputs.owns(0)) return std::vector{compute(inputs[0], inputs[1])};
    at::Tensor y = inputs[0];
    compute_in_place(y, inputs[1]);
    return std::vector{std::move(y)};
  };
}

}  // namespace

Forward build_arithmetic(const StepSource& source) {
  using T = at::Tensor;
  const std::string_view op = source.node.op();
  if (op == "Add") {
    return step([](const T& a, const T& b) { return at::add(a, b); },
                [](T& a, const T& b) { a.add_(b); });
  }
  if (op == "Sub") {
    return step([](const T& a, const T& b) { return at::sub(a, b); },
                [](T& a, const T& b) { a.sub_(b); });
  }
  if (op == "Mul") {
    return step([](const T& a, const T& b) { return at::mul(a, b); },
                [](T& a, const T& b) { a.mul_(b); });
  }
  if (op == "Pow") {
    return step([](const T& a, const T& b) { return at::pow(a, b); },
                [](T& a, const T& b) { a.pow_(b); });
  }
  ensure(op == "Div", "'{}' is not arithmetic", op);
  return step([](const T& a, const T& b) { return at::div(a, b); },
              [](T& a, const T& b) { a.div_(b); });
}

Forward build_extreme(const StepSource& source) {
  const auto compute = source.node.op() == "Max" ? at::maximum : at::minimum;
  return [compute](Arguments& inputs) {
    at::Tensor result = inputs[0];
    for (std::size_t i = 1; i < inputs.all().size(); ++i) result = compute(result, inputs[i]);
    return std::vector{result};
  };
}

}  // namespace quern
