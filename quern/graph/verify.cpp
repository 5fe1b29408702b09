// The invariants of a graph, each with the sentence a user reads when a file breaks it.
#include <algorithm>
#include <cmath>

#include "quern/graph/graph.h"

namespace quern {
namespace {

void verify_inputs(const Graph& graph, const Node& node) {
  for (const ValueId id : node.inputs) {
    if (!id || graph.producer(id) != nullptr || graph.is_constant(id)) continue;
    if (std::ranges::find(graph.inputs(), id) == graph.inputs().end()) {
      fail(ErrorCode::kParse, "layer '{}' reads '{}', which nothing defines", node.layer,
           graph.value(id).name);
    }
  }
}

void verify_finite(const Graph& graph, const Node& node) {
  for (const ValueId id : node.inputs) {
    if (!graph.is_constant(id)) continue;
    const Tensor& constant = *graph.value(id).constant;
    if (constant.dtype() != DType::kFloat32) continue;
    const auto data = constant.data<float>();
    const auto bad = std::ranges::find_if(data, [](float x) { return !std::isfinite(x); });
    if (bad == data.end()) continue;
    // Bounds may be infinite by design; weights and statistics may not.
    if (node.op == "Clip" && !std::isnan(*bad)) continue;
    fail(ErrorCode::kParse, "layer '{}': '{}' holds {} at element {}, expected finite numbers",
         node.layer, graph.value(id).name, *bad, bad - data.begin());
  }
}

/// The extent of the quantized value along the channel axis; 0 if it is not known.
std::int64_t channels(const Graph& graph, const Node& quant, const QuantSpec& spec) {
  const Value& value = graph.value(quant.inputs[0]);
  if (!value.dims) return 0;
  const auto axis = static_cast<std::size_t>(spec.channel_axis);
  if (axis >= value.dims->size()) {
    fail(ErrorCode::kParse, "layer '{}': its channel axis is {}, but '{}' has shape {}",
         quant.layer, spec.channel_axis, value.name, to_string(*value.dims));
  }
  return std::max<std::int64_t>(0, (*value.dims)[axis].size);
}

void verify_quant(const Graph& graph, const Node& node) {
  if (!node.quantizer) fail(ErrorCode::kParse, "layer '{}' names no quantizer", node.layer);
  const Quantizer& quantizer = graph.quantizer(node.quantizer);
  check(quantizer.spec, fmt::format("layer '{}'", node.layer));
  if (quantizer.kind == QuantizerKind::kDerived) return;
  const double percentile = quantizer.threshold.percentile.value_or(100);
  if (!(percentile > 0 && percentile <= 100)) {
    fail(ErrorCode::kParse, "layer '{}': its percentile is {}, expected above 0 and at most 100",
         node.layer, percentile);
  }
  const Scale& scale = graph.scale(quantizer.scale);
  if (scale.values.empty()) return;
  for (const float value : scale.values) {
    if (!(std::isfinite(value) && value > 0)) {
      fail(ErrorCode::kParse, "layer '{}': a scale is {}, expected a finite number above 0",
           node.layer, value);
    }
  }
  const bool per_channel = quantizer.spec.granularity == Granularity::kPerChannel;
  const std::int64_t expected = per_channel ? channels(graph, node, quantizer.spec) : 1;
  const auto found = static_cast<std::int64_t>(scale.values.size());
  if (expected > 0 && found != expected) {
    fail(ErrorCode::kParse, "layer '{}': it has {} scales, expected {}", node.layer, found,
         expected);
  }
  if (!quantizer.zero_point.empty() && quantizer.zero_point.size() != scale.values.size()) {
    fail(ErrorCode::kParse, "layer '{}': it has {} zero points for {} scales", node.layer,
         quantizer.zero_point.size(), scale.values.size());
  }
}

}  // namespace

void verify(const Graph& graph) {
  if (graph.outputs().empty()) fail(ErrorCode::kParse, "the network has no output");
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    verify_inputs(graph, node);
    verify_finite(graph, node);
    if (node.op == "Quant") verify_quant(graph, node);
  }
  for (const ValueId id : graph.outputs()) {
    if (graph.producer(id) != nullptr || graph.is_constant(id)) continue;
    if (std::ranges::find(graph.inputs(), id) == graph.inputs().end()) {
      fail(ErrorCode::kParse, "the output '{}' is computed by no layer", graph.value(id).name);
    }
  }
}

}  // namespace quern
