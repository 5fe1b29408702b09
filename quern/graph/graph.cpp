#include "quern/graph/graph.h"

#include <algorithm>
#include <utility>

namespace quern {
namespace {

template <class IdType>
IdType next_id(std::size_t size) {
  return IdType{static_cast<std::int32_t>(size)};
}

}  // namespace

// --- building -----------------------------------------------------------------------------------

ValueId Graph::add_value(std::string_view name, DType dtype, std::optional<Dims> dims) {
  const auto id = next_id<ValueId>(values_.size());
  const std::string unique = value_names_.add(name.empty() ? "value" : name, id);
  ValueRecord added;
  added.value = {id, unique, dtype, std::move(dims), std::nullopt};
  values_.push_back(std::move(added));
  return id;
}

ValueId Graph::add_constant(std::string_view name, Tensor constant) {
  const ValueId id = add_value(name, constant.dtype(), fixed_dims(constant.shape()));
  record(id).value.constant = std::move(constant);
  return id;
}

ValueId Graph::add_input(std::string_view name, DType dtype, Dims dims) {
  inputs_.push_back(add_value(name, dtype, std::move(dims)));
  return inputs_.back();
}

void Graph::add_output(ValueId value) {
  record(value);
  outputs_.push_back(value);
}

NodeId Graph::add_node(Node node) {
  const auto id = next_id<NodeId>(nodes_.size());
  node.id = id;
  if (node.layer.empty()) node.layer = fmt::format("{}_{}", node.op, id.index);
  for (const ValueId output : node.outputs) {
    if (!output) continue;
    ValueRecord& produced = record(output);
    if (produced.producer || produced.value.constant ||
        std::ranges::find(inputs_, output) != inputs_.end()) {
      fail(ErrorCode::kParse, "layer '{}' computes '{}', which is already defined elsewhere",
           node.layer, produced.value.name);
    }
    produced.producer = id;
  }
  node.layer = layers_.add(node.layer, id);
  nodes_.push_back({std::move(node)});
  for (std::size_t i = 0; i < nodes_.back().node.inputs.size(); ++i) link(id, i);
  return id;
}

ScaleId Graph::add_scale(Scale scale) {
  scale.id = next_id<ScaleId>(scales_.size());
  scale.name = scale_names_.add(scale.name.empty() ? "scale" : scale.name, scale.id);
  scales_.push_back(std::move(scale));
  return scales_.back().id;
}

QuantizerId Graph::add_quantizer(Quantizer quantizer) {
  quantizer.id = next_id<QuantizerId>(quantizers_.size());
  quantizer.name =
      quantizer_names_.add(quantizer.name.empty() ? "quantizer" : quantizer.name, quantizer.id);
  quantizers_.push_back(std::move(quantizer));
  return quantizers_.back().id;
}

// --- reading ------------------------------------------------------------------------------------

Graph::NodeRecord& Graph::record(NodeId id) {
  return const_cast<NodeRecord&>(std::as_const(*this).record(id));
}

Graph::ValueRecord& Graph::record(ValueId id) {
  return const_cast<ValueRecord&>(std::as_const(*this).record(id));
}

const Graph::NodeRecord& Graph::record(NodeId id) const {
  ensure(id && static_cast<std::size_t>(id.index) < nodes_.size() &&
             nodes_[static_cast<std::size_t>(id.index)].alive,
         "node {} is not in the graph", id.index);
  return nodes_[static_cast<std::size_t>(id.index)];
}

const Graph::ValueRecord& Graph::record(ValueId id) const {
  ensure(id && static_cast<std::size_t>(id.index) < values_.size() &&
             values_[static_cast<std::size_t>(id.index)].alive,
         "value {} is not in the graph", id.index);
  return values_[static_cast<std::size_t>(id.index)];
}

const Node& Graph::node(NodeId id) const { return record(id).node; }

const Value& Graph::value(ValueId id) const { return record(id).value; }

const Quantizer& Graph::quantizer(QuantizerId id) const {
  ensure(id && static_cast<std::size_t>(id.index) < quantizers_.size(),
         "quantizer {} is not in the graph", id.index);
  return quantizers_[static_cast<std::size_t>(id.index)];
}

Quantizer& Graph::quantizer(QuantizerId id) {
  return const_cast<Quantizer&>(std::as_const(*this).quantizer(id));
}

const Scale& Graph::scale(ScaleId id) const {
  ensure(id && static_cast<std::size_t>(id.index) < scales_.size(), "scale {} is not in the graph",
         id.index);
  return scales_[static_cast<std::size_t>(id.index)];
}

Scale& Graph::scale(ScaleId id) { return const_cast<Scale&>(std::as_const(*this).scale(id)); }

std::vector<NodeId> Graph::nodes_of(std::string_view op) const {
  std::vector<NodeId> found = nodes();
  std::erase_if(found, [&](NodeId id) { return node(id).op != op; });
  return found;
}

std::vector<ValueId> Graph::values() const {
  std::vector<ValueId> ids;
  for (const ValueRecord& value : values_) {
    if (value.alive) ids.push_back(value.value.id);
  }
  return ids;
}

std::vector<QuantizerId> Graph::quantizers() const {
  std::vector<QuantizerId> ids;
  for (const Quantizer& quantizer : quantizers_) ids.push_back(quantizer.id);
  return ids;
}

std::vector<ScaleId> Graph::scales() const {
  std::vector<ScaleId> ids;
  for (const Scale& scale : scales_) ids.push_back(scale.id);
  return ids;
}

const Node* Graph::producer(ValueId value) const {
  const NodeId id = record(value).producer;
  return id ? &node(id) : nullptr;
}

std::vector<Graph::Use> Graph::uses(ValueId value) const {
  std::vector<Use> sorted = record(value).uses;
  std::ranges::sort(sorted);
  return sorted;
}

std::size_t Graph::use_count(ValueId value) const {
  return record(value).uses.size() + static_cast<std::size_t>(std::ranges::count(outputs_, value));
}

bool Graph::is_output(ValueId value) const {
  return std::ranges::find(outputs_, value) != outputs_.end();
}

const Node* Graph::quant_of(ValueId value) const {
  const Node* source = producer(value);
  return source != nullptr && source->op == "Quant" ? source : nullptr;
}

const Tensor* Graph::constant_behind(ValueId value) const {
  const Node* quant = quant_of(value);
  const Value& source = this->value(quant != nullptr ? quant->inputs.at(0) : value);
  return source.constant ? &*source.constant : nullptr;
}

std::optional<NodeId> Graph::find_layer(std::string_view layer) const {
  return layers_.find(layer);
}

std::optional<ValueId> Graph::find_value(std::string_view name) const {
  return value_names_.find(name);
}

const Attribute* Graph::attribute(NodeId node, std::string_view key) const {
  const auto& attributes = this->node(node).attributes;
  const auto found = attributes.find(std::string(key));
  return found == attributes.end() ? nullptr : &found->second;
}

template <class T>
T Graph::attribute_or(NodeId node, std::string_view key, T fallback) const {
  const Attribute* found = attribute(node, key);
  if (found == nullptr) return fallback;
  if (const T* typed = std::get_if<T>(found)) return *typed;
  fail(ErrorCode::kParse, "layer '{}': the attribute '{}' has an unexpected type",
       this->node(node).layer, key);
}

template std::int64_t Graph::attribute_or(NodeId, std::string_view, std::int64_t) const;
template float Graph::attribute_or(NodeId, std::string_view, float) const;
template std::string Graph::attribute_or(NodeId, std::string_view, std::string) const;
template std::vector<std::int64_t> Graph::attribute_or(NodeId, std::string_view,
                                                       std::vector<std::int64_t>) const;
template std::vector<float> Graph::attribute_or(NodeId, std::string_view, std::vector<float>) const;
template Tensor Graph::attribute_or(NodeId, std::string_view, Tensor) const;

QuantParams Graph::params(QuantizerId id) const {
  const Quantizer& entry = quantizer(id);
  QuantParams params;
  if (entry.kind == QuantizerKind::kDerived) {
    const QuantParams left = this->params(entry.factors[0]);
    const QuantParams right = this->params(entry.factors[1]);
    require(left.scale.size() == 1, "quantizer '{}': its layer's input has {} scales, expected 1",
            entry.name, left.scale.size());
    for (const float scale : right.scale) params.scale.push_back(left.scale[0] * scale);
  } else {
    params.scale = scale(entry.scale).values;
  }
  require(!params.scale.empty(), "quantizer '{}': its scale is not known yet (calibrate first)",
          entry.name);
  params.zero_point = entry.zero_point;
  if (params.zero_point.empty()) params.zero_point.assign(params.scale.size(), 0);
  return params;
}

}  // namespace quern
