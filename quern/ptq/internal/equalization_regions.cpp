#include "quern/ptq/internal/equalization_regions.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "quern/analysis/dataflow.h"
#include "quern/analysis/rectifier.h"
#include "quern/base/error.h"
#include "quern/ops/node_view.h"
#include "quern/ptq/internal/disjoint_sets.h"
#include "quern/ptq/internal/layer_channels.h"

namespace quern::internal {
namespace {

constexpr std::array<std::string_view, 9> kScaleInvariant = {
    "AveragePool",   "Dropout",  "GlobalAveragePool",
    "GlobalMaxPool", "Identity", "LeakyRelu",
    "MaxPool",       "PRelu",    "Relu"};

bool is_clip(const Graph& graph, const Node& node) {
  const std::optional<Rectifier> found = rectifier(graph, node);
  return found && found->threshold;
}

/// Pads with zeros or with what is there, in height and width only.
bool pads_pictures(const Graph& graph, const Node& node) {
  const NodeView pad(graph, node);
  if (!graph.is_constant(node.inputs[1]) || pad.has_input(3)) return false;
  const std::vector<std::int64_t> pads = to_vector<std::int64_t>(*pad.input(1).constant);
  if (pads.size() != 8 || pads[0] != 0 || pads[1] != 0 || pads[4] != 0 || pads[5] != 0) {
    return false;
  }
  if (!pad.has_input(2) || pad.attribute<std::string>("mode") != "constant") return true;
  return graph.is_constant(node.inputs[2]) && to_vector<double>(*pad.input(2).constant)[0] == 0;
}

/// Extents 0 and 1 stay, and nothing from outside the picture is read.
bool resizes_pictures(const Graph& graph, const Node& node) {
  const NodeView resize(graph, node);
  const auto& from = graph.value(node.inputs[0]).dims;
  const auto& to = graph.value(node.outputs[0]).dims;
  return from && to && from->size() == 4 && to->size() == 4 && (*from)[1] == (*to)[1] &&
         resize.attribute<std::string>("coordinate_transformation_mode") != "tf_crop_and_resize";
}

/// The channels of every value, tied where they can only be scaled together.
class ChannelTies {
 public:
  ChannelTies(const Graph& graph, bool through_clips)
      : graph_(graph), through_clips_(through_clips) {
    for (const ValueId value : graph.inputs()) block(value, "it is the network's input");
    for (const NodeId id : graph.nodes()) visit(graph.node(id));
    for (const ValueId value : graph.outputs()) block(value, "it is the network's output");
  }

  std::vector<EqualizationRegion> regions() {
    std::map<std::size_t, EqualizationRegion> by_root;
    std::map<std::size_t, std::size_t> numbers;  ///< Of roots of channels, inside their region.
    const auto enter = [&](const std::vector<Place>& places,
                           std::vector<ChannelUse> EqualizationRegion::*list) {
      for (const auto& [node, value] : places) {
        const Channels own = channels(value);
        EqualizationRegion& region = by_root[regions_.find(own.region)];
        ChannelUse use{node, value, {}};
        for (std::size_t c = 0; c < own.count; ++c) {
          const auto [number, is_new] =
              numbers.try_emplace(channels_.find(own.first + c), region.factors);
          if (is_new) ++region.factors;
          use.factors.push_back(number->second);
        }
        (region.*list).push_back(std::move(use));
      }
    };
    enter(sinks_, &EqualizationRegion::sinks);
    enter(sources_, &EqualizationRegion::sources);
    enter(clips_, &EqualizationRegion::clips);
    for (const auto& [value, reason] : blocked_) {
      const auto region = by_root.find(regions_.find(values_.at(value).region));
      if (region != by_root.end() && region->second.obstacle.empty()) {
        region->second.obstacle = reason;
      }
    }
    std::vector<EqualizationRegion> result;
    for (auto& [root, region] : by_root) {
      if (!region.sinks.empty()) result.push_back(std::move(region));
    }
    return result;
  }

 private:
  struct Channels {
    std::size_t region = 0;
    std::size_t first = 0;
    std::size_t count = 0;  ///< 0 where they are not known.
    std::size_t rank = 0;   ///< Of the value.
  };
  struct Place {
    NodeId node;
    ValueId value;
  };

  /// Enters the value on first sight; one whose channels are not known is blocked.
  const Channels& channels(ValueId value) {
    const auto [entry, is_new] = values_.try_emplace(value);
    if (!is_new) return entry->second;
    const Value& shown = graph_.value(value);
    const bool is_known = shown.dims && (shown.dims->size() == 2 || shown.dims->size() == 4) &&
                          (*shown.dims)[1].is_fixed() && shown.dtype == DType::kFloat32;
    const std::size_t count = is_known ? static_cast<std::size_t>((*shown.dims)[1].size) : 0;
    entry->second = {regions_.add(1), channels_.add(count), count,
                     shown.dims ? shown.dims->size() : 0};
    if (!is_known) blocked_.emplace_back(value, "its channels are not known");
    return entry->second;
  }

  void block(ValueId value, const std::string& reason) {
    channels(value);
    blocked_.emplace_back(value, reason);
  }

  void block_all(const Node& node, const std::string& reason) {
    for (const std::size_t i : activation_inputs(graph_, node)) block(node.inputs[i], reason);
    for (const ValueId output : node.outputs) {
      if (output) block(output, reason);
    }
  }

  /// Channel c · inner + i of `to` is channel offset + c of `from`.
  void tie(ValueId from, ValueId to, std::size_t offset = 0, std::size_t inner = 1) {
    const Channels a = channels(from);
    const Channels b = channels(to);
    regions_.unite(a.region, b.region);
    for (std::size_t c = 0; c < b.count; ++c) {
      const std::size_t behind = offset + c / inner;
      if (behind < a.count) channels_.unite(a.first + behind, b.first + c);
    }
  }

  void visit(const Node& node);
  bool join(const Node& node);
  bool concatenate(const Node& node);
  bool flatten(const Node& node);

  const Graph& graph_;
  bool through_clips_;
  DisjointSets regions_;
  DisjointSets channels_;
  std::map<ValueId, Channels> values_;
  std::vector<Place> sources_;
  std::vector<Place> sinks_;
  std::vector<Place> clips_;
  std::vector<std::pair<ValueId, std::string>> blocked_;
};

void ChannelTies::visit(const Node& node) {
  const std::vector<std::size_t> read = activation_inputs(graph_, node);
  const ValueId output = node.outputs[0];
  const bool is_source = has_output_factors(graph_, node);
  const bool is_sink = has_input_factors(graph_, node);
  if (read.empty()) {
    block_all(node, "it is computed from constants");
  } else if (is_source || is_sink) {
    for (const std::size_t i : read) {
      if (!is_sink || i > 0) block(node.inputs[i], fmt::format("a {} reads it", node.op));
    }
    if (is_sink) sinks_.push_back({node.id, node.inputs[0]});
    if (is_source) sources_.push_back({node.id, output});
    if (!is_source) block(output, "the bias of its layer is computed");
  } else if (adds_a_constant(graph_, node)) {
    tie(node.inputs[read[0]], output);
    sources_.push_back({node.id, output});
  } else if (is_scale_invariant(graph_, node)) {
    tie(node.inputs[0], output);
  } else if (through_clips_ && is_clip(graph_, node)) {
    tie(node.inputs[0], output);
    clips_.push_back({node.id, node.inputs[0]});
  } else if (!join(node) && !concatenate(node) && !flatten(node)) {
    block_all(node, fmt::format("a {} does not scale with its input", node.op));
  }
}

bool ChannelTies::join(const Node& node) {
  if (node.op != "Add" && node.op != "Sub") return false;
  const std::vector<ValueId>& inputs = node.inputs;
  if (activation_inputs(graph_, node).size() != inputs.size()) return false;
  for (const ValueId input : inputs) {
    if (channels(input).count != channels(node.outputs[0]).count) return false;
    if (channels(input).rank != channels(node.outputs[0]).rank) return false;
  }
  for (const ValueId input : inputs) tie(input, node.outputs[0]);
  return true;
}

bool ChannelTies::concatenate(const Node& node) {
  const auto& dims = graph_.value(node.outputs[0]).dims;
  if (node.op != "Concat" || !dims) return false;
  if (activation_inputs(graph_, node).size() != node.inputs.size()) return false;
  const NodeView view(graph_, node);
  if (view.axis(view.attribute<std::int64_t>("axis"), dims->size()) != 1) return false;
  std::size_t offset = 0;
  for (const ValueId input : node.inputs) {
    tie(node.outputs[0], input, offset);
    offset += channels(input).count;
  }
  return true;
}

bool ChannelTies::flatten(const Node& node) {
  if (node.op != "Flatten" || NodeView(graph_, node).attribute<std::int64_t>("axis") != 1) {
    return false;
  }
  const std::size_t from = channels(node.inputs[0]).count;
  const std::size_t to = channels(node.outputs[0]).count;
  if (from == 0 || to % from != 0) return false;
  tie(node.inputs[0], node.outputs[0], 0, to / from);
  return true;
}

std::vector<float> factors_of(const ChannelUse& use, const std::vector<float>& factors) {
  std::vector<float> by_channel;
  for (const std::size_t factor : use.factors) by_channel.push_back(factors[factor]);
  return by_channel;
}

}  // namespace

bool is_scale_invariant(const Graph& graph, const Node& node) {
  if (node.op == "Pad") return pads_pictures(graph, node);
  if (node.op == "Resize") return resizes_pictures(graph, node);
  if (node.op == "PRelu" && !graph.is_constant(node.inputs[1])) return false;
  const std::optional<Rectifier> found = rectifier(graph, node);
  return (found && !found->threshold) ||
         std::ranges::find(kScaleInvariant, node.op) != kScaleInvariant.end();
}

std::vector<EqualizationRegion> equalization_regions(const Graph& graph, bool through_clips) {
  return ChannelTies(graph, through_clips).regions();
}

void scale_region(Graph& graph, const EqualizationRegion& region,
                  const std::vector<float>& factors) {
  for (const ChannelUse& use : region.sources) {
    scale_outputs(graph, use.node, factors_of(use, factors));
  }
  for (const ChannelUse& use : region.sinks) {
    divide_inputs(graph, use.node, factors_of(use, factors));
  }
}

void raise(const ChannelUse& use, const std::vector<float>& ranges, std::vector<float>& largest) {
  for (std::size_t c = 0; c < ranges.size(); ++c) {
    float& range = largest[use.factors[c]];
    range = std::max(range, ranges[c]);
  }
}

std::vector<std::string> describe_obstacles(const Graph& graph,
                                            const std::vector<EqualizationRegion>& regions,
                                            const std::string& algorithm) {
  std::vector<std::pair<std::string, std::vector<std::string>>> layers;  // By obstacle.
  for (const EqualizationRegion& region : regions) {
    if (region.obstacle.empty()) continue;
    auto found = std::ranges::find(layers, region.obstacle,
                                   &std::pair<std::string, std::vector<std::string>>::first);
    if (found == layers.end()) found = layers.insert(found, {region.obstacle, {}});
    for (const ChannelUse& use : region.sinks) found->second.push_back(graph.node(use.node).layer);
  }
  std::vector<std::string> notes;
  for (const auto& [obstacle, names] : layers) {
    const std::string readers = names.size() == 1 ? fmt::format("'{}' reads", names.front())
                                                  : fmt::format("{} layers read, '{}' the first,",
                                                                names.size(), names.front());
    notes.push_back(fmt::format("{} left what {} as it is: {}", algorithm, readers, obstacle));
  }
  return notes;
}

void note_dead_channels(const Graph& graph, const EqualizationRegion& region, std::size_t dead,
                        const std::string& algorithm, std::vector<std::string>& notes) {
  if (dead == 0) return;
  notes.push_back(
      fmt::format("{} left {} of the {} channels that '{}' reads as {}: a range of {} "
                  "is 0 or next to it",
                  algorithm, dead, region.factors, graph.node(region.sinks.front().node).layer,
                  dead == 1 ? "it is" : "they are", dead == 1 ? "it" : "them"));
}

}  // namespace quern::internal
