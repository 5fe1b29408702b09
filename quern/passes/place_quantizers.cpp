// place_quantizers: a float graph becomes one with a Quant node wherever the scheme wants a grid.
//
// The order of the steps matters: scales can be shared only between quantizers that exist, and the
// scale of a bias is derived from those of its layer's input and weight.
#include "quern/passes/place_quantizers.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "quern/analysis/dataflow.h"
#include "quern/base/error.h"
#include "quern/ops/op_def.h"
#include "quern/passes/internal/placement.h"

namespace quern {
namespace internal {

Placement::Placement(Graph& target, const QuantizeRequest& wanted)
    : graph(target), request(wanted), rules(wanted.rules, wanted.rule) {
  for (const NodeId id : graph.nodes()) {
    if (!has_weight(graph, graph.node(id))) continue;
    if (!first) first = id;
    last = id;
  }
}

RuleSubject Placement::subject(const Node& node) const {
  RuleSubject subject = rule_subject(graph, node);
  subject.first = node.id == first;
  subject.last = node.id == last;
  return subject;
}

RuleSubject Placement::source_subject(ValueId value) const {
  if (const Node* source = source_layer(graph, value)) return subject(*source);
  return {.layer = graph.value(source_input(graph, value)).name, .op = "Input"};
}

bool Placement::reads_floats(const Node& node) {
  return rules.spec(subject(node), Role::kInput).quantize == false;
}

PartialSpec Placement::activation_spec(const RuleSubject& source, ValueId value,
                                       const std::vector<NodeId>& readers, bool is_measured) {
  PartialSpec decided = rules.spec(source, Role::kOutput, is_measured);
  PartialSpec asked;
  std::map<std::string_view, std::string> asking;  // layers, by key
  for (const NodeId reader : readers) {
    const RuleSubject own = subject(graph.node(reader));
    PartialSpec wanted = rules.spec(own, Role::kInput, is_measured);
    wanted.quantize.reset();
    for_each_rule_key([&](std::string_view name, KeyScope, auto key) {
      const auto& found = wanted.*key;
      if (!found) return;
      require(!(asked.*key) || asked.*key == found,
              "'{}' asks for {} {} of its input and '{}' for {}, but both read '{}'", asking[name],
              name, (asked.*key).value_or(*found), own.layer, *found, graph.value(value).name);
      asking[name] = own.layer;
    });
    asked.merge(wanted);
  }
  decided.merge(asked);
  return decided;
}

QuantizerId Placement::add_quantizer(std::string_view stem, const QuantSpec& spec,
                                     QuantizerKind kind) {
  Quantizer quantizer;
  quantizer.name = fmt::format("{}quant", stem);
  quantizer.kind = kind;
  quantizer.spec = spec;
  return graph.add_quantizer(std::move(quantizer));
}

void Placement::insert(ValueId value, QuantizerId quantizer,
                       const std::vector<Graph::Use>& readers) {
  graph.insert_quant(value, quantizer, std::string(graph.quantizer(quantizer).name), readers);
  ++report.rewrites;
}

}  // namespace internal

std::string_view name(Scheme) { return "finn"; }

Scheme scheme_from(std::string_view name) {
  require(name == "finn", "scheme '{}' does not exist, expected finn", name);
  return Scheme::kFinn;
}

PassReport place_quantizers(Graph& graph, const QuantizeRequest& request) {
  check_bits(request.weight_bits, "weight_bits", "quantize");
  check_bits(request.activation_bits, "activation_bits", "quantize");
  const std::vector<NodeId> quants = graph.nodes_of("Quant");
  require(quants.empty(),
          "the network is quantized already: it has {} Quant nodes, the first is '{}'",
          quants.size(), quants.empty() ? "" : graph.node(quants.front()).layer);

  Graph placed = graph;
  internal::Placement placement(placed, request);
  internal::place_activations(placement);
  internal::share_scales(placement);
  internal::place_weights(placement);
  internal::place_biases(placement);
  placement.rules.require_all_used();
  std::ranges::copy(placement.rules.notes(), std::back_inserter(placement.report.notes));
  placed.erase_dead();
  verify(placed);
  graph = std::move(placed);
  return std::move(placement.report);
}

}  // namespace quern
