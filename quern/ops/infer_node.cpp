#include "quern/ops/infer_node.h"

#include <algorithm>

#include "quern/base/nearest.h"
#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

const OpDef& known_op(const Node& node) {
  if (const OpDef* def = find_op(node.op)) return *def;
  fail(ErrorCode::kUnsupported, "layer '{}': op '{}' is not known to quern{}", node.layer, node.op,
       nearest_hint(node.op, nearest_op(node.op)));
}

void check_attributes(const NodeView& node, const OpDef& def) {
  for (const auto& [key, attribute] : node.node().attributes) {
    const auto known = std::ranges::find(def.attributes, key, &AttributeDef::name);
    node.check(known != def.attributes.end(), "{} has no attribute '{}'", def.op, key);
    node.check(attribute.index() == static_cast<std::size_t>(known->kind),
               "the attribute '{}' of {} has a wrong type", key, def.op);
  }
  for (const AttributeDef& attribute : def.attributes) {
    node.check(!attribute.required || node.node().attributes.contains(std::string(attribute.name)),
               "{} lacks its attribute '{}'", def.op, attribute.name);
  }
}

void check_connections(const NodeView& node, const OpDef& def) {
  const std::size_t inputs = node.node().inputs.size();
  const std::size_t outputs = node.node().outputs.size();
  node.check(inputs <= def.max_inputs, "{} has {} inputs, at most {} are known", def.op, inputs,
             def.max_inputs);
  for (std::size_t i = 0; i < def.min_inputs; ++i) {
    node.check(node.has_input(i), "{} lacks input {}", def.op, i);
  }
  node.check(outputs >= 1 && outputs <= def.max_outputs, "{} has {} outputs, expected 1{}", def.op,
             outputs, def.max_outputs > 1 ? " or more" : "");
}

}  // namespace

void check_size(const Value& value) {
  if (!value.dims) return;
  if (least_element_count(*value.dims) <= kMaxElements) return;
  fail(ErrorCode::kParse, "value '{}' of shape {} has more than {} elements", value.name,
       to_string(value.dims), kMaxElements);
}

void infer_node(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const NodeView view(graph, node);
  const OpDef& def = known_op(node);
  check_connections(view, def);
  check_attributes(view, def);
  const std::vector<ValueType> types = def.infer(graph, node);
  ensure(types.size() >= node.outputs.size(), "{}: fewer types than outputs", def.op);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (!node.outputs[i]) continue;
    graph.set_type(node.outputs[i], types[i].dtype, types[i].dims);
    with_context(fmt::format("layer '{}'", node.layer),
                 [&] { check_size(graph.value(node.outputs[i])); });
  }
}

}  // namespace quern
