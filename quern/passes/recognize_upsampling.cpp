// recognize_upsampling: rows or columns that are repeated one by one are a Resize to the nearest.
//
//   before:  Reshape(Tile(Unsqueeze(x [N, 3, 4, 6], axis 4), [1, 1, 1, 1, 2]), [N, 3, 4, 12])
//   after:   Resize(x, scales = [1, 1, 1, 2])
//
// So Keras and TensorFlow's converters write upsampling, one axis at a time. Axis 1, the height of
// a network that is channels last, becomes axis 2 between two Transposes.
#include <optional>
#include <vector>

#include "quern/ops/symbolic_integers.h"
#include "quern/ops/transpose.h"
#include "quern/passes/passes.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;

/// Every element along an axis of `input`, `count` times in a row.
struct Repetition {
  ValueId input;
  std::size_t axis = 0;
  std::int64_t count = 1;
};

/// Whether both have the same extents; of which the batch may be free.
bool agree(const Dims& a, const Dims& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool are_fixed = a[i].is_fixed() && b[i].is_fixed();
    if (are_fixed ? a[i].size != b[i].size : i > 0) return false;
  }
  return true;
}

/// The one axis along which a Tile copies.
std::optional<std::size_t> copied_axis(const Integers& repeats) {
  constexpr std::int64_t kMostCopies = 1 << 16;
  std::optional<std::size_t> axis;
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    if (repeats[i] == 1) continue;
    if (axis || repeats[i] < 1 || repeats[i] > kMostCopies) return std::nullopt;
    axis = i;
  }
  return axis;
}

std::optional<Repetition> repetition(const Graph& graph, const Node& reshape) {
  const Node* tile = graph.producer(reshape.inputs[0]);
  if (reshape.op != "Reshape" || tile == nullptr || tile->op != "Tile") return std::nullopt;
  const Node* widen = graph.producer(tile->inputs[0]);
  if (widen == nullptr || (widen->op != "Unsqueeze" && widen->op != "Reshape")) return std::nullopt;
  const auto& input = graph.value(widen->inputs[0]).dims;
  const auto& widened = graph.value(tile->inputs[0]).dims;
  const auto& output = graph.value(reshape.outputs[0]).dims;
  const std::optional<Integers> repeats = known_integers(graph, tile->inputs[1]);
  if (!input || !widened || !output || !repeats || input->size() != 4) return std::nullopt;

  // Copies along a new axis repeat what the axis in front of it counts.
  const std::optional<std::size_t> copied = copied_axis(*repeats);
  if (!copied || *copied < 2 || widened->size() != 5) return std::nullopt;
  const std::size_t axis = *copied - 1;
  Dims expected = *input;
  expected.insert(expected.begin() + static_cast<std::ptrdiff_t>(*copied), Dim{1, ""});
  if (!agree(*widened, expected)) return std::nullopt;
  expected = *input;
  expected[axis].size *= (*repeats)[*copied];
  if (!agree(*output, expected)) return std::nullopt;
  return Repetition{widen->inputs[0], axis, (*repeats)[*copied]};
}

/// Adds a node of one output. @return the output.
ValueId add(Graph& graph, Node node) {
  const ValueId output = graph.add_value(node.layer);
  node.outputs = {output};
  graph.add_node(std::move(node));
  return output;
}

ValueId add_transpose(Graph& graph, const std::string& layer, ValueId image, Integers order) {
  Node node;
  node.layer = layer;
  node.op = "Transpose";
  node.inputs = {image};
  node.attributes = {{"perm", std::move(order)}};
  return add(graph, std::move(node));
}

ValueId add_resize(Graph& graph, const std::string& layer, const Repetition& found) {
  std::vector<float> scales(4, 1.0F);
  scales[found.axis] = static_cast<float>(found.count);
  Node node;
  node.layer = layer;
  node.op = "Resize";
  node.inputs = {found.input, ValueId{},
                 graph.add_constant(layer + ".scales", Tensor::of<float>({4}, scales))};
  node.attributes = {{"mode", std::string("nearest")},
                     {"coordinate_transformation_mode", std::string("asymmetric")},
                     {"nearest_mode", std::string("floor")}};
  return add(graph, std::move(node));
}

}  // namespace

PassReport recognize_upsampling(Graph& graph) {
  PassReport report;
  for (const NodeId id : graph.nodes_of("Reshape")) {
    std::optional<Repetition> found = repetition(graph, graph.node(id));
    if (!found) continue;
    const std::string layer = graph.node(id).layer;
    const bool is_channels_last = found->axis == 1;
    if (is_channels_last) {
      found->input =
          add_transpose(graph, layer + ".channels_first", found->input, kToChannelsFirst);
      found->axis = 2;
    }
    const ValueId resized = add_resize(graph, layer + ".resize", *found);
    graph.set_input(id, 0,
                    is_channels_last
                        ? add_transpose(graph, layer + ".channels_last", resized, kToChannelsLast)
                        : resized);
    graph.bypass(id);
    graph.set_layer(graph.producer(resized)->id, layer);
    ++report.rewrites;
  }
  return report;
}

}  // namespace quern
