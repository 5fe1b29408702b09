#include "quern/executor/internal/training_conv.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/flip.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <algorithm>

#include "quern/executor/internal/conv_shape.h"
#include "quern/executor/internal/gradient_memory.h"
#include "quern/executor/internal/measured_moments.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/ops/window_geometry.h"

namespace quern {
namespace {

struct Call : torch::CustomClassHolder {
  Call(const WindowGeometry& given, bool moments) : window(given), measures(moments) {}
  WindowGeometry window;
  bool measures;
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

/// The gradient by y, with what comes by its moments.
at::Tensor output_gradient(const Call& call, const torch::autograd::variable_list& saved,
                           const torch::autograd::variable_list& gradients) {
  if (!call.measures || !gradients[1].defined()) return dense(gradients[0]);
  const auto [dy, sum] = gradient_memory(gradients[0]);
  MomentsWayBack(saved[2], saved[3], gradients[1]).add(dy, sum);
  return sum;
}

/// By oneDNN, with the moments of the output.
struct LibraryConv : torch::autograd::Function<LibraryConv> {
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const at::Tensor& x, const at::Tensor& weight,
                                                const at::Tensor& bias,
                                                const c10::intrusive_ptr<Call>& call) {
    context->set_materialize_grads(false);
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    const bool has_bias = bias.numel() > 0;
    context->saved_data["has_bias"] = has_bias;
    const WindowGeometry& window = call->window;
    const at::Tensor y =
        dense(at::conv2d(x, weight, has_bias ? std::optional(bias) : std::nullopt, window.strides,
                         window.pads_begin, window.dilations, window.groups));
    if (!call->measures) {
      context->save_for_backward({x, weight});
      return {y};
    }
    const at::Tensor moments = measure_moments(y, y.size(1));
    context->save_for_backward({x, weight, y, moments});
    return {y, moments};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& weight = saved[1];
    const auto capsule = context->saved_data["call"].toCapsule();
    const auto& call = static_cast<const Call&>(*capsule);
    const WindowGeometry& window = call.window;
    const bool has_bias = context->saved_data["has_bias"].toBool();
    const bool is_turned = turns_round(window, weight);
    const at::Tensor dy = output_gradient(call, saved, gradients);
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

bool reads_normalized(const StepSource& source) {
  const Node& node = source.node.node();
  const Graph& graph = source.node.graph();
  if (node.op != "Conv" || source.node.has_input(2)) return false;
  const auto& dims = graph.value(node.inputs[1]).dims;
  if (!dims) return false;
  const WindowGeometry window = window_geometry(graph, node);
  std::vector<std::int64_t> weight;
  for (const Dim& dim : *dims) weight.push_back(dim.size);
  return kernel_kind(window, conv_shape(window, weight), /*needs_input_gradient=*/true).has_value();
}

Forward build_normalized_conv(const StepSource& source, bool measures, NormalizeInput normalize) {
  const WindowGeometry window = window_geometry(source.node.graph(), source.node.node());
  return [=, normalize = std::move(normalize)](Arguments& inputs) {
    const at::Tensor weight = dense(inputs[6]);
    const NormalizedInput before = normalize(inputs);
    const ConvShape shape = conv_shape(window, weight.sizes());
    const auto kind = kernel_kind(window, shape, /*needs_input_gradient=*/true);
    return conv_function(kind.value(), on_images(shape, window, inputs[0]), inputs[0], weight,
                         &before, measures);
  };
}

Forward build_training_conv(const StepSource& source, bool measures) {
  const WindowGeometry window = window_geometry(source.node.graph(), source.node.node());
  if (window.pads_begin != window.pads_end) return nullptr;
  return [window, measures, call = c10::make_intrusive<Call>(window, measures)](Arguments& inputs) {
    const at::Tensor& x = inputs[0];
    const ConvShape shape = conv_shape(window, inputs[1].sizes());
    const auto kind = kernel_kind(window, shape, x.requires_grad());
    if (kind && !inputs.has(2)) {
      return conv_function(*kind, on_images(shape, window, x), x, dense(inputs[1]), nullptr,
                           measures);
    }
    return LibraryConv::apply(x, inputs[1], inputs.has(2) ? inputs[2] : at::empty({0}), call);
  };
}

}  // namespace quern
