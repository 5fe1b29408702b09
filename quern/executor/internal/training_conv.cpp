#include "quern/executor/internal/training_conv.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/flip.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <algorithm>

#include "quern/executor/internal/torch_tensor.h"
#include "quern/ops/window_geometry.h"

namespace quern {
namespace {

struct Call : torch::CustomClassHolder {
  explicit Call(const WindowGeometry& given) : window(given) {}
  WindowGeometry window;
};

/// Whether the gradient by the input is a convolution of the same kind.
bool turns_round(const WindowGeometry& window, const at::Tensor& weight) {
  constexpr WindowGeometry::Pair kOne = {1, 1};
  const bool is_depthwise =
      weight.size(0) == window.groups && weight.size(1) == 1 && window.groups > 1;
  return is_depthwise && window.strides == kOne && window.dilations == kOne &&
         std::ranges::all_of(std::array{0, 1}, [&](int axis) {
           const auto i = static_cast<std::size_t>(axis);
           return window.pads_begin[i] < window.kernel[i];
         });
}

at::Tensor gradient_turned_round(const at::Tensor& dy, const at::Tensor& weight,
                                 const WindowGeometry& window) {
  WindowGeometry::Pair pads;
  for (const std::size_t axis : {0, 1}) {
    pads[axis] = window.kernel[axis] - 1 - window.pads_begin[axis];
  }
  return at::conv2d(dy, dense(at::flip(weight, {2, 3})), {}, 1, pads, 1, window.groups);
}

struct ConvFunction : torch::autograd::Function<ConvFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight, const at::Tensor& bias,
                            const c10::intrusive_ptr<Call>& call) {
    context->save_for_backward({x, weight});
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    const bool has_bias = bias.numel() > 0;
    context->saved_data["has_bias"] = has_bias;
    const WindowGeometry& window = call->window;
    return at::conv2d(x, weight, has_bias ? std::optional(bias) : std::nullopt, window.strides,
                      window.pads_begin, window.dilations, window.groups);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& weight = saved[1];
    const auto capsule = context->saved_data["call"].toCapsule();
    const WindowGeometry& window = static_cast<const Call&>(*capsule).window;
    const bool has_bias = context->saved_data["has_bias"].toBool();
    const bool is_turned = turns_round(window, weight);
    const at::Tensor dy = dense(gradients[0]);
    const bool needs_input = context->needs_input_grad(0);
    constexpr WindowGeometry::Pair kNone = {0, 0};
    auto [dx, dweight, dbias] = at::convolution_backward(
        dy, x, weight, at::OptionalIntArrayRef({weight.size(0)}), window.strides, window.pads_begin,
        window.dilations, /*transposed=*/false, kNone, window.groups,
        {needs_input && !is_turned, context->needs_input_grad(1),
         has_bias && context->needs_input_grad(2)});
    if (needs_input && is_turned) dx = gradient_turned_round(dy, weight, window);
    return {dx, dweight, has_bias ? dbias : at::Tensor(), at::Tensor()};
  }
};

}  // namespace

Forward build_training_conv(const StepSource& source) {
  const WindowGeometry window = window_geometry(source.node.graph(), source.node.node());
  if (window.pads_begin != window.pads_end) return nullptr;
  return [call = c10::make_intrusive<Call>(window)](Arguments& inputs) {
    const at::Tensor bias = inputs.has(2) ? inputs[2] : at::empty({0});
    return std::vector{ConvFunction::apply(inputs[0], inputs[1], bias, call)};
  };
}

}  // namespace quern
