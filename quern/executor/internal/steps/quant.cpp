// A Quant that no pointwise chain takes: weights, whose channels may lie along any axis.
#include <array>

#include "quern/executor/internal/catalog.h"
#include "quern/quantizers/fake_quant.h"

namespace quern {
namespace {

/// The layout of the channels in the memory of a dense tensor.
ChannelLayout memory_layout(const at::Tensor& x, QuantSpec spec) {
  if (x.dim() != 4) return channel_layout(x.sizes().vec(), spec);
  constexpr std::array kAxisInMemory = {0, 3, 1, 2};
  require(spec.channel_axis >= 0 && spec.channel_axis < 4, "channel axis {} of a tensor of rank 4",
          spec.channel_axis);
  spec.channel_axis = kAxisInMemory[static_cast<std::size_t>(spec.channel_axis)];
  return channel_layout({x.size(0), x.size(2), x.size(3), x.size(1)}, spec);
}

}  // namespace

Forward build_quant(const StepSource& source) {
  const Graph& graph = source.node.graph();
  const Quantizer& entry = graph.quantizer(source.node.node().quantizer);
  if (source.mode == QuantMode::kFloat) {
    source.node.check_supported(entry.kind != QuantizerKind::kConstant,
                                "a constant quantizer with a scale per channel in a float run");
    return build_identity(source);
  }
  return [spec = entry.spec, params = graph.params(entry.id)](Arguments& inputs) {
    const at::Tensor& x = inputs[0];
    const auto count = static_cast<std::size_t>(x.numel());
    at::Tensor y = inputs.result_like(0);
    fake_quant({x.const_data_ptr<float>(), count}, {y.mutable_data_ptr<float>(), count}, spec,
               params, memory_layout(x, spec));
    return std::vector{std::move(y)};
  };
}

}  // namespace quern
