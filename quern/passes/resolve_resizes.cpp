// resolve_resizes: every Resize names its factors in numbers, which serve any batch.
//
//   before:  Resize(x [N, 4, 8, 8], sizes = Concat(Gather(Shape(x), 0), 4, 16, 16))
//   after:   Resize(x, scales = [1, 1, 2, 2])
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "quern/ops/resize_taps.h"
#include "quern/passes/passes.h"

namespace quern {
namespace {

bool is_given(const Graph& graph, const Node& resize, std::size_t index) {
  if (index >= resize.inputs.size() || !resize.inputs[index]) return false;
  const auto& constant = graph.value(resize.inputs[index]).constant;
  return !constant || constant->size() > 0;
}

/// The factor of which `input`, as a Resize multiplies and cuts, makes `output`, and which reads
/// the same elements; none where rounding leaves no such number.
std::optional<float> factor(const ResizeMode& mode, std::int64_t input, std::int64_t output) {
  const auto extent = static_cast<float>(input);
  const float exact = static_cast<float>(output) / extent;
  float scale = exact;
  if (std::floor(extent * scale) < static_cast<float>(output)) {
    scale = std::nextafter(scale, std::numeric_limits<float>::infinity());
  }
  if (scale == exact) return scale;
  const ResizeTaps before = resize_taps(mode, input, output, exact);
  const ResizeTaps after = resize_taps(mode, input, output, scale);
  return before.low == after.low && before.weight == after.weight ? std::optional(scale)
                                                                  : std::nullopt;
}

/// The factors of height and width, where both extents are known on both sides.
std::optional<std::vector<float>> factors(const Graph& graph, const Node& resize) {
  const auto& input = graph.value(resize.inputs[0]).dims;
  const auto& output = graph.value(resize.outputs[0]).dims;
  if (!input || !output || input->size() != 4 || output->size() != 4) return std::nullopt;
  std::vector<float> result = {1, 1};
  for (const std::size_t axis : {2, 3}) {
    const Dim& from = (*input)[axis];
    const Dim& to = (*output)[axis];
    if (!from.is_fixed() || !to.is_fixed() || from.size < 1) return std::nullopt;
    const std::optional<float> scale =
        factor(resize_mode(NodeView(graph, resize)), from.size, to.size);
    if (!scale) return std::nullopt;
    result.push_back(*scale);
  }
  return result;
}

}  // namespace

PassReport resolve_resizes(Graph& graph) {
  PassReport report;
  for (const NodeId id : graph.nodes_of("Resize")) {
    const Node& resize = graph.node(id);
    if (!is_given(graph, resize, 3)) continue;
    const std::optional<std::vector<float>> scales = factors(graph, resize);
    if (!scales) {
      report.notes.push_back(
          fmt::format("kept the sizes of '{}' as they are: no factors say the same", resize.layer));
      continue;
    }
    graph.set_input(id, 2,
                    graph.add_constant(resize.layer + ".scales", Tensor::of<float>({4}, *scales)));
    graph.remove_input(id, 3);
    ++report.rewrites;
  }
  return report;
}

}  // namespace quern
