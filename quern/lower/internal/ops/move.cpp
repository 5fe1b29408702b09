// Ops that only move elements, or say their dimensions in another way.
#include <cmath>

#include "quern/lower/internal/catalog.h"
#include "quern/lower/refusal.h"
#include "quern/ops/node_view.h"
#include "quern/ops/resize_taps.h"

namespace quern::internal {
namespace {

/// The output is the input: the same elements in the same order.
void pass_on(Lowering& lowering, const Node& node) {
  if (lowering.left_out.contains(node.inputs[0])) lowering.left_out.insert(node.outputs[0]);
  lowering.set(node.outputs[0], lowering.at(node.inputs[0]));
}

/// A tensor of the input's grid for the output of an op that moves codes.
TensorIndex add_moved(Lowering& lowering, const Node& node, TensorIndex input) {
  const Grid grid = lowering.grid(input);
  const TensorIndex output = lowering.add_tensor(tensor_name(lowering.graph, node.outputs[0]),
                                                 extents_of(lowering.graph, node.outputs[0]), grid);
  lowering.set(node.outputs[0], output);
  return output;
}

/// The input's row or column of each of the output's.
std::vector<std::uint16_t> nearest(const Node& node, const ResizeMode& mode, std::int64_t input,
                                   std::int64_t output, float scale) {
  std::vector<std::uint16_t> from;
  if (input > UINT16_MAX)
    refuse(node, "a picture of more than 65535 pixels", "less can be lowered");
  for (const std::int64_t position : resize_taps(mode, input, output, scale).low) {
    from.push_back(static_cast<std::uint16_t>(position));
  }
  return from;
}

}  // namespace

void lower_reshape(Lowering& lowering, const Node& node) {
  const Extents output = extents_of(lowering.graph, node.outputs[0]);
  const Lowered& input = lowering.at(node.inputs[0]);
  const auto* tensor = std::get_if<TensorIndex>(&input);
  const Extents from =
      tensor != nullptr ? lowering.extents(*tensor) : std::get<Pending>(input).source->extents();
  // A row is in the order of the picture; a picture of other extents would have to be moved.
  const bool is_row = output.height == 1 && output.width == 1;
  if (!is_row && output != from) {
    refuse(node, "a picture made of another one's elements",
           "a reshape to one row per sample can be lowered");
  }
  pass_on(lowering, node);
}

void lower_transpose(Lowering& lowering, const Node& node) {
  const Dims& dims = *lowering.graph.value(node.inputs[0]).dims;
  const auto* order =
      NodeView(lowering.graph, node).find_attribute<std::vector<std::int64_t>>("perm");
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    axes.push_back(order != nullptr ? (*order)[i] : static_cast<std::int64_t>(dims.size() - 1 - i));
  }
  std::erase_if(axes, [&](std::int64_t axis) {
    return axis > 0 && dims[static_cast<std::size_t>(axis)].size == 1;
  });
  if (!std::ranges::is_sorted(axes)) {
    refuse(node, "a change of the order of dimensions",
           "one that only moves dimensions of extent 1 can be lowered");
  }
  pass_on(lowering, node);
}

void lower_pad(Lowering& lowering, const Node& node) {
  const NodeView view(lowering.graph, node);
  const TensorIndex input = lowering.codes(node, 0);
  check_is_picture(lowering, node, input);
  if (view.attribute<std::string>("mode") != "constant") {
    refuse(node, fmt::format("the mode '{}'", view.attribute<std::string>("mode")),
           "the mode 'constant' can be lowered");
  }
  const auto pads = to_vector<std::int64_t>(constant_of(lowering.graph, node.inputs[1]));
  if (pads.size() != 8 || pads[0] != 0 || pads[1] != 0 || pads[4] != 0 || pads[5] != 0) {
    refuse(node, "a margin of samples or channels", "one of rows and columns can be lowered");
  }
  const float value =
      view.has_input(2) ? to_vector<float>(constant_of(lowering.graph, node.inputs[2])).at(0) : 0;
  const Grid grid = lowering.grid(input);
  const std::int32_t code = grid.code_of(value);
  if (grid.real(code) != value) {
    refuse(node, fmt::format("a margin of {}, which is not on the grid of its input", value),
           "a margin of 0 can be lowered");
  }
  const TensorIndex output = add_moved(lowering, node, input);
  lowering.add_op({.layer = node.layer,
                   .inputs = {input},
                   .output = output,
                   .kind = IntPad{static_cast<std::int32_t>(pads[2]),
                                  static_cast<std::int32_t>(pads[3]), code}});
}

void lower_resize(Lowering& lowering, const Node& node) {
  const NodeView view(lowering.graph, node);
  const TensorIndex input = lowering.codes(node, 0);
  check_is_picture(lowering, node, input);
  const ResizeMode mode = resize_mode(view);
  if (!mode.is_nearest) {
    refuse(node, "linear resizing", "the mode 'nearest' can be lowered");
  }
  const Extents from = lowering.extents(input);
  const Extents to = extents_of(lowering.graph, node.outputs[0]);
  if (from.channels != to.channels) {
    refuse(node, "resizing of channels", "resizing of rows and columns can be lowered");
  }
  std::vector<float> scales;
  if (view.has_input(2)) scales = to_vector<float>(constant_of(lowering.graph, node.inputs[2]));
  const auto scale = [&](std::size_t axis, std::int32_t input_extent, std::int32_t extent) {
    return scales.size() > axis ? scales[axis]
                                : static_cast<float>(extent) / static_cast<float>(input_extent);
  };
  IntResize resize{nearest(node, mode, from.height, to.height, scale(2, from.height, to.height)),
                   nearest(node, mode, from.width, to.width, scale(3, from.width, to.width))};
  const TensorIndex output = add_moved(lowering, node, input);
  lowering.add_op(
      {.layer = node.layer, .inputs = {input}, .output = output, .kind = std::move(resize)});
}

}  // namespace quern::internal
