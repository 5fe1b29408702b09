#include "quern/ops/window_geometry.h"

#include <algorithm>
#include <string>
#include <vector>

#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"

namespace quern {
namespace {

using Pair = WindowGeometry::Pair;
using Integers = std::vector<std::int64_t>;

/// Sums and products of two attributes and an extent stay far inside int64.
constexpr std::int64_t kMaxAttribute = std::int64_t{1} << 20;

void check_range(const NodeView& node, std::string_view key, std::int64_t value,
                 std::int64_t least) {
  node.check(value >= least && value <= kMaxAttribute, "{} of {} must be {} to {}, got {}", key,
             node.op(), least, kMaxAttribute, value);
}

/// An attribute of one number per axis; `fallback` where it is absent.
Pair pair(const NodeView& node, std::string_view key, std::int64_t least, Pair fallback) {
  const auto* given = node.find_attribute<Integers>(key);
  if (given == nullptr || given->empty()) return fallback;
  node.check(given->size() == 2, "{} of {} has {} elements, expected 2", key, node.op(),
             given->size());
  for (const std::int64_t value : *given) check_range(node, key, value, least);
  return {(*given)[0], (*given)[1]};
}

/// The kernel: the weight's last two extents where there is a weight, else the attribute.
Pair kernel(const NodeView& node) {
  const Pair stated = pair(node, "kernel_shape", 1, {0, 0});
  if (node.op() != "Conv" && node.op() != "ConvTranspose") {
    node.check(stated[0] > 0, "{} lacks its attribute 'kernel_shape'", node.op());
    return stated;
  }
  const std::optional<Dims>& weight = node.dims(1);
  node.check_supported(
      weight && weight->size() == 4 && (*weight)[2].is_fixed() && (*weight)[3].is_fixed(),
      "the weight of {} is {} (supported: 2-D, with four axes and a fixed kernel)", node.op(),
      to_string(weight));
  const Pair found = {(*weight)[2].size, (*weight)[3].size};
  for (const std::int64_t extent : found) check_range(node, "the kernel", extent, 1);
  node.check(stated[0] == 0 || stated == found,
             "kernel_shape of {} is [{}, {}], but the weight is {}", node.op(), stated[0],
             stated[1], to_string(weight));
  return found;
}

/// All that does not depend on how padding is chosen.
WindowGeometry without_padding(const NodeView& node) {
  const std::optional<Dims>& input = node.dims(0);
  node.check_supported(input && input->size() == 4,
                       "the input of {} is {} (supported: 2-D, [N, C, H, W])", node.op(),
                       to_string(input));
  WindowGeometry window;
  window.kernel = kernel(node);
  window.strides = pair(node, "strides", 1, {1, 1});
  window.dilations = pair(node, "dilations", 1, {1, 1});
  window.input = {(*input)[2].size, (*input)[3].size};
  if (const auto* groups = node.find_attribute<std::int64_t>("group")) {
    node.check(*groups >= 1, "group of {} must be at least 1, got {}", node.op(), *groups);
    window.groups = *groups;
  }
  return window;
}

/// Splits the padding of one axis; the odd row goes to the end unless `odd_first`.
void split_padding(WindowGeometry& window, std::size_t axis, std::int64_t total, bool odd_first) {
  window.pads_begin[axis] = odd_first ? total - total / 2 : total / 2;
  window.pads_end[axis] = total - window.pads_begin[axis];
}

void set_explicit_padding(WindowGeometry& window, const NodeView& node) {
  const auto* pads = node.find_attribute<Integers>("pads");
  if (pads == nullptr || pads->empty()) return;
  node.check(pads->size() == 4, "pads of {} has {} elements, expected 4", node.op(), pads->size());
  for (const std::int64_t pad : *pads) check_range(node, "pads", pad, 0);
  window.pads_begin = {(*pads)[0], (*pads)[1]};
  window.pads_end = {(*pads)[2], (*pads)[3]};
}

/// Padding with which the output extent is ceil(input / stride).
void set_same_padding(WindowGeometry& window, const NodeView& node, bool odd_first) {
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t stride = window.strides[axis];
    const std::int64_t reach = window.reach(axis);
    // With stride 1 the padding does not depend on the extent.
    std::int64_t total = reach - 1;
    if (stride > 1) {
      node.check_supported(window.input[axis] >= 0,
                           "auto_pad {} of {} with stride {} needs a fixed extent, but the input "
                           "is {}",
                           node.attribute<std::string>("auto_pad"), node.op(), stride,
                           to_string(node.dims(0)));
      const std::int64_t windows = (window.input[axis] + stride - 1) / stride;
      total = std::max<std::int64_t>(0, (windows - 1) * stride + reach - window.input[axis]);
    }
    split_padding(window, axis, total, odd_first);
  }
}

/// The number of windows along `axis`.
std::int64_t window_count(const WindowGeometry& window, const NodeView& node, std::size_t axis,
                          bool ceil_mode) {
  const std::int64_t stride = window.strides[axis];
  const std::int64_t begin = window.pads_begin[axis];
  const std::int64_t room = window.input[axis] + begin + window.pads_end[axis] - window.reach(axis);
  node.check(room >= 0 && window.input[axis] > 0,
             "no window of {} fits: it covers [{}, {}], the input is {} with padding [{}, {}] and "
             "[{}, {}]",
             node.op(), window.reach(0), window.reach(1), to_string(node.dims(0)),
             window.pads_begin[0], window.pads_begin[1], window.pads_end[0], window.pads_end[1]);
  if (!ceil_mode) return room / stride + 1;
  const std::int64_t count = (room + stride - 1) / stride + 1;
  const bool last_starts_in_padding = (count - 1) * stride >= window.input[axis] + begin;
  return last_starts_in_padding ? count - 1 : count;
}

enum class AutoPad : std::uint8_t { kExplicit, kValid, kSameUpper, kSameLower };

AutoPad auto_pad(const NodeView& node) {
  const auto& word = node.attribute<std::string>("auto_pad");
  if (word == "NOTSET" || word.empty()) return AutoPad::kExplicit;
  if (word == "VALID") return AutoPad::kValid;
  if (word == "SAME_UPPER") return AutoPad::kSameUpper;
  if (word == "SAME_LOWER") return AutoPad::kSameLower;
  node.fail(ErrorCode::kParse,
            "auto_pad of {} is '{}', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER", node.op(),
            word);
}

}  // namespace

WindowGeometry window_geometry(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  WindowGeometry window = without_padding(view);
  const AutoPad padding = auto_pad(view);
  const bool is_same = padding == AutoPad::kSameUpper || padding == AutoPad::kSameLower;
  if (padding == AutoPad::kExplicit) set_explicit_padding(window, view);
  if (is_same) set_same_padding(window, view, padding == AutoPad::kSameLower);
  if (node.op != "Conv") {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      view.check(std::max(window.pads_begin[axis], window.pads_end[axis]) < window.reach(axis),
                 "pads of {} must be smaller than its window [{}, {}]: a window would hold padding "
                 "only",
                 node.op, window.reach(0), window.reach(1));
    }
  }
  const auto* ceil_mode = view.find_attribute<std::int64_t>("ceil_mode");
  for (std::size_t axis = 0; axis < 2; ++axis) {
    if (window.input[axis] < 0) continue;
    window.output[axis] =
        window_count(window, view, axis, !is_same && ceil_mode != nullptr && *ceil_mode != 0);
  }
  return window;
}

WindowGeometry transposed_window_geometry(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  WindowGeometry window = without_padding(view);
  const AutoPad padding = auto_pad(view);
  const bool is_same = padding == AutoPad::kSameUpper || padding == AutoPad::kSameLower;
  const Pair extra = pair(view, "output_padding", 0, {0, 0});
  const Pair wanted = pair(view, "output_shape", 1, {0, 0});
  if (padding == AutoPad::kExplicit && wanted[0] == 0) set_explicit_padding(window, view);

  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t stride = window.strides[axis];
    const std::int64_t input = window.input[axis];
    view.check(extra[axis] < std::max(stride, window.dilations[axis]),
               "output_padding of {} is {}, must be smaller than its stride or dilation", node.op,
               extra[axis]);
    if (input < 0) {
      view.check_supported(wanted[axis] == 0 && !is_same,
                           "the padding of {} follows from the extent, but the input is {}",
                           node.op, to_string(view.dims(0)));
      continue;
    }
    view.check(input > 0, "the input of {} is empty: {}", node.op, to_string(view.dims(0)));
    const std::int64_t full = stride * (input - 1) + extra[axis] + window.reach(axis);
    if (wanted[axis] > 0 || is_same) {
      const std::int64_t output = wanted[axis] > 0 ? wanted[axis] : input * stride;
      split_padding(window, axis, std::max<std::int64_t>(0, full - output),
                    padding != AutoPad::kSameUpper);
      window.output[axis] = output;
    } else {
      window.output[axis] = full - window.pads_begin[axis] - window.pads_end[axis];
      view.check(window.output[axis] > 0, "the padding of {} leaves no output", node.op);
    }
  }
  return window;
}

}  // namespace quern
