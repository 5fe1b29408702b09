#include "quern/executor/internal/differentiable_pass.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <limits>

#include "quern/base/error.h"
#include "quern/executor/internal/chunks.h"
#include "quern/executor/internal/gradient_memory.h"
#include "quern/quantizers/repeated.h"

namespace quern {

struct DifferentiablePass::Parameters {
  std::int64_t channels = 1;
  std::vector<float> multiplier, offset;  ///< Repeated to one length.
  bool is_identity = true;                ///< They change nothing.
  GradientPass pass;                      ///< All but the arrays and what a call decides.
};

namespace {

/// What one call of the kernels reads.
struct Call : torch::CustomClassHolder {
  std::shared_ptr<const DifferentiablePass::Parameters> parameters;
  GradientPass pass;
  double factor = 1;

  bool only_clips() const { return pass.scale == 0 && parameters->is_identity; }

  GradientPass at(std::int64_t first) const {
    GradientPass result = pass;
    result.first = static_cast<std::uint32_t>(first);
    return result;
  }
};

/// The pass as autograd calls it.
struct PassFunction : torch::autograd::Function<PassFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& scale, const c10::intrusive_ptr<Call>& call) {
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    context->saved_data["learns_scale"] = scale.requires_grad();
    at::Tensor y = at::empty_like(x);
    // What only clips is clipped again to the same: the result, which its reader keeps anyway, says
    // where the gradient goes.
    context->save_for_backward({call->only_clips() ? y : x});
    const auto* const from = x.const_data_ptr<float>();
    auto* const to = y.mutable_data_ptr<float>();
    const Isa isa = active_isa();
    Chunks(x.numel(), call->pass.period).run([&](auto, std::int64_t first, std::int64_t count) {
      quern::run(call->at(first), PassForward{from + first, to + first}, count, isa);
    });
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const auto capsule = context->saved_data["call"].toCapsule();
    const auto& call = static_cast<const Call&>(*capsule);
    const auto memory = gradient_memory(gradients[0]);
    const at::Tensor& dy = memory.dy;
    const at::Tensor& dx = memory.dx;
    const bool learns_scale = context->saved_data["learns_scale"].toBool();
    const Isa isa = active_isa();
    const Chunks chunks(x.numel(), call.pass.period);
    const auto work = [&](float* dscale, std::int64_t first, std::int64_t count) {
      quern::run(call.at(first),
                 PassBackward{x.const_data_ptr<float>() + first, dy.const_data_ptr<float>() + first,
                              dx.mutable_data_ptr<float>() + first, dscale},
                 count, isa);
    };
    if (!learns_scale) {
      chunks.run(
          [&](auto, std::int64_t first, std::int64_t count) { work(nullptr, first, count); });
      return {dx, at::Tensor(), at::Tensor()};
    }
    const double sum = chunks.sum(call.pass.period, /*channels=*/1, work)[0] * call.factor;
    return {dx, at::scalar_tensor(sum, at::kFloat).reshape({1}), at::Tensor()};
  }
};

}  // namespace

KeptActivations& kept_activations() {
  thread_local KeptActivations kept;
  return kept;
}

bool PassScale::apply(GradientPass& pass, const at::Tensor& x) const {
  if (pass.scale == 0) return false;
  pass.learns_step = learns_step;
  const bool learns_scale = !observe && value.defined() && value.requires_grad();
  if (observe) {
    GradientPass unrounded = pass;
    unrounded.scale = 0;
    pass.scale = observe(unrounded, x);
  } else if (value.defined()) {
    pass.scale = value.item<float>();
  }
  pass.centred = centred_grid(pass);
  return learns_scale;
}

GradientPass grid_of(const PointwiseSpec& spec) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  GradientPass pass{.low = spec.low.empty() ? -kInfinity : spec.low[0],
                    .high = spec.high.empty() ? kInfinity : spec.high[0]};
  if (!spec.grid) return pass;
  const bool has_gradient = kernel_rounds(*spec.grid) || spec.grid->is_bipolar();
  if (!has_gradient || spec.params.scale.size() != 1) {
    fail(ErrorCode::kUnsupported, "activations on a grid {} have no gradient",
         to_string(*spec.grid));
  }
  pass.scale = spec.params.scale[0];
  if (!spec.params.zero_point.empty()) {
    pass.zero_point = static_cast<float>(spec.params.zero_point[0]);
  }
  pass.qmin = static_cast<float>(spec.grid->qmin());
  pass.qmax = static_cast<float>(spec.grid->qmax());
  pass.bipolar = spec.grid->is_bipolar();
  return pass;
}

DifferentiablePass::DifferentiablePass(const PointwiseSpec& spec, std::int64_t channels) {
  auto parameters = std::make_shared<Parameters>();
  const std::int64_t period = repeated_period(channels);
  parameters->channels = channels;
  parameters->multiplier = repeated(spec.multiplier, 1, period);
  parameters->offset = repeated(spec.offset, 0, period);
  parameters->is_identity = spec.multiplier.empty();
  parameters->pass = grid_of(spec);
  parameters->pass.period = period;
  parameters->pass.multiplier = parameters->multiplier.data();
  parameters->pass.offset = parameters->offset.data();
  parameters_ = std::move(parameters);
}

at::Tensor DifferentiablePass::operator()(const at::Tensor& x, const PassScale& scale) const {
  auto call = c10::make_intrusive<Call>();
  call->parameters = parameters_;
  call->pass = parameters_->pass;
  call->factor = scale.factor;
  const bool learns_scale = scale.apply(call->pass, x);
  call->pass.seed = kept_activations().seed;
  call->pass.keep = kept_activations().share;
  kept_activations().seed = kept_activations().seed * 1664525U + 1013904223U;
  return PassFunction::apply(x, learns_scale ? scale.value : at::empty({0}), call);
}

}  // namespace quern
