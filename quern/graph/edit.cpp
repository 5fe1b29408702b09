// Edits of a graph; each keeps producers, readers and names consistent.
#include <algorithm>
#include <utility>

#include "quern/graph/graph.h"

namespace quern {

void Graph::link(NodeId node, std::size_t input) {
  const ValueId value = record(node).node.inputs[input];
  if (value) record(value).uses.push_back({node, input});
}

void Graph::unlink(NodeId node, std::size_t input) {
  const ValueId value = record(node).node.inputs[input];
  if (value) std::erase(record(value).uses, Use{node, input});
}

void Graph::set_input(NodeId node, std::size_t index, ValueId value) {
  unlink(node, index);
  record(node).node.inputs.at(index) = value;
  link(node, index);
}

void Graph::append_input(NodeId node, ValueId value) {
  record(node).node.inputs.push_back(value);
  link(node, record(node).node.inputs.size() - 1);
}

void Graph::remove_input(NodeId node, std::size_t index) {
  std::vector<ValueId>& inputs = record(node).node.inputs;
  for (std::size_t i = index; i < inputs.size(); ++i) unlink(node, i);
  inputs.erase(inputs.begin() + static_cast<std::ptrdiff_t>(index));
  for (std::size_t i = index; i < inputs.size(); ++i) link(node, i);
}

void Graph::set_attribute(NodeId node, std::string_view key, Attribute value) {
  record(node).node.attributes.insert_or_assign(std::string(key), std::move(value));
}

void Graph::erase_attribute(NodeId node, std::string_view key) {
  record(node).node.attributes.erase(std::string(key));
}

void Graph::set_op(NodeId node, std::string_view op) {
  record(node).node.op = op;
  record(node).node.attributes.clear();
}

void Graph::set_layer(NodeId node, std::string_view layer) {
  Node& edited = record(node).node;
  layers_.erase(edited.layer);
  edited.layer = layers_.add(layer, node);
}

void Graph::set_quantizer(NodeId node, QuantizerId quantizer) {
  ensure(record(node).node.op == "Quant", "layer '{}' is no Quant", record(node).node.layer);
  this->quantizer(quantizer);
  record(node).node.quantizer = quantizer;
}

void Graph::set_constant(ValueId value, Tensor constant) {
  ValueRecord& edited = record(value);
  ensure(!edited.producer, "value '{}' is computed and can not be made constant",
         edited.value.name);
  edited.value.dtype = constant.dtype();
  edited.value.dims = fixed_dims(constant.shape());
  edited.value.constant = std::move(constant);
}

void Graph::set_type(ValueId value, DType dtype, std::optional<Dims> dims) {
  record(value).value.dtype = dtype;
  record(value).value.dims = std::move(dims);
}

void Graph::set_output(std::size_t index, ValueId value) {
  record(value);
  outputs_.at(index) = value;
}

void Graph::replace_uses(ValueId from, ValueId to, const std::vector<NodeId>& except) {
  for (const Use& use : uses(from)) {
    if (std::ranges::find(except, use.node) == except.end()) set_input(use.node, use.input, to);
  }
  std::ranges::replace(outputs_, from, to);
}

NodeId Graph::insert_quant(ValueId value, QuantizerId quantizer, std::string_view layer,
                           const std::vector<Use>& readers) {
  const Value original = this->value(value);
  const ValueId quantized = add_value(original.name + ".quant", original.dtype, original.dims);
  const bool is_answer = readers.empty() && is_output(value) && producer(value) != nullptr;
  if (readers.empty()) {
    replace_uses(value, quantized);
  } else {
    for (const Use& use : readers) set_input(use.node, use.input, quantized);
  }
  Node quant;
  quant.op = "Quant";
  quant.layer = layer;
  quant.inputs = {value};
  quant.outputs = {quantized};
  quant.quantizer = quantizer;
  const NodeId node = add_node(std::move(quant));
  // What users call the network's output stays its name.
  if (is_answer) exchange_names(value, quantized);
  return node;
}

void Graph::bypass(NodeId node) {
  const Node bypassed = this->node(node);
  const ValueId from = bypassed.outputs.at(0);
  const ValueId to = bypassed.inputs.at(0);
  if (is_output(from) && producer(to) != nullptr && !is_output(to)) exchange_names(from, to);
  replace_uses(from, to);
  erase_node(node);
}

void Graph::exchange_names(ValueId a, ValueId b) {
  std::swap(record(a).value.name, record(b).value.name);
  value_names_.set(value(a).name, a);
  value_names_.set(value(b).name, b);
}

void Graph::erase_node(NodeId node) {
  NodeRecord& erased = record(node);
  for (const ValueId output : erased.node.outputs) {
    if (!output) continue;
    ensure(use_count(output) == 0, "layer '{}' is erased but '{}' is still read", erased.node.layer,
           value(output).name);
    ValueRecord& produced = record(output);
    value_names_.erase(produced.value.name);
    produced.alive = false;
  }
  for (std::size_t i = 0; i < erased.node.inputs.size(); ++i) unlink(node, i);
  layers_.erase(erased.node.layer);
  erased.alive = false;
}

std::size_t Graph::erase_dead() {
  std::size_t erased = 0;
  const std::vector<NodeId> order = nodes();
  for (auto node = order.rbegin(); node != order.rend(); ++node) {
    const auto is_read = [&](ValueId output) { return output && use_count(output) > 0; };
    if (std::ranges::any_of(this->node(*node).outputs, is_read)) continue;
    erase_node(*node);
    ++erased;
  }
  for (ValueRecord& value : values_) {
    if (!value.alive || !value.value.constant || use_count(value.value.id) > 0) continue;
    value.alive = false;
    value_names_.erase(value.value.name);
  }
  return erased;
}

}  // namespace quern
