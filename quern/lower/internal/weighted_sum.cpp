#include "quern/lower/internal/weighted_sum.h"

#include <algorithm>
#include <cmath>

#include "quern/engine/accumulator_bound.h"
#include "quern/lower/refusal.h"

namespace quern::internal {
namespace {

template <class T>
T of_channel(const std::vector<T>& values, std::size_t channel) {
  return values.size() == 1 ? values[0] : values[channel];
}

/// Per channel, the sums that codes from 0 to `most` can make.
std::vector<Reach> reach_of(const IntegerWeights& weights, std::int32_t zero, std::int32_t most) {
  std::vector<Reach> reach(static_cast<std::size_t>(weights.channels));
  for (std::size_t i = 0; i < weights.codes.size(); ++i) {
    Reach& of = reach[i / static_cast<std::size_t>(weights.depth)];
    const std::int64_t weight = weights.codes[i];
    of.low += weight * (weight < 0 ? most - zero : -zero);
    of.high += weight * (weight < 0 ? -zero : most - zero);
  }
  return reach;
}

}  // namespace

Accumulator WeightedSum::accumulator(const Lowering& lowering,
                                     const IntegerWeights& weights) const {
  const Grid& input = lowering.grid(shape_.input);
  Accumulator sums;
  for (const float scale : weights.scale) {
    sums.step.push_back(double{input.scale} * double{scale} * factor_);
  }
  sums.offset = bias_;
  sums.reach = reach_of(weights, input.stored_zero(), (1 << input.stored_bits()) - 1);
  return sums;
}

/// The stage of an output that stays in accumulators, and what a step of those means.
OutputStage WeightedSum::accumulators(const Accumulator& sums, const Epilogue& epilogue,
                                      std::vector<float>& scale) const {
  OutputStage stage{.requantization = {.rounding = kQuernAccumulator}};
  for (std::int32_t channel = 0; channel < weights_.channels; ++channel) {
    const auto c = static_cast<std::size_t>(channel);
    const std::optional<Line> line = epilogue.line(c);
    if (!line || std::isfinite(line->low) || std::isfinite(line->high)) {
      refuse(node_, "an activation between it and the network's output",
             "a Quant behind the activation can be lowered");
    }
    const double multiplier = line->multiplier * of_channel(sums.step, c);
    const double step = multiplier == 0 ? of_channel(sums.step, c) : std::fabs(multiplier);
    const double offset = line->multiplier * double{of_channel(sums.offset, c)} + line->offset;
    const double bias = std::nearbyint(offset / step);
    if (std::fabs(bias) > INT32_MAX) {
      refuse(node_, fmt::format("a bias of {:.3g} steps of the accumulator", bias),
             "a Quant behind it can be lowered");
    }
    scale.push_back(static_cast<float>(step));
    stage.bias.push_back(static_cast<std::int32_t>(bias));
    stage.sign.push_back(multiplier == 0 ? 0 : multiplier < 0 ? -1 : 1);
  }
  return stage;
}

IntConv WeightedSum::conv(Lowering& lowering, const IntegerWeights& weights,
                          OutputStage stage) const {
  const Grid& input = lowering.grid(shape_.input);
  const std::int32_t zero = input.stored_zero();
  IntConv op{.window = shape_.window,
             .groups = shape_.groups,
             .padding = zero,
             .weight_scale = weights.scale,
             .requantization = std::move(stage.requantization)};
  std::vector<std::int32_t> codes = weights.codes;
  std::vector<std::int64_t> bias(static_cast<std::size_t>(weights.channels));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::size_t c = i / static_cast<std::size_t>(weights.depth);
    codes[i] *= of_channel(stage.sign, c);
    bias[c] -= std::int64_t{zero} * codes[i];
  }
  for (std::size_t c = 0; c < bias.size(); ++c) {
    bias[c] += of_channel(stage.bias, c);
    op.bias.push_back(
        static_cast<std::int32_t>(std::clamp<std::int64_t>(bias[c], INT32_MIN + 1, INT32_MAX)));
  }
  const bool is_depthwise =
      shape_.groups == weights.channels && shape_.groups == lowering.extents(shape_.input).channels;
  op.weights = pack_weights(codes, weights.channels, weights.stored_bits(),
                            is_depthwise ? 1 : shape_.groups);
  std::int64_t bound = 0;
  for (std::int32_t c = 0; c < weights.channels; ++c) {
    bound = std::max(bound, accumulator_bound(op, input.stored_bits(), c));
  }
  if (bound >= kAccumulatorEnd) {
    refuse(node_, fmt::format("its accumulator could reach {}, which int32 does not hold", bound),
           "fewer bits of its weight or its input make it smaller");
  }
  lowering.report.bounds.push_back({node_.layer, bound});
  return op;
}

TensorIndex WeightedSum::emit(Lowering& lowering, const Epilogue& epilogue,
                              const Target& target) const {
  IntegerWeights weights = weights_;
  Accumulator sums = accumulator(lowering, weights);
  const bool is_line = epilogue.line(0).has_value();
  if (lowering.options.fold == Fold::kWeights && is_line && epilogue.is_per_channel() &&
      weights.scale.size() == 1) {
    std::vector<double> factor;
    for (std::int32_t c = 0; c < weights.channels; ++c) {
      factor.push_back(epilogue.line(static_cast<std::size_t>(c))->multiplier);
    }
    weights = folded(weights_, factor);
    sums = accumulator(lowering, weights);
    // What the epilogue multiplies by is in the weights: a step is worth that much less before it.
    const double step = sums.step[0];
    sums.step.clear();
    for (const double f : factor) sums.step.push_back(f == 0 ? step : step / f);
    lowering.note(node_.layer, "has other weights: one grid holds all folded channels");
  }
  const std::string& name = tensor_name(lowering.graph, target.value);
  IntOp op{.layer = node_.layer, .inputs = {shape_.input}};
  if (target.grid) {
    OutputStage stage = output_stage(node_, sums, epilogue, *target.grid, shape_.output.channels,
                                     /*bias_per_channel=*/true, lowering.options);
    if (!stage.note.empty()) lowering.note(node_.layer, stage.note);
    op.kind = conv(lowering, weights, std::move(stage));
    op.output = lowering.add_tensor(name, shape_.output, *target.grid);
  } else {
    std::vector<float> scale;
    op.kind = conv(lowering, weights, accumulators(sums, epilogue, scale));
    op.output = lowering.add_accumulators(name, shape_.output, std::move(scale));
  }
  const TensorIndex output = op.output;
  lowering.add_op(std::move(op));
  return output;
}

}  // namespace quern::internal
