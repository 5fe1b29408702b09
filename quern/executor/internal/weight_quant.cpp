#include "quern/executor/internal/weight_quant.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "quern/executor/internal/chunks.h"
#include "quern/executor/internal/differentiable_pass.h"
#include "quern/executor/internal/pieces.h"
#include "quern/executor/internal/plain_fake_quant.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/quantizers/repeated.h"

namespace quern {
namespace {

/// Elements that are worth a thread of their own.
constexpr std::int64_t kGrain = 1 << 14;

/// Rows of a weight in memory, each on a grid of its own.
struct Rows {
  std::int64_t count;
  std::int64_t length;
};

struct Call : torch::CustomClassHolder {
  GradientPass pass;  ///< All but the scale.
  Rows rows;
  double factor = 1;
  std::vector<float> scales;
  std::vector<float> ones, zeros;

  /// Calls work(pass of the row, first element).
  template <class Work>
  void run(const Work& work) const {
    const std::int64_t grain = std::max<std::int64_t>(1, kGrain / rows.length);
    for_each_piece((rows.count + grain - 1) / grain, [&](std::int64_t piece) {
      const std::int64_t end = std::min(rows.count, (piece + 1) * grain);
      for (std::int64_t row = piece * grain; row < end; ++row) {
        GradientPass own = pass;
        own.scale = scales[static_cast<std::size_t>(row)];
        work(own, row);
      }
    });
  }
};

struct RowsFunction : torch::autograd::Function<RowsFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& weight,
                            const at::Tensor& scale, const c10::intrusive_ptr<Call>& call) {
    context->save_for_backward({weight});
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    context->saved_data["learns_scale"] = scale.requires_grad();
    at::Tensor result = at::empty_like(weight);
    const auto* const from = weight.const_data_ptr<float>();
    auto* const to = result.mutable_data_ptr<float>();
    const std::int64_t length = call->rows.length;
    const Isa isa = active_isa();
    call->run([&](const GradientPass& pass, std::int64_t row) {
      run(pass, PassForward{from + row * length, to + row * length}, length, isa);
    });
    return result;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const at::Tensor weight = context->get_saved_variables()[0];
    const auto capsule = context->saved_data["call"].toCapsule();
    const auto& call = static_cast<const Call&>(*capsule);
    const at::Tensor dy = dense(gradients[0]);
    const bool learns_scale = context->saved_data["learns_scale"].toBool();
    at::Tensor dx = at::empty_like(weight);
    const auto* const from = weight.const_data_ptr<float>();
    const auto* const gradient = dy.const_data_ptr<float>();
    auto* const to = dx.mutable_data_ptr<float>();
    at::Tensor by_scale;
    float* sums = nullptr;
    if (learns_scale) {
      by_scale = at::empty({call.rows.count}, at::kFloat);
      sums = by_scale.mutable_data_ptr<float>();
    }
    const std::int64_t length = call.rows.length;
    const Isa isa = active_isa();
    call.run([&](const GradientPass& pass, std::int64_t row) {
      std::vector<float> own(learns_scale ? static_cast<std::size_t>(pass.period) : 0);
      const std::int64_t first = row * length;
      run(pass,
          PassBackward{from + first, gradient + first, to + first,
                       learns_scale ? own.data() : nullptr},
          length, isa);
      if (!learns_scale) return;
      const double sum = std::accumulate(own.begin(), own.end(), 0.0) * call.factor;
      sums[row] = static_cast<float>(sum);
    });
    return {dx, by_scale, at::Tensor()};
  }
};

/// Rows of equal scale, if the channels of a weight are that.
std::optional<Rows> rows_of(const at::Tensor& weight, const QuantSpec& spec) {
  if (weight.numel() == 0) return std::nullopt;
  if (spec.granularity == Granularity::kPerTensor) return Rows{1, weight.numel()};
  if (spec.channel_axis != 0) return std::nullopt;
  return Rows{weight.size(0), weight.numel() / weight.size(0)};
}

at::Tensor quantized_rows(const at::Tensor& weight, const Rows& rows, const PlainGrid& grid) {
  auto call = c10::make_intrusive<Call>();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::int64_t period = repeated_period(1);
  call->rows = rows;
  call->factor = grid.factor;
  call->ones.assign(static_cast<std::size_t>(period), 1);
  call->zeros.assign(static_cast<std::size_t>(period), 0);
  call->pass = {.period = period,
                .multiplier = call->ones.data(),
                .offset = call->zeros.data(),
                .low = -kInfinity,
                .high = kInfinity,
                .qmin = static_cast<float>(grid.spec.qmin()),
                .qmax = static_cast<float>(grid.spec.qmax()),
                .bipolar = grid.spec.is_bipolar(),
                .learns_step = grid.learns_step};
  const auto* const scales = grid.scale.const_data_ptr<float>();
  call->scales.assign(scales, scales + grid.scale.numel());
  return RowsFunction::apply(weight, grid.scale, call);
}

/// A scale per channel in the shape that broadcasts against the weight.
at::Tensor spread(const at::Tensor& scale, std::int64_t rank, const QuantSpec& spec) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(rank), 1);
  if (spec.granularity == Granularity::kPerChannel) {
    shape[static_cast<std::size_t>(spec.channel_axis)] = -1;
  }
  return scale.reshape(shape);
}

at::Tensor quantized(const at::Tensor& weight, PlainGrid grid, TrainingOperators operators) {
  const auto rows = rows_of(weight, grid.spec);
  if (operators == TrainingOperators::kFused && rows) {
    return quantized_rows(weight, *rows, grid);
  }
  grid.scale = spread(grid.scale, weight.dim(), grid.spec);
  return plain_fake_quant(weight, grid);
}

/// `y`, with the gradient of `x`.
struct StraightThrough : torch::autograd::Function<StraightThrough> {
  static at::Tensor forward(torch::autograd::AutogradContext*, const at::Tensor& /*x*/,
                            const at::Tensor& y) {
    return y.clone();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 const torch::autograd::variable_list& gradients) {
    return {gradients[0], at::Tensor()};
  }
};

/// Refuses grids that training does not round to.
void check_grid(const StepSource& source, const Quantizer& entry) {
  const bool has_zero_point = std::ranges::any_of(entry.zero_point, [](int z) { return z != 0; });
  source.node.check_supported(
      !has_zero_point && entry.spec.rounding == Rounding::kHalfEven,
      "Quant of a constant with zero points or another rounding than half to even, in training");
}

}  // namespace

Forward build_weight_quant(const StepSource& source, const TrainingContext& context) {
  const Quantizer entry = source.node.graph().quantizer(source.node.node().quantizer);
  check_grid(source, entry);
  return [entry, &context](Arguments& inputs) {
    const at::Tensor& weight = inputs[0];
    const ParameterStore& parameters = context.parameters;
    PlainGrid grid{.spec = entry.spec, .learns_step = entry.kind == QuantizerKind::kLsq};
    const bool learns = entry.kind == QuantizerKind::kLsq || entry.kind == QuantizerKind::kPact;
    grid.scale = learns ? parameters.scale(entry.id) : parameters.current_scale(entry.id);
    if (entry.kind == QuantizerKind::kLsq) {
      const std::int64_t count = weight.numel() / grid.scale.numel();
      grid.factor =
          1 / std::sqrt(static_cast<double>(count) * static_cast<double>(entry.spec.qmax()));
    }
    if (entry.kind != QuantizerKind::kMinMax) {
      return std::vector{quantized(weight, grid, context.operators)};
    }
    const at::Tensor rounded = quantized(weight.detach(), grid, context.operators);
    return std::vector{StraightThrough::apply(weight, rounded)};
  };
}

Forward build_bias_quant(const StepSource& source, const TrainingContext& context) {
  const Quantizer entry = source.node.graph().quantizer(source.node.node().quantizer);
  check_grid(source, entry);
  return [entry, &context](Arguments& inputs) {
    const at::Tensor& bias = inputs[0];
    const at::Tensor scale = context.parameters.current_scale(entry.id);
    // Before the first batch has been seen, its layer's input may have no scale.
    if (!(scale > 0).all().item<bool>()) return std::vector{bias};
    const PlainGrid grid{.spec = entry.spec, .scale = spread(scale, bias.dim(), entry.spec)};
    return std::vector{StraightThrough::apply(bias, plain_fake_quant(bias.detach(), grid))};
  };
}

}  // namespace quern
