// place_activations: finds the values that somebody wants on a grid, then puts a Quant on each.
//
// Somebody is a reader that needs codes (a layer with weights, a join, float arithmetic) or the
// value itself (a graph input, an activation's output, a graph output). A Quant stands where the
// elements are computed: in front of ops that only move them, on every input of a Concat, and
// behind a Mul that gives every channel of an activation or graph input a factor.
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "quern/analysis/channel_factors.h"
#include "quern/analysis/dataflow.h"
#include "quern/analysis/rectifier.h"
#include "quern/base/error.h"
#include "quern/ops/op_def.h"
#include "quern/passes/internal/placement.h"

namespace quern::internal {
namespace {

/// A value that gets a Quant.
struct Demand {
  ValueId value;
  std::vector<NodeId> readers;  ///< Those that need codes; empty where only the value itself does.
};

/// The demands of a graph in the order in which they were made.
class Demands {
 public:
  explicit Demands(Placement& placement) : placement_(placement), graph_(placement.graph) {}

  std::vector<Demand> collect() {
    for (const ValueId input : graph_.inputs()) demand_itself(input);
    for (const NodeId id : graph_.nodes()) collect_from(graph_.node(id));
    for (const ValueId output : graph_.outputs()) {
      const Node* producer = graph_.producer(output);
      if (producer == nullptr || !is_readout(graph_, *producer)) trace(output, {});
    }
    return std::move(demands_);
  }

 private:
  void collect_from(const Node& node) {
    switch (quant_role(graph_, node)) {
      case QuantRole::kActivation:
        if (!is_readout(graph_, node)) {
          demand_itself(node.outputs.at(0));
          return;
        }
        [[fallthrough]];
      case QuantRole::kCompute:
      case QuantRole::kJoin:
      case QuantRole::kFloat:
        if (placement_.reads_floats(node)) return;
        for (const std::size_t i : activation_inputs(graph_, node)) trace(node.inputs[i], node.id);
        return;
      case QuantRole::kPreserving:
      case QuantRole::kAffine:
      case QuantRole::kQuant:
        return;
    }
  }

  /// Demands a value that is wanted on a grid whoever reads it; or what channel factors make of it,
  /// if nobody else reads it.
  void demand_itself(ValueId value) {
    const std::vector<Graph::Use> uses = graph_.uses(value);
    const bool is_only_scaled = !uses.empty() && !graph_.is_output(value) &&
                                std::ranges::all_of(uses, [&](const Graph::Use& use) {
                                  return has_channel_factors(graph_, graph_.node(use.node));
                                });
    if (!is_only_scaled) return demand(value, {});
    for (const Graph::Use& use : uses) demand(graph_.node(use.node).outputs[0], {});
  }

  /// Demands the values whose elements reach `value` unchanged, each once: concats of concats reach
  /// one value on very many ways.
  void trace(ValueId value, NodeId reader) {
    std::vector<ValueId> pending = {value};
    std::set<ValueId> seen;
    while (!pending.empty()) {
      const ValueId current = pending.back();
      pending.pop_back();
      if (graph_.is_constant(current) || !seen.insert(current).second) continue;
      const Node* node = graph_.producer(current);
      const QuantRole role = node == nullptr ? QuantRole::kFloat : quant_role(graph_, *node);
      const bool concatenates =
          role == QuantRole::kJoin && node->op == "Concat" && !placement_.reads_floats(*node);
      if (role == QuantRole::kPreserving) {
        pending.push_back(node->inputs.at(0));
      } else if (concatenates) {
        pending.insert(pending.end(), node->inputs.rbegin(), node->inputs.rend());
      } else {
        demand(current, reader);
      }
    }
  }

  void demand(ValueId value, NodeId reader) {
    if (graph_.value(value).dtype != DType::kFloat32) return;
    const auto [entry, is_new] = positions_.try_emplace(value, demands_.size());
    if (is_new) demands_.push_back({value, {}});
    if (reader) demands_[entry->second].readers.push_back(reader);
  }

  Placement& placement_;
  const Graph& graph_;
  std::vector<Demand> demands_;
  std::unordered_map<ValueId, std::size_t> positions_;
};

/// Whether the value stays float after all. @throws Error(kInvalidArgument) if a rule keeps it
/// float that a quantized layer reads.
bool stays_float(Placement& placement, const Demand& demand, const RuleSubject& subject,
                 const PartialSpec& decided) {
  if (decided.quantize != false) return false;
  if (demand.readers.empty()) {
    placement.report.notes.push_back(
        fmt::format("kept the output of '{}' float: a rule says so", subject.layer));
    return true;
  }
  const Node* source = source_layer(placement.graph, demand.value);
  require(source != nullptr && placement.reads_floats(*source),
          "a rule keeps the output of '{}' float, but '{}' reads it and is quantized: give '{}' a "
          "rule with role = 'input' and quantize = false, too",
          subject.layer, placement.graph.node(demand.readers.front()).layer,
          placement.graph.node(demand.readers.front()).layer);
  placement.report.notes.push_back(
      fmt::format("the output of '{}' has a grid although a rule keeps the layer float: '{}' reads "
                  "it and is quantized",
                  subject.layer, placement.graph.node(demand.readers.front()).layer));
  return false;
}

void place(Placement& placement, const Demand& demand) {
  Graph& graph = placement.graph;
  const Node* producer = graph.producer(demand.value);
  const bool is_scaled = producer != nullptr && has_channel_factors(graph, *producer);
  if (is_scaled) producer = graph.producer(producer->inputs[0]);
  std::optional<Rectifier> found;
  if (producer != nullptr) found = rectifier(graph, *producer);
  // Factors leave every channel with a threshold of its own, so the Clip stays.
  const bool is_constant = found && found->threshold && !is_scaled;

  const RuleSubject subject = placement.source_subject(demand.value);
  const PartialSpec decided =
      placement.activation_spec(subject, demand.value, demand.readers, !is_constant);
  if (stays_float(placement, demand, subject, decided)) return;
  QuantSpec spec;
  spec.bits = decided.activation_bits.value_or(placement.request.activation_bits);
  spec.is_signed = !found;
  const std::string stem = subject.layer + (subject.op == "Input" ? "." : ".output_");
  const QuantizerId quantizer = placement.add_quantizer(
      stem, spec, is_constant ? QuantizerKind::kConstant : QuantizerKind::kCalibrated);
  graph.quantizer(quantizer).threshold = {decided.observer, decided.percentile};
  const bool clips_further = found && found->threshold && !is_constant;
  if (found && !clips_further && producer->op == "Clip") {
    // The grid's ends clip from here on; FINN wants a plain Relu in front of an unsigned grid.
    const NodeId clip = producer->id;
    while (graph.node(clip).inputs.size() > 1) graph.remove_input(clip, 1);
    graph.set_op(clip, "Relu");
  }
  if (is_constant) {
    const double step = *found->threshold / static_cast<double>(spec.threshold_code());
    graph.quantizer(quantizer).scale =
        graph.add_scale({{}, stem + "scale", {static_cast<float>(step)}});
  }
  placement.insert(demand.value, quantizer);
}

}  // namespace

void place_activations(Placement& placement) {
  for (const Demand& demand : Demands(placement).collect()) place(placement, demand);
}

}  // namespace quern::internal
