#include "quern/ptq/internal/reconstruct_block.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <numeric>

#include "quern/base/parallel.h"
#include "quern/base/random.h"
#include "quern/graph/part.h"
#include "quern/ptq/internal/learned_scale.h"
#include "quern/ptq/internal/rounds.h"
#include "quern/ptq/internal/soft_rounding.h"
#include "quern/quantizers/vector_math.h"

namespace quern::internal {
namespace {

/// The share of rounds before weights are drawn to their codes, and how strongly they are then.
constexpr double kWarmUp = 0.2;
constexpr double kPull = 2;
constexpr double kFirstBeta = 20;
constexpr double kLastBeta = 2;

/// Patches that errors are measured on, at most.
constexpr std::int64_t kMeasured = 256;

/// Rows of a tensor whose memory is channels last where it has four dimensions.
at::Tensor rows(const at::Tensor& x, const at::Tensor& index) {
  if (x.dim() != 4) return x.index_select(0, index);
  return x.permute({0, 2, 3, 1}).index_select(0, index).permute({0, 3, 1, 2});
}

/// Replaces elements of `x`, drawn as a pass does, by those of `real`. Both lie alike in memory.
void mix(at::Tensor& x, const at::Tensor& real, const KeptActivations& kept) {
  float* const to = x.mutable_data_ptr<float>();
  const float* const from = real.const_data_ptr<float>();
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    if (drawn(kept.seed, static_cast<std::uint32_t>(i)) < kept.share) to[i] = from[i];
  }
}

/// A block while it learns.
class Reconstruction {
 public:
  Reconstruction(const Graph& graph, const Block& block, const BlockSamples& samples,
                 const AdaRoundOptions& options, std::uint64_t seed, int threads)
      : graph_(graph),
        block_(block),
        samples_(samples),
        options_(options),
        seed_(seed),
        threads_(threads),
        plan_(differentiable_block(graph, block)) {
    for (const WeightedLayer& layer : block.layers) {
      weights_.emplace_back(weight_matrices(graph, layer), *WeightGrid::of(graph, layer));
    }
    for (const ScaleId id : block.scales) add_scale(graph, id);
    for (const at::Tensor& target : samples.targets) {
      const double spread = target.var(/*unbiased=*/false).item<double>();
      constexpr double kConstantOutput = 1e-20;
      const std::int64_t elements = target.numel() / patches();  // Of one patch.
      costs_.push_back(1 / std::max(spread, kConstantOutput) / static_cast<double>(elements));
    }
  }

  BlockErrors run();
  /// Writes the better of what was learned and rounding to nearest.
  void write(Graph& graph, const BlockErrors& errors) const;

 private:
  struct Scale {
    ScaleId id;
    ScaleId in_part;
    LearnedScale learned;
    at::Tensor initial;
  };
  struct Lane {
    std::vector<at::Tensor> weights;  ///< Gradients.
    std::vector<at::Tensor> scales;
  };
  /// What the block is computed with.
  struct State {
    std::vector<at::Tensor> weights;  ///< [groups, outputs, inputs]
    std::vector<at::Tensor> scales;
  };

  std::int64_t patches() const { return samples_.targets.at(0).size(0); }
  void add_scale(const Graph& graph, ScaleId id);
  State state(at::Tensor (SoftRounding::*weight)() const) const;
  State nearest() const;
  at::Tensor draw(Random& random) const;
  double run(const at::Tensor& index, const State& state, const KeptActivations& kept,
             bool differentiate) const;
  double error(const State& state) const;
  void compute(std::size_t lane, std::size_t round);
  void update(std::size_t round);

  const Graph& graph_;
  const Block& block_;
  const BlockSamples& samples_;
  const AdaRoundOptions& options_;
  const std::uint64_t seed_;
  const int threads_;
  const DifferentiablePlan plan_;
  std::vector<SoftRounding> weights_;
  std::vector<Scale> scales_;
  std::vector<double> costs_;  ///< Of a squared error of each output.
  State now_;
  std::array<Lane, kLanes> lanes_;
};

void Reconstruction::add_scale(const Graph& graph, ScaleId id) {
  double most = std::numeric_limits<double>::infinity();
  const float initial = graph.scale(id).values.at(0);
  for (const QuantizerId entry : graph.quantizers()) {
    const Quantizer& grid = graph.quantizer(entry);
    if (grid.scale != id || grid.kind != QuantizerKind::kConstant) continue;
    if (grid.spec.bits >= kFineBits) return;  // The network's own threshold.
    most = initial;
  }
  const std::string& name = graph.scale(id).name;
  for (const ScaleId in_part : plan_.graph().scales()) {
    if (plan_.graph().scale(in_part).name != name) continue;
    LearnedScale learned(initial, most);
    scales_.push_back({id, in_part, learned, learned.value()});
  }
}

Reconstruction::State Reconstruction::state(at::Tensor (SoftRounding::*weight)() const) const {
  State result;
  for (const SoftRounding& rounding : weights_) result.weights.push_back((rounding.*weight)());
  for (const Scale& scale : scales_) result.scales.push_back(scale.learned.value());
  return result;
}

Reconstruction::State Reconstruction::nearest() const {
  State result;
  for (const SoftRounding& rounding : weights_) result.weights.push_back(rounding.nearest());
  for (const Scale& scale : scales_) result.scales.push_back(scale.initial);
  return result;
}

/// A lane's share of a minibatch.
at::Tensor Reconstruction::draw(Random& random) const {
  const std::int64_t count = options_.batch_size / std::int64_t{kLanes};
  at::Tensor index = at::empty({count}, at::kLong);
  for (std::int64_t i = 0; i < count; ++i) {
    index.mutable_data_ptr<std::int64_t>()[i] = random.integer(0, patches() - 1);
  }
  return index;
}

/// The sum of the errors of some patches; gradients go to what `state` holds.
double Reconstruction::run(const at::Tensor& index, const State& state, const KeptActivations& kept,
                           bool differentiate) const {
  std::vector<at::Tensor> inputs;
  for (std::size_t i = 0; i < samples_.inputs.size(); ++i) {
    inputs.push_back(rows(samples_.inputs[i], index));
    if (kept.share > 0) mix(inputs.back(), rows(samples_.real[i], index), kept);
  }
  std::map<ScaleId, at::Tensor> scales;
  for (std::size_t i = 0; i < scales_.size(); ++i) scales[scales_[i].in_part] = state.scales[i];
  std::vector<at::Tensor> outputs;
  {
    const at::AutoGradMode mode(differentiate);
    for (std::size_t i = 0; i < block_.layers.size(); ++i) {
      inputs.push_back(shaped_weight(graph_, block_.layers[i], state.weights[i]));
    }
    outputs = plan_.run(inputs, scales, kept);
  }
  double error = 0;
  std::vector<at::Tensor> gradients;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    at::Tensor difference = outputs[i].detach() - rows(samples_.targets[i], index);
    if (samples_.valid.defined()) difference.mul_(samples_.valid.index_select(0, index));
    error += difference.square().sum().item<double>() * costs_[i];
    gradients.push_back(difference.mul_(2 * costs_[i]));
  }
  if (differentiate) torch::autograd::backward(outputs, gradients);
  return error;
}

/// The mean error of some patches that are spread evenly.
double Reconstruction::error(const State& state) const {
  const std::int64_t stride = (patches() + kMeasured - 1) / kMeasured;
  const at::Tensor measured = at::arange(0, patches(), stride, at::kLong);
  constexpr std::int64_t kTogether = 8;
  const auto groups = measured.split(kTogether);
  std::array<double, kLanes> sums{};
  for_each_lane(groups.size(), threads_, [&](std::size_t lane, std::size_t group) {
    const at::NoGradGuard no_gradients;
    sums[lane] += run(groups[group], state, {}, /*differentiate=*/false);
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(measured.numel());
}

/// A lane's part of a round: gradients of its patches.
void Reconstruction::compute(std::size_t lane, std::size_t round) {
  const at::NoGradGuard no_gradients;
  Random random(seed_ + round * kLanes + lane);
  State leaves;
  for (const at::Tensor& weight : now_.weights) {
    leaves.weights.push_back(weight.detach().requires_grad_());
  }
  for (const at::Tensor& scale : now_.scales) {
    leaves.scales.push_back(scale.detach().requires_grad_());
  }
  const at::Tensor index = draw(random);
  const double share = samples_.real.empty() ? 0 : options_.drop;
  const KeptActivations kept{
      .seed = static_cast<std::uint32_t>(random.next()),
      .share = static_cast<std::uint32_t>(share * std::numeric_limits<std::uint32_t>::max())};
  run(index, leaves, kept, /*differentiate=*/true);
  Lane& own = lanes_[lane];
  own = {};
  for (const at::Tensor& leaf : leaves.weights) own.weights.push_back(leaf.grad());
  for (const at::Tensor& leaf : leaves.scales) own.scales.push_back(leaf.grad());
}

/// The sum over lanes, in their order.
template <class Gradients>
at::Tensor sum_of(const std::array<Gradients, kLanes>& lanes,
                  std::vector<at::Tensor> Gradients::*which, std::size_t i) {
  at::Tensor sum;
  for (const Gradients& lane : lanes) {
    const at::Tensor& gradient = (lane.*which)[i];
    if (gradient.defined()) sum = sum.defined() ? sum + gradient : gradient;
  }
  return sum;
}

/// What ends a round: a step of everything that is learned.
void Reconstruction::update(std::size_t round) {
  const at::NoGradGuard no_gradients;
  const double done = static_cast<double>(round) / options_.iterations;
  const double annealed = std::max(0.0, (done - kWarmUp) / (1 - kWarmUp));
  const double beta = kFirstBeta + (kLastBeta - kFirstBeta) * annealed;
  const double pull = done < kWarmUp ? 0 : kPull;
  const double mean = 1 / static_cast<double>(options_.batch_size);
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const at::Tensor gradient = sum_of(lanes_, &Lane::weights, i);
    if (gradient.defined()) weights_[i].step(gradient * mean, options_.rate, beta, pull);
  }
  const double rate = options_.scale_rate * (1 + std::cos(std::numbers::pi * done)) / 2;
  for (std::size_t i = 0; i < scales_.size(); ++i) {
    const at::Tensor gradient = sum_of(lanes_, &Lane::scales, i);
    if (gradient.defined()) scales_[i].learned.step(gradient * mean, rate);
  }
  now_ = state(&SoftRounding::soft);
}

BlockErrors Reconstruction::run() {
  now_ = state(&SoftRounding::soft);
  for_each_round(
      static_cast<std::size_t>(options_.iterations), threads_,
      [&](std::size_t lane, std::size_t round) { compute(lane, round); },
      [&](std::size_t round) { update(round); });
  return {.nearest = error(nearest()), .learned = error(state(&SoftRounding::hard))};
}

void Reconstruction::write(Graph& graph, const BlockErrors& errors) const {
  const State best = errors.is_better() ? state(&SoftRounding::hard) : nearest();
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    set_weight_matrices(graph, block_.layers[i], best.weights[i]);
  }
  for (std::size_t i = 0; i < scales_.size(); ++i) {
    graph.scale(scales_[i].id).values = {best.scales[i].item<float>()};
  }
}

}  // namespace

DifferentiablePlan differentiable_block(const Graph& graph, const Block& block) {
  std::vector<ValueId> inputs = block.inputs;
  for (const WeightedLayer& layer : block.layers) {
    inputs.push_back(graph.node(layer.node).inputs[1]);
  }
  return DifferentiablePlan(part(graph, inputs, block.outputs));
}

BlockErrors reconstruct_block(Graph& graph, const Block& block, const BlockSamples& samples,
                              const AdaRoundOptions& options, std::uint64_t seed, int threads) {
  const at::NoGradGuard no_gradients;
  Reconstruction reconstruction(graph, block, samples, options, seed, threads);
  const BlockErrors errors = reconstruction.run();
  reconstruction.write(graph, errors);
  return errors;
}

}  // namespace quern::internal
