#include "quern/executor/internal/differentiable_pass.h"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "quern/base/error.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/quantizers/pointwise_gradient.h"

namespace quern {

struct DifferentiablePass::Parameters {
  std::vector<float> multiplier, offset;  ///< Repeated to one length.
  float low = 0;
  float high = 0;
  float scale = 0;
  float zero_point = 0;
  std::optional<QuantSpec> grid;
};

namespace {

constexpr std::int64_t kPeriod = 256;

std::vector<float> repeated(const std::vector<float>& values, float fallback, std::size_t period) {
  std::vector<float> result(period, fallback);
  if (values.empty()) return result;
  for (std::size_t i = 0; i < period; ++i) result[i] = values[i % values.size()];
  return result;
}

using Parameters = DifferentiablePass::Parameters;

/// What one call of the kernels reads.
struct Call : torch::CustomClassHolder {
  std::shared_ptr<const Parameters> parameters;
  float scale = 0;
  KeptActivations kept;

  GradientPass arguments() const {
    const Parameters& own = *parameters;
    GradientPass result{.period = std::ssize(own.multiplier),
                        .multiplier = own.multiplier.data(),
                        .offset = own.offset.data(),
                        .low = own.low,
                        .high = own.high};
    if (!own.grid) return result;
    result.scale = scale;
    result.zero_point = own.zero_point;
    result.qmin = static_cast<float>(own.grid->qmin());
    result.qmax = static_cast<float>(own.grid->qmax());
    result.seed = kept.seed;
    result.keep = kept.share;
    return result;
  }
};

/// The pass as autograd calls it.
struct PassFunction : torch::autograd::Function<PassFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& scale, const c10::intrusive_ptr<Call>& call) {
    context->save_for_backward({x});
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    context->saved_data["learns_scale"] = scale.requires_grad();
    at::Tensor y = at::empty_like(x);
    static const PointwiseForward kKernel = pointwise_forward(active_isa());
    kKernel(call->arguments(), x.const_data_ptr<float>(), y.mutable_data_ptr<float>(), x.numel());
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const auto capsule = context->saved_data["call"].toCapsule();
    const auto& call = static_cast<const Call&>(*capsule);
    const at::Tensor dy = dense(gradients[0]);
    at::Tensor dx = at::empty_like(x);
    const bool learns_scale = context->saved_data["learns_scale"].toBool();
    std::vector<float> dscale(learns_scale ? call.parameters->multiplier.size() : 0);
    static const PointwiseBackward kKernel = pointwise_backward(active_isa());
    kKernel(call.arguments(), x.const_data_ptr<float>(), dy.const_data_ptr<float>(),
            dx.mutable_data_ptr<float>(), learns_scale ? dscale.data() : nullptr, x.numel());
    at::Tensor scale_gradient;
    if (learns_scale) {
      const double sum = std::accumulate(dscale.begin(), dscale.end(), 0.0);
      scale_gradient = at::scalar_tensor(sum, at::kFloat).reshape({1});
    }
    return {dx, scale_gradient, at::Tensor()};
  }
};

}  // namespace

KeptActivations& kept_activations() {
  thread_local KeptActivations kept;
  return kept;
}

DifferentiablePass::DifferentiablePass(const PointwiseSpec& spec, std::int64_t channels) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  auto parameters = std::make_shared<Parameters>();
  const auto period =
      static_cast<std::size_t>(channels * std::max<std::int64_t>(1, kPeriod / channels));
  parameters->multiplier = repeated(spec.multiplier, 1, period);
  parameters->offset = repeated(spec.offset, 0, period);
  parameters->low = spec.low.empty() ? -kInfinity : spec.low[0];
  parameters->high = spec.high.empty() ? kInfinity : spec.high[0];
  parameters->grid = spec.grid;
  if (spec.grid) {
    if (!kernel_rounds(*spec.grid) || spec.params.scale.size() != 1) {
      fail(ErrorCode::kUnsupported, "activations on a grid {} have no gradient",
           to_string(*spec.grid));
    }
    parameters->scale = spec.params.scale[0];
    if (!spec.params.zero_point.empty()) {
      parameters->zero_point = static_cast<float>(spec.params.zero_point[0]);
    }
  }
  parameters_ = std::move(parameters);
}

at::Tensor DifferentiablePass::operator()(const at::Tensor& x, const at::Tensor& scale) const {
  auto call = c10::make_intrusive<Call>();
  call->parameters = parameters_;
  call->scale = scale.numel() == 1 ? scale.item<float>() : parameters_->scale;
  call->kept = kept_activations();
  kept_activations().seed = kept_activations().seed * 1664525U + 1013904223U;
  return PassFunction::apply(x, scale, call);
}

}  // namespace quern
