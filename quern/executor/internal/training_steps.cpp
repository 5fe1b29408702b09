#include "quern/executor/internal/training_steps.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/full.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/tensor.h>

#include <array>
#include <cmath>

#include "quern/executor/internal/activation_statistic.h"
#include "quern/executor/internal/chunks.h"
#include "quern/executor/internal/measured_moments.h"
#include "quern/executor/internal/normalized_pass.h"
#include "quern/executor/internal/plain_fake_quant.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/executor/internal/training_conv.h"
#include "quern/executor/internal/weight_quant.h"
#include "quern/ops/window_geometry.h"
#include "quern/quantizers/repeated.h"

namespace quern {
namespace {

/// Whose output is constant between steps.
constexpr std::array<std::string_view, 3> kWithoutGradient = {"Ceil", "Floor", "Round"};

std::optional<at::Tensor> optional(const Arguments& inputs, std::size_t index) {
  return inputs.has(index) ? std::optional(inputs[index]) : std::nullopt;
}

/// What rounds the activations of one Quant, and how its scale is found in this run.
struct ActivationGrid {
  QuantizerId quantizer;
  QuantSpec spec;
  QuantizerKind kind = QuantizerKind::kCalibrated;
  float fixed = 0;  ///< The scale of a kind that training leaves alone.
  std::int64_t channels = 1;

  PassScale scale(const TrainingContext& context, const at::Tensor& x) const;
};

PassScale ActivationGrid::scale(const TrainingContext& context, const at::Tensor& x) const {
  PassScale result;
  if (!is_trainable(kind)) return result;
  if (kind == QuantizerKind::kMinMax || context.mode.scales_from_statistics) {
    result.observe = [this, &context](const GradientPass& pass, const at::Tensor& input) {
      return context.parameters.observe(quantizer, sampled_threshold(pass, input, channels));
    };
    return result;
  }
  result.value = context.parameters.scale(quantizer);
  require(result.value.item<float>() > 0,
          "its scale is not known yet: calibrate, or take it from statistics first");
  result.learns_step = kind == QuantizerKind::kLsq;
  if (result.learns_step) {
    const std::int64_t features = x.numel() / std::max<std::int64_t>(1, x.size(0));
    result.factor = 1 / std::sqrt(static_cast<double>(features) * static_cast<double>(spec.qmax()));
  }
  return result;
}

/// Where a normalization finds the moments of its input.
constexpr std::size_t kMoments = 5;

Normalization how(const TrainingContext& context, double epsilon) {
  return {.epsilon = epsilon,
          .momentum = context.momentum,
          .batch_statistics = !context.mode.frozen_batch_norms};
}

GradientPass repeated_pass(const PointwiseSpec& spec, std::int64_t channels) {
  GradientPass pass = grid_of(spec);
  pass.period = repeated_period(channels);
  return pass;
}

NormalizationState state_of(const Arguments& inputs) {
  return {inputs[1], inputs[2], inputs[3], inputs[4]};
}

at::Tensor plain_clip(const at::Tensor& x, const PointwiseSpec& spec) {
  if (spec.low.empty()) return x;
  if (spec.low[0] == 0 && std::isinf(spec.high[0])) return at::relu(x);
  return at::hardtanh(x, spec.low[0], spec.high[0]);
}

/// Rounds in LibTorch's operators; scales are found as in a fused pass.
at::Tensor plain_round(const at::Tensor& x, const PointwiseSpec& spec, const PassScale& scale) {
  if (!spec.grid) return x;
  PlainGrid grid{.spec = *spec.grid,
                 .scale = scale.value,
                 .learns_step = scale.learns_step,
                 .factor = scale.factor};
  if (!spec.params.zero_point.empty()) {
    grid.zero_point = static_cast<float>(spec.params.zero_point[0]);
  }
  if (scale.observe) {
    const std::vector<float> one = {1};
    const std::vector<float> zero = {0};
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const GradientPass identity{.period = 1,
                                .multiplier = one.data(),
                                .offset = zero.data(),
                                .low = -kInfinity,
                                .high = kInfinity};
    grid.scale = at::full({1}, scale.observe(identity, x.detach()));
  } else if (!grid.scale.defined()) {
    grid.scale = at::tensor(spec.params.scale, at::kFloat);
  }
  return plain_fake_quant(x, grid);
}

Forward build_plain_conv(const StepSource& source) {
  const WindowGeometry window = window_geometry(source.node.graph(), source.node.node());
  if (window.pads_begin != window.pads_end) return nullptr;
  return [window](Arguments& inputs) {
    return std::vector{at::conv2d(inputs[0], inputs[1], optional(inputs, 2), window.strides,
                                  window.pads_begin, window.dilations, window.groups)};
  };
}

}  // namespace

bool TrainingChain::append(const StepSource& source) {
  const Node& node = source.node.node();
  const Graph& graph = source.node.graph();
  if (node.op == "BatchNormalization") {
    if (!inputs_.empty()) return false;
    for (std::size_t i = 1; i <= 4; ++i) {
      source.node.check_supported(context_.parameters.value(node.inputs.at(i)) != nullptr,
                                  "BatchNormalization with a computed input {} in training", i);
    }
    epsilon_ = source.node.attribute<float>("epsilon");
    channels_ = graph.value(node.inputs[1]).constant->size();
    inputs_ = node.inputs;
    return true;
  }
  if (node.op == "Quant") {
    const Quantizer& entry = graph.quantizer(node.quantizer);
    if (graph.is_constant(node.inputs[0]) || entry.kind == QuantizerKind::kDerived) return false;
    if (!pointwise_.append(source)) return false;
    quantizer_ = entry.id;
    grid_ = entry.spec;
    kind_ = entry.kind;
  } else if (!pointwise_.append(source)) {
    return false;
  }
  if (inputs_.empty()) inputs_ = {node.inputs[0]};
  return true;
}

Forward TrainingChain::build() const {
  const PointwiseSpec spec = pointwise_.differentiable_spec();
  const ActivationGrid grid{quantizer_, grid_, kind_, 0, channels_};
  const TrainingContext& context = context_;
  const bool is_fused = context.operators == TrainingOperators::kFused;
  const std::optional<double> epsilon = epsilon_;
  if (!is_fused) {
    return [=, &context](Arguments& inputs) {
      at::Tensor x = inputs[0];
      if (epsilon) {
        x = at::batch_norm(x, inputs[1], inputs[2], inputs[3], inputs[4],
                           !context.mode.frozen_batch_norms, context.momentum, *epsilon,
                           /*cudnn_enabled=*/true);
      }
      x = dense(plain_clip(x, spec));
      return std::vector{plain_round(x, spec, grid.scale(context, x))};
    };
  }
  if (epsilon) {
    const GradientPass pass = repeated_pass(spec, channels_);
    return [=, &context](Arguments& inputs) {
      const PassScale scale = grid.scale(context, inputs[0]);
      return std::vector{on_innermost_channels(inputs[0], grid.channels, [&](const at::Tensor& x) {
        return normalized_pass(pass, x, optional(inputs, kMoments).value_or(at::Tensor()),
                               state_of(inputs), how(context, *epsilon), scale);
      })};
    };
  }
  if (pointwise_.is_identity()) {
    return [](Arguments& inputs) { return std::vector{inputs[0]}; };
  }
  return [=, &context, pass = DifferentiablePass(spec, 1)](Arguments& inputs) {
    const PassScale scale = grid.scale(context, inputs[0]);
    return std::vector{pass(dense(inputs[0]), scale)};
  };
}

Forward TrainingChain::build_into(const StepSource& conv, bool measures) const {
  const GradientPass pass = repeated_pass(pointwise_.differentiable_spec(), channels_);
  const ActivationGrid grid{quantizer_, grid_, kind_, 0, channels_};
  return build_normalized_conv(
      conv, measures,
      [=, &context = context_, epsilon = epsilon_.value()](const Arguments& inputs) {
        const at::Tensor& x = inputs[0];
        const PassScale scale = grid.scale(context, x);
        const NormalizationState state = state_of(inputs);
        const Normalization normalization = how(context, epsilon);
        NormalizedInput result{.gamma = state.gamma, .beta = state.beta, .scale = scale.value};
        if (normalization.batch_statistics) {
          result.moments =
              inputs.has(kMoments) ? inputs[kMoments] : differentiable_moments(x, grid.channels);
        }
        result.bound = std::make_shared<BoundNormalization>(pass, x, result.moments, state,
                                                            normalization, scale);
        return result;
      });
}

Forward build_training_step(const StepSource& source, const TrainingContext& context, bool measures,
                            BuildStep fallback) {
  const Node& node = source.node.node();
  const Graph& graph = source.node.graph();
  if (node.op == "Quant") {
    const bool is_derived = graph.quantizer(node.quantizer).kind == QuantizerKind::kDerived;
    source.node.check_supported(is_derived || graph.is_constant(node.inputs[0]),
                                "Quant of an activation per channel, in training");
    return is_derived ? build_bias_quant(source, context) : build_weight_quant(source, context);
  }
  const bool has_gradient = std::ranges::find(kWithoutGradient, node.op) == kWithoutGradient.end();
  source.node.check_supported(has_gradient, "{} in training: its gradient is 0 everywhere",
                              node.op);
  if (node.op == "Conv") {
    const bool is_plain = context.operators == TrainingOperators::kPlain;
    Forward conv = is_plain ? build_plain_conv(source) : build_training_conv(source, measures);
    if (conv) return conv;
  }
  return fallback(source);
}

}  // namespace quern
