#include "quern/executor/internal/normalized_pass.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "quern/base/error.h"
#include "quern/executor/internal/chunks.h"
#include "quern/executor/internal/gradient_memory.h"

namespace quern {
namespace {

std::span<const float> floats(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

/// What one call of the kernels reads.
struct Call : torch::CustomClassHolder {
  GradientPass pass;
  std::int64_t channels = 1;
  Normalization how;
  double factor = 1;  ///< Of the scale's gradient.
  bool learns_scale = false;

  std::vector<double> deviation;                ///< 1 / √(variance + ε)
  std::vector<float> mean, multiplier, offset;  ///< Repeated to the period.
};

struct Statistics {
  std::vector<double> mean, variance;  ///< Per channel; biased.
};

Statistics running(const NormalizationState& state) {
  const auto mean = floats(state.running_mean);
  const auto variance = floats(state.running_variance);
  return {{mean.begin(), mean.end()}, {variance.begin(), variance.end()}};
}

/// Of the batch. The first pixel is near enough to the mean for the sums of squares to hold.
Statistics measure(const Call& call, const at::Tensor& x) {
  const auto* const data = x.const_data_ptr<float>();
  const auto channels = static_cast<std::size_t>(call.channels);
  const std::vector<float> first(data, data + channels);
  const std::vector<float> shift = repeated(first, 0, call.pass.period);
  const Isa isa = active_isa();
  const std::vector<double> sums =
      Chunks(x.numel(), call.pass.period)
          .sum(2 * call.pass.period, call.channels,
               [&](float* own, std::int64_t start, std::int64_t count) {
                 run(call.pass, PassMoments{data + start, shift.data(), own}, count, isa);
               });
  const double pixels = static_cast<double>(x.numel() / call.channels);
  Statistics result;
  for (std::size_t c = 0; c < channels; ++c) {
    const double centred = sums[c] / pixels;
    result.mean.push_back(first[c] + centred);
    result.variance.push_back(std::max(0.0, sums[channels + c] / pixels - centred * centred));
  }
  return result;
}

void update(const at::Tensor& running, const std::vector<double>& batch, double correction,
            double momentum) {
  auto* const values = running.mutable_data_ptr<float>();
  for (std::size_t c = 0; c < batch.size(); ++c) {
    values[c] = static_cast<float>((1 - momentum) * values[c] + momentum * correction * batch[c]);
  }
}

/// Sets what the kernels multiply by and add.
void normalize(Call& call, const NormalizationState& state, const Statistics& by) {
  const auto gamma = floats(state.gamma);
  const auto beta = floats(state.beta);
  std::vector<float> mean, multiplier, offset;
  for (std::size_t c = 0; c < by.mean.size(); ++c) {
    call.deviation.push_back(1 / std::sqrt(by.variance[c] + call.how.epsilon));
    const double factor = gamma[c] * call.deviation[c];
    mean.push_back(static_cast<float>(by.mean[c]));
    multiplier.push_back(static_cast<float>(factor));
    offset.push_back(static_cast<float>(beta[c] - by.mean[c] * factor));
  }
  call.mean = repeated(mean, 0, call.pass.period);
  call.multiplier = repeated(multiplier, 0, call.pass.period);
  call.offset = repeated(offset, 0, call.pass.period);
  call.pass.multiplier = call.multiplier.data();
  call.pass.offset = call.offset.data();
}

at::Tensor vector(const std::vector<double>& values) { return at::tensor(values, at::kFloat); }

/// Gradients by x, γ, β and the scale.
torch::autograd::variable_list differentiate(const Call& call, const at::Tensor& x,
                                             const at::Tensor& dy, const at::Tensor& dx) {
  const auto* const data = x.const_data_ptr<float>();
  const auto* const gradient = dy.const_data_ptr<float>();
  auto* const result = dx.mutable_data_ptr<float>();
  const Isa isa = active_isa();
  const Chunks chunks(x.numel(), call.pass.period);
  const std::vector<double> sums = chunks.sum(
      3 * call.pass.period, call.channels, [&](float* own, std::int64_t first, std::int64_t count) {
        run(call.pass, PassReduction{data + first, gradient + first, call.mean.data(), own}, count,
            isa);
      });
  const auto channels = static_cast<std::size_t>(call.channels);
  const double pixels = static_cast<double>(x.numel() / call.channels);
  std::vector<double> dgamma, dbeta;
  std::vector<float> slope, intercept;
  double dscale = 0;
  for (std::size_t c = 0; c < channels; ++c) {
    dbeta.push_back(sums[c]);
    dgamma.push_back(sums[channels + c] * call.deviation[c]);
    dscale += sums[2 * channels + c];
    const double factor = call.how.batch_statistics ? -call.multiplier[c] / pixels : 0;
    slope.push_back(static_cast<float>(factor * dgamma[c] * call.deviation[c]));
    intercept.push_back(static_cast<float>(factor * dbeta[c]));
  }
  slope = repeated(slope, 0, call.pass.period);
  intercept = repeated(intercept, 0, call.pass.period);
  chunks.run([&](auto, std::int64_t first, std::int64_t count) {
    run(call.pass,
        PassNormBackward{data + first, gradient + first, call.mean.data(), slope.data(),
                         intercept.data(), result + first},
        count, isa);
  });
  at::Tensor by_scale;
  if (call.learns_scale) by_scale = at::scalar_tensor(dscale * call.factor, at::kFloat).reshape(1);
  return {dx, vector(dgamma), vector(dbeta), by_scale, at::Tensor()};
}

struct NormalizedFunction : torch::autograd::Function<NormalizedFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& /*gamma*/, const at::Tensor& /*beta*/,
                            const at::Tensor& /*scale*/, const c10::intrusive_ptr<Call>& call) {
    context->save_for_backward({x});
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    at::Tensor y = at::empty_like(x);
    const auto* const from = x.const_data_ptr<float>();
    auto* const to = y.mutable_data_ptr<float>();
    const Isa isa = active_isa();
    Chunks(x.numel(), call->pass.period).run([&](auto, std::int64_t first, std::int64_t count) {
      run(call->pass, PassForward{from + first, to + first}, count, isa);
    });
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto [dy, dx] = gradient_memory(gradients[0]);
    const at::Tensor x = context->get_saved_variables()[0];
    const auto capsule = context->saved_data["call"].toCapsule();
    return differentiate(static_cast<const Call&>(*capsule), x, dy, dx);
  }
};

}  // namespace

NormalizedPass::NormalizedPass(const PointwiseSpec& spec, std::int64_t channels)
    : pass_(grid_of(spec)), channels_(channels) {
  pass_.period = repeated_period(channels);
}

at::Tensor NormalizedPass::operator()(const at::Tensor& x, const NormalizationState& state,
                                      const Normalization& how, const PassScale& scale) const {
  auto call = c10::make_intrusive<Call>();
  call->pass = pass_;
  call->channels = channels_;
  call->how = how;
  call->factor = scale.factor;
  if (how.batch_statistics) {
    const Statistics batch = measure(*call, x);
    const double pixels = static_cast<double>(x.numel() / channels_);
    update(state.running_mean, batch.mean, 1, how.momentum);
    update(state.running_variance, batch.variance, pixels / std::max(1.0, pixels - 1),
           how.momentum);
    normalize(*call, state, batch);
  } else {
    normalize(*call, state, running(state));
  }
  call->learns_scale = scale.apply(call->pass, x);
  return NormalizedFunction::apply(x, state.gamma, state.beta,
                                   call->learns_scale ? scale.value : at::empty({0}), call);
}

}  // namespace quern
