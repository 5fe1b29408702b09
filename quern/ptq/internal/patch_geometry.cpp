#include "quern/ptq/internal/patch_geometry.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "quern/graph/part.h"
#include "quern/ops/window_geometry.h"

namespace quern::internal {
namespace {

constexpr std::array<std::string_view, 3> kWindows = {"AveragePool", "Conv", "MaxPool"};
constexpr std::array<std::string_view, 16> kElementwise = {"Add",       "BatchNormalization",
                                                           "Clip",      "Concat",
                                                           "Div",       "HardSigmoid",
                                                           "HardSwish", "LeakyRelu",
                                                           "Identity",  "Mul",
                                                           "Quant",     "Relu",
                                                           "Sigmoid",   "Sub",
                                                           "Tanh",      "PRelu"};

template <std::size_t kCount>
bool contains(const std::array<std::string_view, kCount>& ops, std::string_view op) {
  return std::ranges::find(ops, op) != ops.end();
}

std::int64_t up(std::int64_t a, std::int64_t b) { return a <= 0 ? 0 : (a + b - 1) / b; }

/// An interval of a value: its indices and the part that no cut edge has touched.
struct Interval {
  std::int64_t stride = 1;
  std::int64_t length = 0;
  std::int64_t first = 0;
  std::int64_t end = 0;
  bool operator==(const Interval&) const = default;
};

Interval behind(const Interval& x, const WindowGeometry& window, std::size_t axis) {
  const std::int64_t stride = window.strides[axis];
  const std::int64_t reach = window.reach(axis);
  const std::int64_t begin = window.pads_begin[axis];
  const std::int64_t room = x.length + begin + window.pads_end[axis] - reach;
  Interval y{.stride = x.stride * stride, .length = room < 0 ? 0 : room / stride + 1};
  y.first = up(x.first + begin, stride);
  const std::int64_t last = x.end - reach + begin;
  y.end = last < 0 ? 0 : std::min(last / stride + 1, y.length);
  return y;
}

std::int64_t extent(const Graph& graph, ValueId value, std::size_t axis) {
  const auto& dims = graph.value(value).dims;
  if (!dims || dims->size() != 4) return -1;
  return (*dims)[2 + axis].size;
}

/// The interval of the outputs that one of `length` of the inputs gives; none where the block is
/// not local.
std::optional<Interval> through(const Graph& piece, std::size_t axis, std::int64_t length) {
  std::map<ValueId, Interval> known;
  for (const ValueId input : piece.inputs()) known[input] = {1, length, 0, length};
  for (const NodeId id : piece.nodes()) {
    const Node& node = piece.node(id);
    if (piece.constant_behind(node.outputs[0]) != nullptr) continue;
    const bool has_window = contains(kWindows, node.op);
    if (!has_window && !contains(kElementwise, node.op)) return std::nullopt;
    if (node.op == "Concat" && piece.attribute_or<std::int64_t>(id, "axis", 0) != 1) {
      return std::nullopt;
    }
    std::optional<Interval> y;
    for (const ValueId input : node.inputs) {
      const auto x = known.find(input);
      if (x == known.end()) continue;  // A constant.
      if (extent(piece, input, axis) < 0) return std::nullopt;
      const Interval next =
          has_window ? behind(x->second, window_geometry(piece, node), axis) : x->second;
      if (y && (y->stride != next.stride || y->length != next.length)) return std::nullopt;
      y = y ? Interval{y->stride, y->length, std::max(y->first, next.first),
                       std::min(y->end, next.end)}
            : next;
    }
    if (!y) return std::nullopt;
    known[node.outputs[0]] = *y;
  }
  std::optional<Interval> result;
  for (const ValueId output : piece.outputs()) {
    if (result && *result != known[output]) return std::nullopt;
    result = known[output];
  }
  return result;
}

std::optional<PatchAxis> patch_axis(const Graph& piece, std::size_t axis, std::int64_t side) {
  PatchAxis result{.extent = extent(piece, piece.inputs()[0], axis),
                   .output = extent(piece, piece.outputs()[0], axis)};
  for (const ValueId input : piece.inputs()) {
    if (extent(piece, input, axis) != result.extent) return std::nullopt;
  }
  if (result.extent <= 0 || result.output <= 0) return std::nullopt;
  const auto all = through(piece, axis, result.extent);
  if (!all || all->length != result.output) return std::nullopt;
  result.stride = all->stride;
  result.length = side * result.stride;
  if (2 * result.length > 3 * result.extent / 2) result.length = result.extent;
  const auto part = through(piece, axis, result.length);
  if (!part || part->end <= part->first) return std::nullopt;
  result.made = part->length;
  result.first = part->first;
  result.end = part->end;
  return result;
}

}  // namespace

std::optional<PatchGeometry> patch_geometry(const Graph& graph, const Block& block,
                                            std::int64_t side) {
  const Graph piece = part(graph, block.inputs, block.outputs);
  const auto rows = patch_axis(piece, 0, side);
  const auto columns = patch_axis(piece, 1, side);
  if (!rows || !columns) return std::nullopt;
  const PatchGeometry result{*rows, *columns};
  if (result.is_whole()) return std::nullopt;
  return result;
}

}  // namespace quern::internal
