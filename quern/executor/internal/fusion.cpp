#include "quern/executor/internal/fusion.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <limits>
#include <span>

#include "quern/executor/internal/differentiable_pass.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/quantizers/batchnorm_affine.h"

namespace quern {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::span<const float> floats(const at::Tensor& constant) {
  return {constant.const_data_ptr<float>(), static_cast<std::size_t>(constant.numel())};
}

/// Runs `pass` over a dense tensor whose channels are innermost in memory.
void apply(const Pointwise& pass, const at::Tensor& x, const at::Tensor& y) {
  pass(x.const_data_ptr<float>(), y.mutable_data_ptr<float>(), x.numel());
}

/// The number of channels that the parameters speak of; 1 where one value serves all.
std::int64_t channels_of(const PointwiseSpec& spec) {
  const std::size_t channels =
      std::max({spec.multiplier.size(), spec.low.size(), spec.params.scale.size(), std::size_t{1}});
  return static_cast<std::int64_t>(channels);
}

bool changes_nothing(const PointwiseSpec& spec) {
  return spec.multiplier.empty() && spec.low.empty() && !spec.grid;
}

/// Whether the parameters apply to dimension 1 of the value, as a pass has them.
bool fits(const QuantSpec& spec) {
  return spec.granularity == Granularity::kPerTensor || spec.channel_axis == 1;
}

}  // namespace

bool PointwiseChain::append(const StepSource& source) {
  const std::string_view op = source.node.op();
  if (op == "BatchNormalization") return append_batch_normalization(source);
  if (op == "Relu") return append_clip(0, kInfinity);
  if (op == "Clip") {
    const auto bound = [&](std::size_t index, float fallback) -> std::optional<float> {
      if (!source.node.has_input(index)) return fallback;
      if (!source.is_constant(index)) return std::nullopt;
      return source.constants[index].item<float>();
    };
    const auto low = bound(1, -kInfinity);
    const auto high = bound(2, kInfinity);
    return low && high && append_clip(*low, *high);
  }
  if (op == "Quant") return append_quant(source);
  return false;
}

bool PointwiseChain::append_batch_normalization(const StepSource& source) {
  if (!spec_.multiplier.empty() || !spec_.low.empty() || spec_.grid) return false;
  for (std::size_t i = 1; i <= 4; ++i) {
    if (!source.is_constant(i)) return false;
  }
  ChannelAffine affine = batchnorm_affine(floats(source.constants[1]), floats(source.constants[2]),
                                          floats(source.constants[3]), floats(source.constants[4]),
                                          source.node.attribute<float>("epsilon"));
  spec_.multiplier = std::move(affine.multiplier);
  spec_.offset = std::move(affine.offset);
  return true;
}

bool PointwiseChain::append_clip(float low, float high) {
  if (spec_.grid) return false;
  const auto clip = [&](float x) { return std::min(std::max(x, low), high); };
  spec_.low = {spec_.low.empty() ? low : clip(spec_.low[0])};
  spec_.high = {spec_.high.empty() ? high : clip(spec_.high[0])};
  return true;
}

bool PointwiseChain::append_quant(const StepSource& source) {
  const Graph& graph = source.node.graph();
  const Quantizer& entry = graph.quantizer(source.node.node().quantizer);
  if (spec_.grid || !fits(entry.spec)) return false;
  const bool is_float = source.mode == QuantMode::kFloat;
  if (is_float && entry.kind != QuantizerKind::kConstant) return true;
  const QuantParams params = graph.params(entry.id);
  const auto real = [&](std::int64_t code) {
    return static_cast<float>(code - params.zero_point[0]) * params.scale[0];
  };
  const float low = real(entry.spec.qmin());
  const float high = real(entry.spec.qmax());
  if (is_float) return params.scale.size() == 1 && append_clip(low, high);
  spec_.params = params;
  spec_.grid = entry.spec;
  scale_ = entry.scale;
  if (entry.kind == QuantizerKind::kConstant) ends_ = {low, high};
  return true;
}

bool PointwiseChain::is_identity() const { return changes_nothing(spec_); }

Forward PointwiseChain::build() const {
  if (is_identity()) {
    return [](Arguments& inputs) { return std::vector{inputs[0]}; };
  }
  const std::int64_t channels = channels_of(spec_);
  return [channels, pass = Pointwise(spec_, channels)](Arguments& inputs) {
    const at::Tensor& x = inputs[0];
    if (channels != 1) {
      ensure(x.size(1) == channels, "{} channels, expected {}", x.size(1), channels);
    }
    // Rank 2 and 4 have dimension 1 innermost in memory.
    if (channels == 1 || x.dim() == 2 || x.dim() == 4) {
      at::Tensor y = inputs.result_like(0);
      apply(pass, x, y);
      return std::vector{std::move(y)};
    }
    const at::Tensor y = x.movedim(1, -1).clone(at::MemoryFormat::Contiguous);
    apply(pass, y, y);
    return std::vector{y.movedim(-1, 1)};
  };
}

std::vector<Pointwise> PointwiseChain::passes(const at::Tensor& bias, std::int64_t channels) const {
  std::vector<Pointwise> found;
  PointwiseSpec rest = spec_;
  if (bias.defined()) {
    const at::Tensor values = bias.contiguous();
    PointwiseSpec sum{.multiplier = {1.0F}, .offset = {}};
    sum.offset.assign(floats(values).begin(), floats(values).end());
    if (rest.multiplier.empty()) {
      rest.multiplier = sum.multiplier;
      rest.offset = sum.offset;
    } else {
      found.emplace_back(sum, channels);
    }
  }
  if (!changes_nothing(rest)) found.emplace_back(rest, channels);
  return found;
}

PointwiseSpec PointwiseChain::differentiable_spec() const {
  PointwiseSpec spec = spec_;
  if (!ends_) return spec;
  // What is not rounded is clipped all the same, where the clip belongs to the network.
  const float low = spec.low.empty() ? ends_->first : std::max(spec.low[0], ends_->first);
  const float high = spec.high.empty() ? ends_->second : std::min(spec.high[0], ends_->second);
  spec.low = {low};
  spec.high = {high};
  return spec;
}

Forward PointwiseChain::build_differentiable() const {
  if (is_identity()) {
    return [](Arguments& inputs) { return std::vector{inputs[0]}; };
  }
  const std::int64_t channels = channels_of(spec_);
  return [channels, pass = DifferentiablePass(differentiable_spec(), channels)](Arguments& inputs) {
    const PassScale scale{.value = inputs.has(1) ? inputs[1] : at::Tensor()};
    return std::vector{on_innermost_channels(inputs[0], channels,
                                             [&](const at::Tensor& x) { return pass(x, scale); })};
  };
}

at::Tensor on_innermost_channels(const at::Tensor& x, std::int64_t channels,
                                 c10::function_ref<at::Tensor(const at::Tensor&)> pass) {
  // Rank 2 and 4 have dimension 1 innermost in memory.
  if (channels == 1 || x.dim() == 2 || x.dim() == 4) return pass(dense(x));
  return pass(x.movedim(1, -1).contiguous()).movedim(-1, 1);
}

}  // namespace quern
