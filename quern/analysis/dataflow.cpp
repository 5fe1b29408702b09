#include "quern/analysis/dataflow.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "quern/base/error.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

constexpr std::array<std::string_view, 5> kReadouts = {"ArgMax", "HardSigmoid", "LogSoftmax",
                                                       "Sigmoid", "Softmax"};

bool passes_on(QuantRole role) {
  return role == QuantRole::kAffine || role == QuantRole::kActivation ||
         role == QuantRole::kPreserving || role == QuantRole::kQuant;
}

/// The value at which the way back from `value` through affine ops, activations and moves ends.
ValueId trace_back(const Graph& graph, ValueId value) {
  for (const Node* node = graph.producer(value); node != nullptr; node = graph.producer(value)) {
    if (!passes_on(quant_role(graph, *node))) break;
    const std::vector<std::size_t> inputs = activation_inputs(graph, *node);
    if (inputs.empty()) break;
    value = node->inputs[inputs.front()];
  }
  return value;
}

/// Appends the grids behind `value`; false if some element lies on none. Looks at each value once:
/// concats of concats reach one on very many ways.
bool collect_grids(const Graph& graph, ValueId value, std::vector<NodeId>& found) {
  std::vector<ValueId> pending = {value};
  std::set<ValueId> seen;
  while (!pending.empty()) {
    const ValueId current = pending.back();
    pending.pop_back();
    if (!seen.insert(current).second) continue;
    const Node* node = graph.producer(current);
    if (node == nullptr) return false;
    const QuantRole role = quant_role(graph, *node);
    if (role == QuantRole::kQuant) {
      if (std::ranges::find(found, node->id) == found.end()) found.push_back(node->id);
    } else if (role == QuantRole::kJoin && node->op == "Concat") {
      pending.insert(pending.end(), node->inputs.rbegin(), node->inputs.rend());
    } else if (role == QuantRole::kPreserving) {
      pending.push_back(node->inputs.at(0));
    } else {
      return false;
    }
  }
  return true;
}

bool reaches_only_outputs(const Graph& graph, ValueId value) {
  return std::ranges::all_of(graph.uses(value), [&](const Graph::Use& use) {
    const Node& reader = graph.node(use.node);
    const QuantRole role = quant_role(graph, reader);
    return (role == QuantRole::kPreserving || role == QuantRole::kQuant) &&
           reaches_only_outputs(graph, reader.outputs.at(0));
  });
}

}  // namespace

std::vector<std::size_t> activation_inputs(const Graph& graph, const Node& node) {
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId input = node.inputs[i];
    if (input && graph.constant_behind(input) == nullptr) positions.push_back(i);
  }
  return positions;
}

bool has_weight(const Graph& graph, const Node& node) {
  return quant_role(graph, node) == QuantRole::kCompute && node.inputs.size() > 1 &&
         node.inputs[1] && graph.constant_behind(node.inputs[1]) != nullptr;
}

int weight_channel_axis(const Graph& graph, const Node& node) {
  if (node.op == "ConvTranspose") return 1;
  if (node.op == "Gemm") {
    return graph.attribute_or<std::int64_t>(node.id, "transB", 0) != 0 ? 0 : 1;
  }
  if (node.op == "MatMul") {
    const std::size_t rank = graph.constant_behind(node.inputs.at(1))->rank();
    return rank > 0 ? static_cast<int>(rank) - 1 : 0;
  }
  return 0;
}

const Node* source_layer(const Graph& graph, ValueId value) {
  return graph.producer(trace_back(graph, value));
}

ValueId source_input(const Graph& graph, ValueId value) {
  const ValueId source = trace_back(graph, value);
  const bool is_input = graph.producer(source) == nullptr && !graph.is_constant(source);
  return is_input ? source : ValueId{};
}

std::vector<NodeId> grids_of(const Graph& graph, ValueId value) {
  std::vector<NodeId> found;
  if (!collect_grids(graph, value, found)) found.clear();
  return found;
}

bool is_readout(const Graph& graph, const Node& node) {
  return std::ranges::find(kReadouts, node.op) != kReadouts.end() &&
         std::ranges::all_of(node.outputs, [&](ValueId output) {
           return !output || reaches_only_outputs(graph, output);
         });
}

bool gives_probabilities(const Graph& graph) {
  const ValueId output = graph.outputs().at(0);
  const Node* quant = graph.quant_of(output);
  const Node* last = graph.producer(quant == nullptr ? output : quant->inputs[0]);
  return last != nullptr && last->op == "Softmax";
}

void check_is_logits(const Graph& graph) {
  const Value& output = graph.value(graph.outputs().at(0));
  if (!output.dims || (output.dims->size() == 2 && output.dtype == DType::kFloat32)) return;
  fail(ErrorCode::kUnsupported, "the output '{}' is {} {}, expected float32 logits [N, classes]",
       output.name, name(output.dtype), to_string(*output.dims));
}

RuleSubject rule_subject(const Graph& graph, const Node& node) {
  RuleSubject subject{.layer = node.layer, .op = node.op};
  if (node.op != "Conv" && node.op != "ConvTranspose") return subject;
  subject.groups = graph.attribute_or<std::int64_t>(node.id, "group", 1);
  if (!has_weight(graph, node) || subject.groups < 2) return subject;
  const Shape& weight = graph.constant_behind(node.inputs[1])->shape();
  const std::int64_t inputs =
      node.op == "Conv" ? weight.at(1) * subject.groups : weight.at(0);  // [O, I/g, …], [I, O/g, …]
  subject.depthwise = inputs == subject.groups;
  return subject;
}

}  // namespace quern
