// share_scales: the inputs of an Add lie on one step, those of a Concat on one step and one sign,
// because they name the same Scale.
#include <algorithm>

#include "quern/analysis/dataflow.h"
#include "quern/base/error.h"
#include "quern/ops/op_def.h"
#include "quern/passes/internal/placement.h"

namespace quern::internal {
namespace {

/// Quantizers that name one Scale, and what it is called.
struct Group {
  std::string name;
  std::vector<QuantizerId> members;
};

class ScaleGroups {
 public:
  /// From now on the members share a Scale; the group that was there first gives its name.
  void unite(const std::vector<QuantizerId>& members, const std::string& name) {
    Group united{name, members};
    const auto overlaps = [&](const Group& group) {
      return std::ranges::any_of(group.members, [&](QuantizerId member) {
        return std::ranges::find(members, member) != members.end();
      });
    };
    for (auto group = groups_.rbegin(); group != groups_.rend(); ++group) {
      if (!overlaps(*group)) continue;
      united.name = group->name;
      united.members.insert(united.members.end(), group->members.begin(), group->members.end());
    }
    std::erase_if(groups_, overlaps);
    groups_.push_back(std::move(united));
  }

  const std::vector<Group>& groups() const { return groups_; }

 private:
  std::vector<Group> groups_;
};

/// One way into a join.
struct Edge {
  std::size_t input;
  std::vector<QuantizerId> quantizers;  ///< On whose grids its elements lie.
};

std::vector<Edge> edges_of(const Graph& graph, const Node& join) {
  std::vector<Edge> edges;
  for (const std::size_t i : activation_inputs(graph, join)) {
    Edge edge{i, {}};
    for (const NodeId quant : grids_of(graph, join.inputs[i])) {
      edge.quantizers.push_back(graph.node(quant).quantizer);
    }
    edges.push_back(std::move(edge));
  }
  return edges;
}

std::vector<QuantizerId> quantizers_of(const std::vector<Edge>& edges) {
  std::vector<QuantizerId> all;
  for (const Edge& edge : edges) {
    all.insert(all.end(), edge.quantizers.begin(), edge.quantizers.end());
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// Whether every scale is the network's own and all are equal: nothing is left to share.
bool share_a_constant(const Graph& graph, const std::vector<QuantizerId>& quantizers) {
  const auto values = [&](QuantizerId id) { return graph.scale(graph.quantizer(id).scale).values; };
  return std::ranges::all_of(quantizers, [&](QuantizerId id) {
    return graph.quantizer(id).kind == QuantizerKind::kConstant &&
           values(id) == values(quantizers.front());
  });
}

/// Puts a signed Quant, as wide as the widest in front of it, on one way into a join.
QuantizerId insert_on_edge(Placement& placement, NodeId join, const Edge& edge) {
  QuantSpec spec;
  spec.bits = 1;
  for (const QuantizerId id : edge.quantizers) {
    spec.bits = std::max(spec.bits, placement.graph.quantizer(id).spec.bits);
  }
  const Node& node = placement.graph.node(join);
  const ValueId value = node.inputs.at(edge.input);
  const PartialSpec decided = placement.activation_spec(placement.source_subject(value), value,
                                                        {join}, /*is_measured=*/true);
  const QuantizerId added =
      placement.add_quantizer(node.layer + ".input_", spec, QuantizerKind::kCalibrated);
  placement.graph.quantizer(added).threshold = {decided.observer, decided.percentile};
  placement.insert(value, added, {{join, edge.input}});
  return added;
}

/// The layer, or graph input, whose values a quantizer rounds.
std::string layer_behind(const Placement& placement, QuantizerId quantizer) {
  for (const NodeId id : placement.graph.nodes_of("Quant")) {
    const Node& quant = placement.graph.node(id);
    if (quant.quantizer == quantizer) return placement.source_subject(quant.inputs[0]).layer;
  }
  return placement.graph.quantizer(quantizer).name;
}

void note_bits(Placement& placement, const std::string& layer,
               const std::vector<QuantizerId>& quantizers) {
  const Quantizer& reference = placement.graph.quantizer(quantizers.front());
  for (const QuantizerId id : quantizers) {
    const Quantizer& other = placement.graph.quantizer(id);
    if (other.spec.bits == reference.spec.bits) continue;
    placement.report.notes.push_back(fmt::format(
        "'{}' joins {} bits of '{}' and {} bits of '{}' on one scale", layer, reference.spec.bits,
        layer_behind(placement, quantizers.front()), other.spec.bits, layer_behind(placement, id)));
    return;
  }
}

void share_at(Placement& placement, NodeId join, ScaleGroups& groups) {
  const Graph& graph = placement.graph;
  const std::string layer = graph.node(join).layer;
  std::vector<Edge> edges = edges_of(graph, graph.node(join));
  // A constant among the inputs of a Concat has no grid of its own.
  std::erase_if(edges, [](const Edge& edge) { return edge.quantizers.empty(); });
  if (edges.size() < 2) return;

  const std::vector<QuantizerId> found = quantizers_of(edges);
  const auto is_fixed = [&](QuantizerId id) {
    return graph.quantizer(id).kind == QuantizerKind::kConstant;
  };
  const auto is_unsigned = [&](QuantizerId id) { return !graph.quantizer(id).spec.is_signed; };
  const bool is_concat = graph.node(join).op == "Concat";
  const bool mixes_signs =
      std::ranges::any_of(found, is_unsigned) && !std::ranges::all_of(found, is_unsigned);
  if (share_a_constant(graph, found) && !(is_concat && mixes_signs)) return;

  // What follows a fixed scale is signed, and then so is everything else that a Concat reads.
  const bool becomes_signed = is_concat && (mixes_signs || std::ranges::any_of(found, is_fixed));
  for (Edge& edge : edges) {
    if (std::ranges::any_of(edge.quantizers, is_fixed) ||
        (becomes_signed && std::ranges::any_of(edge.quantizers, is_unsigned))) {
      edge.quantizers = {insert_on_edge(placement, join, edge)};
    }
  }
  const std::vector<QuantizerId> quantizers = quantizers_of(edges);
  note_bits(placement, layer, quantizers);
  groups.unite(quantizers, layer + ".input_scale");
}

/// One scale has one answer, so how a rule wants it to be found holds for every member.
/// @throws Error(kInvalidArgument) where rules disagree, naming two layers.
void agree_on_threshold(Placement& placement, const Group& group) {
  ThresholdRequest agreed;
  const auto agree = [&](std::string_view name, auto key) {
    QuantizerId asking;
    for (const QuantizerId member : group.members) {
      const auto& wanted = placement.graph.quantizer(member).threshold.*key;
      if (!wanted) continue;
      if (agreed.*key && agreed.*key != wanted) {
        fail(ErrorCode::kInvalidArgument,
             "rules give the output of '{}' {} {} and that of '{}' {}, but the two share the scale "
             "'{}'",
             layer_behind(placement, asking), name, *(agreed.*key), layer_behind(placement, member),
             *wanted, group.name);
      }
      agreed.*key = wanted;
      asking = member;
    }
  };
  agree("observer", &ThresholdRequest::method);
  agree("percentile", &ThresholdRequest::percentile);
  for (const QuantizerId member : group.members) {
    placement.graph.quantizer(member).threshold = agreed;
  }
}

/// "a.output_quant" → "a.output_scale"
std::string scale_name(const std::string& quantizer_name) {
  constexpr std::string_view kQuant = "quant";
  const std::size_t at = quantizer_name.rfind(kQuant);
  return quantizer_name.substr(0, at) + "scale" + quantizer_name.substr(at + kQuant.size());
}

}  // namespace

void share_scales(Placement& placement) {
  Graph& graph = placement.graph;
  ScaleGroups groups;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (quant_role(graph, node) == QuantRole::kJoin && !placement.reads_floats(node)) {
      share_at(placement, id, groups);
    }
  }
  for (const Group& group : groups.groups()) {
    agree_on_threshold(placement, group);
    const ScaleId scale = graph.add_scale({{}, group.name, {}});
    for (const QuantizerId member : group.members) graph.quantizer(member).scale = scale;
  }
  for (const QuantizerId id : graph.quantizers()) {
    if (graph.quantizer(id).scale) continue;
    graph.quantizer(id).scale = graph.add_scale({{}, scale_name(graph.quantizer(id).name), {}});
  }
}

}  // namespace quern::internal
