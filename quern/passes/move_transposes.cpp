// move_transposes: Transposes move towards the outputs until they meet their inverse.
//
//   Transpose(a) · Transpose(b)                →  Transpose(a · b), or nothing
//   op(Transpose(x), constant)                 →  Transpose(op′(x, constant′))
//   Transpose(Reshape(x)) that moves only 1s   →  Reshape′(x)
//   input [N, H, W, C] that only Transposes to [N, C, H, W] read  →  input [N, C, H, W]
//
// What converters of channels-last networks write around every convolution, and what the importers
// of channels-last files do, vanishes by that. A Transpose stays in front of an op that depends on
// the order of axes, and of an output of the network.
#include <algorithm>
#include <optional>
#include <vector>

#include "quern/ops/node_view.h"
#include "quern/ops/transpose.h"
#include "quern/passes/internal/passage.h"
#include "quern/passes/passes.h"
#include "quern/tensor/transpose.h"

namespace quern {
namespace {

using internal::find_passage;
using internal::inverse;
using internal::is_identity;
using internal::Order;
using internal::Passage;

using Integers = std::vector<std::int64_t>;

const Order kToFirst(kToChannelsFirst.begin(), kToChannelsFirst.end());
const Order kToLast(kToChannelsLast.begin(), kToChannelsLast.end());

/// The extents that a Transpose of `order` makes of `dims`.
Dims reordered(const Dims& dims, const Order& order) {
  Dims result;
  for (const std::size_t axis : order) result.push_back(dims.at(axis));
  return result;
}

std::optional<Order> order_of(const Graph& graph, const Node& transpose) {
  const auto& dims = graph.value(transpose.inputs[0]).dims;
  if (transpose.op != "Transpose" || !dims) return std::nullopt;
  return axis_order(NodeView(graph, transpose), dims->size());
}

/// The order of the Transpose that computes `value`.
std::optional<Order> order_behind(const Graph& graph, ValueId value) {
  const Node* producer = value ? graph.producer(value) : nullptr;
  return producer == nullptr ? std::nullopt : order_of(graph, *producer);
}

bool answers(const Graph& graph, const Node& node) {
  return std::ranges::any_of(node.outputs,
                             [&](ValueId output) { return output && graph.is_output(output); });
}

/// `value` reads `order` behind a new Transpose; its readers read that.
void put_transpose(Graph& graph, ValueId value, const Order& order, const std::string& layer) {
  const Value old = graph.value(value);
  const ValueId output = graph.add_value(old.name + ".transposed", old.dtype, old.dims);
  graph.replace_uses(value, output);
  if (old.dims) graph.set_type(value, old.dtype, reordered(*old.dims, inverse(order)));
  Node transpose;
  transpose.layer = layer + ".transpose";
  transpose.op = "Transpose";
  transpose.inputs = {value};
  transpose.outputs = {output};
  transpose.attributes = {{"perm", Integers(order.begin(), order.end())}};
  graph.add_node(std::move(transpose));
}

void erase_if_unread(Graph& graph, NodeId transpose) {
  if (graph.use_count(graph.node(transpose).outputs[0]) == 0) graph.erase_node(transpose);
}

class Mover {
 public:
  explicit Mover(Graph& graph) : graph_(graph) {}

  PassReport run() {
    int before = -1;
    while (report_.rewrites != before) {
      before = report_.rewrites;
      for (const ValueId input : graph_.inputs()) {
        report_.rewrites += absorb(input) || expose(input) ? 1 : 0;
      }
      for (const NodeId id : graph_.nodes()) {
        report_.rewrites += merge(id) || relabel(id) || pass(id) ? 1 : 0;
      }
    }
    return report_;
  }

 private:
  // --- graph inputs ---------------------------------------------------------------------------

  bool only_channels_first_reads(ValueId value) const {
    const auto& dims = graph_.value(value).dims;
    return dims && dims->size() == 4 && !graph_.is_output(value) && graph_.use_count(value) > 0 &&
           std::ranges::all_of(graph_.uses(value), [&](const Graph::Use& use) {
             return order_of(graph_, graph_.node(use.node)) == kToFirst;
           });
  }

  bool absorb(ValueId input) {
    if (!only_channels_first_reads(input)) return false;
    const Value old = graph_.value(input);
    for (const Graph::Use& use : graph_.uses(input)) {
      if (answers(graph_, graph_.node(use.node))) return false;
    }
    for (const Graph::Use& use : graph_.uses(input)) graph_.bypass(use.node);
    graph_.set_type(input, old.dtype, reordered(*old.dims, kToFirst));
    return true;
  }

  /// Where ops that let Transposes through lie between the input and those that make it channels
  /// first, the input is channels first and a Transpose to channels last goes the same way.
  bool expose(ValueId input) {
    if (!leads_to_channels_first(input)) return false;
    const Value old = graph_.value(input);
    put_transpose(graph_, input, kToLast, old.name);
    return true;
  }

  bool leads_to_channels_first(ValueId input) const {
    const auto& dims = graph_.value(input).dims;
    if (!dims || dims->size() != 4 || only_channels_first_reads(input)) return false;
    std::vector<ValueId> open = {input};
    bool found = false;
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (graph_.is_output(open[i])) return false;
      for (const Graph::Use& use : graph_.uses(open[i])) {
        const Node& node = graph_.node(use.node);
        if (order_of(graph_, node) == kToFirst) {
          found = true;
          continue;
        }
        const Passage* passage = find_passage(node.op);
        if (passage == nullptr || !passage->moves_data) return false;
        for (const ValueId output : node.outputs) {
          if (output && std::ranges::find(open, output) == open.end()) open.push_back(output);
        }
      }
    }
    return found;
  }

  // --- Transposes that read -------------------------------------------------------------------

  /// A Transpose that reads a Transpose, or that changes nothing.
  bool merge(NodeId id) {
    const std::optional<Order> outer = order_of(graph_, graph_.node(id));
    if (!outer) return false;
    const ValueId source = graph_.node(id).inputs[0];
    const std::optional<Order> inner = order_behind(graph_, source);
    if (!inner) return is_identity(*outer) && bypass(id);
    Order order;
    for (const std::size_t axis : *outer) order.push_back((*inner)[axis]);
    const NodeId producer = graph_.producer(source)->id;
    graph_.set_input(id, 0, graph_.node(producer).inputs[0]);
    graph_.set_attribute(id, "perm", Integers(order.begin(), order.end()));
    erase_if_unread(graph_, producer);
    if (is_identity(order)) bypass(id);
    return true;
  }

  /// An output of the network that is nothing but an input or a constant still has to be computed.
  bool bypass(NodeId id) {
    const Node& node = graph_.node(id);
    if (answers(graph_, node) && graph_.producer(node.inputs[0]) == nullptr) return false;
    graph_.bypass(id);
    return true;
  }

  /// A Transpose of extents 1 behind a Reshape or Unsqueeze: one Reshape.
  bool relabel(NodeId id) {
    const Node node = graph_.node(id);
    const std::optional<Order> order = order_of(graph_, node);
    if (!order || (*order)[0] != 0 || graph_.use_count(node.inputs[0]) != 1) return false;
    const Node* producer = graph_.producer(node.inputs[0]);
    const Dims dims = *graph_.value(node.inputs[0]).dims;
    if (producer == nullptr || (producer->op != "Reshape" && producer->op != "Unsqueeze") ||
        !keeps_elements_in_order(dims, *order)) {
      return false;
    }
    Integers target = {0};
    for (std::size_t i = 1; i < order->size(); ++i) {
      const Dim& dim = dims[(*order)[i]];
      if (!dim.is_fixed()) return false;
      target.push_back(dim.size);
    }
    const auto& source = graph_.value(producer->inputs[0]).dims;
    // A free extent has to be told apart from another one by its name.
    const bool is_named = dims[0].is_fixed() || !dims[0].symbol.empty();
    if (!source || source->empty() || !is_named || !((*source)[0] == dims[0])) return false;
    reshape(producer->id, target, reordered(dims, *order));
    graph_.bypass(id);
    return true;
  }

  static bool keeps_elements_in_order(const Dims& dims, const Order& order) {
    std::size_t previous = 0;
    for (const std::size_t axis : order) {
      if (dims[axis].size == 1) continue;
      if (axis < previous) return false;
      previous = axis;
    }
    return true;
  }

  void reshape(NodeId id, const Integers& target, const Dims& dims) {
    const ValueId output = graph_.node(id).outputs[0];
    if (graph_.node(id).op != "Reshape") graph_.set_op(id, "Reshape");
    graph_.erase_attribute(id, "allowzero");
    graph_.set_input(id, 1,
                     graph_.add_constant(graph_.node(id).layer + ".shape",
                                         Tensor::of<std::int64_t>({std::ssize(target)}, target)));
    graph_.set_type(output, graph_.value(output).dtype, dims);
  }

  // --- ops that read Transposes ---------------------------------------------------------------

  bool pass(NodeId id) {
    const Node node = graph_.node(id);
    const Passage* passage = find_passage(node.op);
    if (passage == nullptr) return false;
    const std::size_t inputs = passage->joins ? node.inputs.size() : 1;
    const std::optional<Order> order = common_order(node, inputs);
    if (!order) return false;
    if (answers(graph_, node) && !keeps_outputs(*passage, id, *order)) return false;
    const std::optional<Order> after = passage->rewrite(graph_, id, *order);
    if (!after) return false;
    for (std::size_t i = 0; i < inputs; ++i) move_input(id, i, *order);
    for (const ValueId output : node.outputs) {
      if (output && !is_identity(*after)) put_transpose(graph_, output, *after, node.layer);
    }
    return true;
  }

  /// Whether the outputs stay in order without the Transpose, as means over height and width do.
  bool keeps_outputs(const Passage& passage, NodeId id, const Order& order) const {
    if (!passage.moves_data) return false;
    Graph trial = graph_;
    const std::optional<Order> after = passage.rewrite(trial, id, order);
    return after && is_identity(*after);
  }

  /// The order in which all of the first `inputs` inputs come, constants aside.
  std::optional<Order> common_order(const Node& node, std::size_t inputs) const {
    std::optional<Order> common;
    for (std::size_t i = 0; i < inputs; ++i) {
      const std::optional<Order> order = order_behind(graph_, node.inputs[i]);
      if (!order) continue;
      if (common && common != order) return std::nullopt;
      common = order;
    }
    if (!common) return std::nullopt;
    for (std::size_t i = 0; i < inputs; ++i) {
      if (order_behind(graph_, node.inputs[i])) continue;
      if (!is_movable_constant(node.inputs[i], common->size())) return std::nullopt;
    }
    return common;
  }

  /// A constant, perhaps behind a Quant of its own with one scale.
  bool is_movable_constant(ValueId value, std::size_t rank) const {
    const Tensor* constant = graph_.constant_behind(value);
    if (constant == nullptr || constant->rank() > rank) return false;
    const Node* quant = graph_.quant_of(value);
    if (quant == nullptr || constant->size() == 1) return true;
    return graph_.use_count(value) == 1 && graph_.use_count(quant->inputs[0]) == 1 &&
           graph_.quantizer(quant->quantizer).spec.granularity == Granularity::kPerTensor;
  }

  void move_input(NodeId id, std::size_t index, const Order& order) {
    const ValueId input = graph_.node(id).inputs[index];
    if (order_behind(graph_, input)) {
      const NodeId transpose = graph_.producer(input)->id;
      graph_.set_input(id, index, graph_.node(transpose).inputs[0]);
      erase_if_unread(graph_, transpose);
      return;
    }
    const Tensor constant = *graph_.constant_behind(input);
    if (constant.size() == 1) return;
    Shape shape(order.size() - constant.rank(), 1);
    shape.insert(shape.end(), constant.shape().begin(), constant.shape().end());
    const Tensor moved = transposed(constant.reshaped(shape), inverse(order));
    if (const Node* quant = graph_.quant_of(input)) {
      graph_.set_constant(quant->inputs[0], moved);
      graph_.set_type(input, moved.dtype(), fixed_dims(moved.shape()));
    } else if (graph_.use_count(input) == 1) {
      graph_.set_constant(input, moved);
    } else {
      graph_.set_input(id, index, graph_.add_constant(graph_.value(input).name, moved));
    }
  }

  Graph& graph_;
  PassReport report_;
};

}  // namespace

PassReport move_transposes(Graph& graph) { return Mover(graph).run(); }

}  // namespace quern
