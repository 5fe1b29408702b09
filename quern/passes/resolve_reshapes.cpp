// resolve_reshapes: every Reshape names its target in numbers that serve any batch.
//
//   before:  Reshape(x [N, 4, 8, 8], Concat(Gather(Shape(x), 0), 2, 2, 8, 8))
//            Reshape(x [1, 4, 8, 8], [1, 2, 2, 8, 8])
//   after:   Reshape(x, [0, 2, 2, 8, 8])
#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "quern/ops/dims.h"
#include "quern/ops/reshape.h"
#include "quern/passes/passes.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;

/// Whether `target` repeats the batch that the graph has, or that a free one had when the network
/// was traced: one, if the target holds as many elements as one sample.
bool pins_batch(const Dims& input, const Integers& target) {
  if (input.empty() || target.empty() || target[0] < 1) return false;
  if (input[0].is_fixed()) return input[0].size == target[0];
  const auto is_known = [](std::int64_t extent) { return extent > 0; };
  if (target[0] != 1 || !std::ranges::all_of(target, is_known)) return false;
  const Dim sample = product(std::span(input).subspan(1));
  return sample.is_fixed() && sample == product(fixed_dims(target));
}

/// The target to write; none where the one there is stays.
std::optional<Integers> better_target(const Graph& graph, const Node& reshape) {
  if (!graph.is_constant(reshape.inputs[1])) return constant_reshape_target(graph, reshape);
  Integers target = to_vector<std::int64_t>(*graph.value(reshape.inputs[1]).constant);
  const auto& input = graph.value(reshape.inputs[0]).dims;
  // With allowzero a 0 can not say "as in the input".
  const bool zero_copies = graph.attribute_or<std::int64_t>(reshape.id, "allowzero", 0) == 0;
  if (!input || !zero_copies || !pins_batch(*input, target)) return std::nullopt;
  target[0] = 0;
  return target;
}

}  // namespace

PassReport resolve_reshapes(Graph& graph) {
  PassReport report;
  for (const NodeId id : graph.nodes_of("Reshape")) {
    const Node& node = graph.node(id);
    const std::optional<Integers> target = better_target(graph, node);
    if (target) {
      graph.erase_attribute(id, "allowzero");
      graph.set_input(id, 1,
                      graph.add_constant(node.layer + ".shape",
                                         Tensor::of<std::int64_t>({std::ssize(*target)}, *target)));
      ++report.rewrites;
    } else if (!graph.is_constant(node.inputs[1])) {
      report.notes.push_back(fmt::format(
          "kept the target of '{}' computed: it depends on more than the batch", node.layer));
    }
  }
  return report;
}

}  // namespace quern
