// resolve_padding: every window says where it stands.
//
//   before:  Conv {auto_pad = SAME_UPPER, strides = [2, 2]}
//   after:   Conv {kernel_shape, strides, dilations, pads, group as numbers}
#include <string>
#include <vector>

#include "quern/ops/window_geometry.h"
#include "quern/passes/passes.h"

namespace quern {
namespace {

std::vector<std::int64_t> list(const WindowGeometry::Pair& pair) { return {pair[0], pair[1]}; }

bool is_pool(const Node& node) { return node.op == "MaxPool" || node.op == "AveragePool"; }

WindowGeometry geometry(const Graph& graph, const Node& node) {
  return node.op == "ConvTranspose" ? transposed_window_geometry(graph, node)
                                    : window_geometry(graph, node);
}

void write_window(Graph& graph, NodeId id, const WindowGeometry& window) {
  const Node& node = graph.node(id);
  const bool is_same = graph.attribute_or<std::string>(id, "auto_pad", "").starts_with("SAME");
  graph.erase_attribute(id, "auto_pad");
  graph.erase_attribute(id, "output_shape");
  graph.set_attribute(id, "kernel_shape", list(window.kernel));
  graph.set_attribute(id, "strides", list(window.strides));
  graph.set_attribute(id, "pads",
                      std::vector<std::int64_t>{window.pads_begin[0], window.pads_begin[1],
                                                window.pads_end[0], window.pads_end[1]});
  // ONNX gave AveragePool its dilations only after kOpset.
  if (node.op != "AveragePool") graph.set_attribute(id, "dilations", list(window.dilations));
  if (!is_pool(node)) {
    graph.set_attribute(id, "group", window.groups);
    return;
  }
  // SAME decides the number of windows by itself.
  const auto ceil_mode = graph.attribute_or<std::int64_t>(id, "ceil_mode", 0);
  graph.set_attribute(id, "ceil_mode", is_same ? 0 : ceil_mode);
  if (node.op == "AveragePool") {
    graph.set_attribute(id, "count_include_pad",
                        graph.attribute_or<std::int64_t>(id, "count_include_pad", 0));
  }
}

void restore_attributes(Graph& graph, const Node& before) {
  graph.set_op(before.id, before.op);
  for (const auto& [key, value] : before.attributes) graph.set_attribute(before.id, key, value);
}

}  // namespace

PassReport resolve_padding(Graph& graph) {
  PassReport report;
  for (const NodeId id : graph.nodes()) {
    const Node before = graph.node(id);
    if (before.op != "Conv" && before.op != "ConvTranspose" && !is_pool(before)) continue;
    const WindowGeometry window = geometry(graph, before);
    write_window(graph, id, window);
    if (graph.node(id).attributes == before.attributes) continue;
    if (geometry(graph, graph.node(id)) != window) {
      restore_attributes(graph, before);
      report.notes.push_back(fmt::format(
          "kept the padding of '{}': its output is larger than pads can say", before.layer));
      continue;
    }
    ++report.rewrites;
  }
  return report;
}

}  // namespace quern
