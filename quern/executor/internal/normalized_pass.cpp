#include "quern/executor/internal/normalized_pass.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include "quern/executor/internal/chunks.h"
#include "quern/executor/internal/gradient_memory.h"
#include "quern/executor/internal/measured_moments.h"

namespace quern {
namespace {

struct Call : torch::CustomClassHolder {
  Call(const GradientPass& pass, const at::Tensor& x, const at::Tensor& moments,
       const NormalizationState& state, const Normalization& how, const PassScale& scale)
      : normalization(pass, x, moments, state, how, scale) {}
  BoundNormalization normalization;
};

struct NormalizedFunction : torch::autograd::Function<NormalizedFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& /*moments*/, const at::Tensor& /*gamma*/,
                            const at::Tensor& /*beta*/, const at::Tensor& /*scale*/,
                            const c10::intrusive_ptr<Call>& call) {
    context->save_for_backward({x});
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    at::Tensor y = at::empty_like(x);
    const auto* const from = x.const_data_ptr<float>();
    auto* const to = y.mutable_data_ptr<float>();
    const GradientPass& pass = call->normalization.pass();
    const Isa isa = active_isa();
    Chunks(x.numel(), pass.period).run([&](auto, std::int64_t first, std::int64_t count) {
      run(pass, PassForward{from + first, to + first}, count, isa);
    });
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto [dy, dx] = gradient_memory(gradients[0]);
    const at::Tensor x = context->get_saved_variables()[0];
    const auto capsule = context->saved_data["call"].toCapsule();
    const BoundNormalization& normalization = static_cast<const Call&>(*capsule).normalization;
    const GradientPass& pass = normalization.pass();
    const auto* const from = x.const_data_ptr<float>();
    const auto* const gradient = dy.const_data_ptr<float>();
    auto* const to = dx.mutable_data_ptr<float>();
    const std::int64_t channels = normalization.channels();
    const Isa isa = active_isa();
    const std::vector<double> sums =
        Chunks(x.numel(), pass.period)
            .sum(3 * pass.period, channels,
                 [&](float* own, std::int64_t first, std::int64_t count) {
                   run(pass,
                       PassReduction{.x = from + first,
                                     .dy = gradient + first,
                                     .mean = normalization.mean().data(),
                                     .sums = own,
                                     .dx = to + first},
                       count, isa);
                 });
    const NormalizationGradients by = normalization.gradients(sums);
    return {dx, by.moments, by.gamma, by.beta, by.scale, at::Tensor()};
  }
};

}  // namespace

at::Tensor normalized_pass(const GradientPass& pass, const at::Tensor& x, at::Tensor moments,
                           const NormalizationState& state, const Normalization& how,
                           const PassScale& scale) {
  if (!how.batch_statistics) moments = at::empty({0});
  if (!moments.defined()) moments = differentiable_moments(x, state.gamma.numel());
  const auto call = c10::make_intrusive<Call>(pass, x, moments, state, how, scale);
  return NormalizedFunction::apply(
      x, moments, state.gamma, state.beta,
      call->normalization.learns_scale() ? scale.value : at::empty({0}), call);
}

}  // namespace quern
