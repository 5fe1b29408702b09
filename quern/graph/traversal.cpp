// The order of nodes, and the form in which two graphs are compared and written.
#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "quern/base/error.h"
#include "quern/graph/graph.h"
#include "quern/graph/part.h"

namespace quern {

std::vector<NodeId> Graph::nodes() const {
  // Kahn's algorithm; the smallest ready id goes first, which keeps the order of insertion wherever
  // that is already a valid one.
  std::vector<int> missing(nodes_.size(), 0);
  std::priority_queue<std::int32_t, std::vector<std::int32_t>, std::greater<>> ready;
  std::size_t alive = 0;
  for (const NodeRecord& record : nodes_) {
    if (!record.alive) continue;
    ++alive;
    int& count = missing[static_cast<std::size_t>(record.node.id.index)];
    for (const ValueId input : record.node.inputs) {
      if (input && this->record(input).producer) ++count;
    }
    if (count == 0) ready.push(record.node.id.index);
  }
  std::vector<NodeId> order;
  order.reserve(alive);
  while (!ready.empty()) {
    const NodeId next{ready.top()};
    ready.pop();
    order.push_back(next);
    for (const ValueId output : node(next).outputs) {
      if (!output) continue;
      for (const Use& use : record(output).uses) {
        if (--missing[static_cast<std::size_t>(use.node.index)] == 0) ready.push(use.node.index);
      }
    }
  }
  if (order.size() != alive) {
    const auto stuck = std::ranges::find_if(nodes_, [&](const NodeRecord& record) {
      return record.alive && missing[static_cast<std::size_t>(record.node.id.index)] > 0;
    });
    fail(ErrorCode::kParse, "layer '{}' is on a cycle or reads from one", stuck->node.layer);
  }
  return order;
}

namespace {

/// Rebuilds a graph entry by entry, each table numbered in the order in which it is first needed.
class Compaction {
 public:
  explicit Compaction(const Graph& from) : from_(from) {
    to_.name = from.name;
    to_.preprocessing = from.preprocessing;
    to_.label_offset = from.label_offset;
    to_.metadata = from.metadata;
  }

  Graph run(const std::vector<ValueId>& inputs, const std::vector<NodeId>& nodes,
            const std::vector<ValueId>& outputs) {
    for (const ValueId input : inputs) {
      const Value& value = from_.value(input);
      values_[input] = to_.add_input(value.name, value.dtype, value.dims.value_or(Dims{}));
      if (!value.dims) to_.set_type(values_[input], value.dtype, std::nullopt);
    }
    for (const NodeId id : nodes) copy(from_.node(id));
    for (const ValueId output : outputs) to_.add_output(value(output));
    return std::move(to_);
  }

 private:
  void copy(const Node& node) {
    Node copied = node;
    for (ValueId& input : copied.inputs) input = value(input);
    for (ValueId& output : copied.outputs) output = value(output);
    copied.quantizer = quantizer(node.quantizer);
    to_.add_node(std::move(copied));
  }

  ValueId value(ValueId id) {
    if (!id) return id;
    const auto [entry, is_new] = values_.try_emplace(id);
    if (is_new) {
      const Value& value = from_.value(id);
      entry->second = value.constant ? to_.add_constant(value.name, *value.constant)
                                     : to_.add_value(value.name, value.dtype, value.dims);
    }
    return entry->second;
  }

  ScaleId scale(ScaleId id) {
    if (!id) return id;
    const auto [entry, is_new] = scales_.try_emplace(id);
    if (is_new) entry->second = to_.add_scale(from_.scale(id));
    return entry->second;
  }

  QuantizerId quantizer(QuantizerId id) {
    if (!id) return id;
    if (const auto known = quantizers_.find(id); known != quantizers_.end()) return known->second;
    Quantizer copied = from_.quantizer(id);
    copied.scale = scale(copied.scale);
    for (QuantizerId& factor : copied.factors) factor = quantizer(factor);
    return quantizers_[id] = to_.add_quantizer(std::move(copied));
  }

  const Graph& from_;
  Graph to_;
  std::unordered_map<ValueId, ValueId> values_;
  std::unordered_map<QuantizerId, QuantizerId> quantizers_;
  std::unordered_map<ScaleId, ScaleId> scales_;
};

template <class Ids, class Read>
bool equal_tables(const Ids& left, const Ids& right, const Read& read) {
  return std::ranges::equal(left, right,
                            [&](auto a, auto b) { return read(a, true) == read(b, false); });
}

}  // namespace

Graph Graph::compacted() const { return Compaction(*this).run(inputs_, nodes(), outputs_); }

Graph part(const Graph& graph, const std::vector<ValueId>& inputs,
           const std::vector<ValueId>& outputs) {
  std::unordered_set<ValueId> known(inputs.begin(), inputs.end());
  std::unordered_set<NodeId> needed;
  std::vector<ValueId> open = outputs;
  while (!open.empty()) {
    const ValueId value = open.back();
    open.pop_back();
    if (!value || !known.insert(value).second || graph.is_constant(value)) continue;
    const Node* producer = graph.producer(value);
    require(producer != nullptr, "the part of the graph also needs its input '{}'",
            graph.value(value).name);
    if (needed.insert(producer->id).second) {
      open.insert(open.end(), producer->inputs.begin(), producer->inputs.end());
    }
  }
  std::vector<NodeId> nodes = graph.nodes();
  std::erase_if(nodes, [&](NodeId id) { return !needed.contains(id); });
  return Compaction(graph).run(inputs, nodes, outputs);
}

bool Graph::operator==(const Graph& other) const {
  const Graph left = compacted();
  const Graph right = other.compacted();
  const auto side = [&](bool is_left) -> const Graph& { return is_left ? left : right; };
  return left.name == right.name && left.preprocessing == right.preprocessing &&
         left.label_offset == right.label_offset && left.metadata == right.metadata &&
         left.inputs_ == right.inputs_ && left.outputs_ == right.outputs_ &&
         left.quantizers_ == right.quantizers_ && left.scales_ == right.scales_ &&
         equal_tables(left.nodes(), right.nodes(),
                      [&](NodeId id, bool is_left) { return side(is_left).node(id); }) &&
         equal_tables(left.values(), right.values(),
                      [&](ValueId id, bool is_left) { return side(is_left).value(id); });
}

}  // namespace quern
