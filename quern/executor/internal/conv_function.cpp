#include "quern/executor/internal/conv_function.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <algorithm>
#include <optional>

#include "quern/executor/internal/measured_moments.h"
#include "quern/executor/internal/pieces.h"
#include "quern/kernels/scratch.h"

namespace quern {
namespace {

struct Call : torch::CustomClassHolder {
  ConvKind kind = ConvKind::kPointwise;
  ConvShape shape;
  std::shared_ptr<const BoundNormalization> before;
  bool measures = false;

  std::unique_ptr<ConvKernel> kernel(const at::Tensor& weight) const {
    return make_conv_kernel(
        kind, shape, {weight.const_data_ptr<float>(), static_cast<std::size_t>(weight.numel())});
  }
  ConvInput input(const at::Tensor& x) const {
    return {x.const_data_ptr<float>(), before ? &before->pass() : nullptr};
  }
};

struct ConvFunction : torch::autograd::Function<ConvFunction> {
  static torch::autograd::variable_list forward(
      torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
      const at::Tensor& /*moments*/, const at::Tensor& /*gamma*/, const at::Tensor& /*beta*/,
      const at::Tensor& /*scale*/, const c10::intrusive_ptr<Call>& call) {
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    context->set_materialize_grads(false);
    const ConvShape& shape = call->shape;
    const auto kernel = call->kernel(weight);
    at::Tensor y = at::empty({shape.images, shape.out_channels, shape.output[0], shape.output[1]},
                             at::kFloat, at::MemoryFormat::ChannelsLast);
    const ConvForward work{.input = call->input(x), .y = y.mutable_data_ptr<float>()};
    if (!call->measures) {
      for_each_piece(kernel->pieces(),
                     [&](std::int64_t piece) { kernel->forward(piece, work, nullptr); });
      context->save_for_backward({x, weight});
      return {y};
    }
    std::vector<Moments> moments(static_cast<std::size_t>(kernel->pieces()));
    for_each_piece(kernel->pieces(), [&](std::int64_t piece) {
      MomentSums sums(shape.out_channels);
      kernel->forward(piece, work, &sums);
      moments[static_cast<std::size_t>(piece)] = sums.moments();
    });
    const at::Tensor all = to_tensor(combine(moments));
    context->save_for_backward({x, weight, y, all});
    return {y, all};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& weight = saved[1];
    const auto capsule = context->saved_data["call"].toCapsule();
    const auto& call = static_cast<const Call&>(*capsule);
    const auto kernel = call.kernel(weight);
    const at::Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    ConvBackward work{.input = call.input(x), .output = {.dy = dy.const_data_ptr<float>()}};
    std::optional<MomentsWayBack> by_moments;
    if (call.measures) {
      by_moments.emplace(saved[2], saved[3], gradients[1]);
      work.output.moments = by_moments->gradient();
    }
    const BoundNormalization* const before = call.before.get();
    at::Tensor dx;
    if (before != nullptr || context->needs_input_grad(0)) {
      dx = at::empty_like(x);
      work.dx = dx.mutable_data_ptr<float>();
    }
    const std::int64_t period = before == nullptr ? 0 : before->pass().period;
    if (before != nullptr) work.mean = before->mean().data();
    const PieceSums by_weight(kernel->pieces(), weight.numel());
    const PieceSums by_pass(kernel->pieces(), 3 * period);
    for_each_piece(kernel->pieces(), [&](std::int64_t piece) {
      Scratch own_weight(weight.numel());
      Scratch own_pass(3 * period);
      kernel->backward(piece, work, {.weight = own_weight.data(), .pass = own_pass.data()});
      by_weight.set(piece, own_weight.data());
      by_pass.set(piece, own_pass.data());
    });

    const at::Tensor dweight = at::empty_like(weight);
    std::ranges::copy(by_weight.add(), dweight.mutable_data_ptr<float>());
    NormalizationGradients by;
    if (before != nullptr) {
      by = before->gradients(sum_over_repeats(by_pass.add(), period, before->channels()));
    }
    return {dx, dweight, by.moments, by.gamma, by.beta, by.scale, at::Tensor()};
  }
};

}  // namespace

std::vector<at::Tensor> conv_function(ConvKind kind, const ConvShape& shape, const at::Tensor& x,
                                      const at::Tensor& weight, const NormalizedInput* before,
                                      bool measures) {
  const auto call = c10::make_intrusive<Call>();
  call->kind = kind;
  call->shape = shape;
  call->measures = measures;
  const at::Tensor none = at::empty({0});
  if (before == nullptr) {
    return ConvFunction::apply(x, weight, none, none, none, none, call);
  }
  call->before = before->bound;
  return ConvFunction::apply(x, weight, before->moments.defined() ? before->moments : none,
                             before->gamma, before->beta,
                             before->bound->learns_scale() ? before->scale : none, call);
}

}  // namespace quern
