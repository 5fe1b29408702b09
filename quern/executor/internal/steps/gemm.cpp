// Gemm and MatMul.
#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>

#include "quern/executor/internal/catalog.h"

namespace quern {

/// Y = α · A′ · B′ + β · C, where ′ transposes on request.
Forward build_gemm(const StepSource& source) {
  const auto alpha = source.node.attribute<float>("alpha");
  const auto beta = source.node.attribute<float>("beta");
  const bool transpose_a = source.node.attribute<std::int64_t>("transA") != 0;
  const bool transpose_b = source.node.attribute<std::int64_t>("transB") != 0;
  return [=](Arguments& inputs) {
    const at::Tensor a = transpose_a ? inputs[0].t() : inputs[0];
    const at::Tensor b = transpose_b ? inputs[1] : inputs[1].t();  // [outputs, inputs]
    const bool plain = alpha == 1 && beta == 1;
    if (plain && inputs.has(2) && inputs[2].dim() == 1 && inputs[2].size(0) == b.size(0)) {
      return std::vector{at::linear(a, b, inputs[2])};
    }
    at::Tensor y = at::linear(a, b);
    if (alpha != 1) y = y * alpha;
    if (inputs.has(2)) y = y + (beta == 1 ? inputs[2] : inputs[2] * beta);
    return std::vector{y};
  };
}

Forward build_matmul(const StepSource&) {
  return [](Arguments& inputs) { return std::vector{at::matmul(inputs[0], inputs[1])}; };
}

}  // namespace quern
