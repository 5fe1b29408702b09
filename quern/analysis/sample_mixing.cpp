#include "quern/analysis/sample_mixing.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <string_view>
#include <vector>

#include "quern/base/error.h"
#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/op_def.h"
#include "quern/ops/symbolic_integers.h"

namespace quern {
namespace {

template <std::size_t size>
bool is_one_of(std::string_view op, const std::array<std::string_view, size>& ops) {
  return std::ranges::find(ops, op) != ops.end();
}

/// Elements of all axes but the first; none while one of them is free.
std::optional<std::int64_t> row_size(const std::optional<Dims>& dims) {
  if (!dims || dims->empty()) return std::nullopt;
  const Dim row = product(std::span(*dims).subspan(1));
  return row.is_fixed() ? std::optional(row.size) : std::nullopt;
}

/// Follows the samples from the inputs. In every value that holds them, axis 0 counts rows: those
/// of the first sample, then those of the second, and so on.
class SampleWalk {
 public:
  explicit SampleWalk(const Graph& graph) : graph_(graph) {
    for (const ValueId input : graph.inputs()) rows_[input] = 1;
  }

  /// Whether the node keeps samples apart; notes which outputs hold them.
  bool keeps_apart(const Node& node) {
    const auto first = std::ranges::find_if(node.inputs, [&](ValueId id) { return holds(id); });
    const bool gives_shape = node.op == "Shape" || node.op == "Size";
    if (first == node.inputs.end() || gives_shape) return true;
    std::optional<std::int64_t> rows = rows_.at(*first);
    if (is_one_of<3>(node.op, {"Reshape", "Flatten", "Expand"}) && !holds_input(node, 0)) {
      return true;  // Only a shape is computed.
    }
    if (mixes(node)) return false;
    if (node.op == "Reshape" || node.op == "Flatten") {
      const auto from = row_size(graph_.value(node.inputs[0]).dims);
      const auto to = row_size(graph_.value(node.outputs[0]).dims);
      if (from && to && rows) {
        const std::int64_t elements = saturating_multiply(*from, *rows);
        if (*to == 0 || elements % *to != 0) return false;
        rows = elements / *to;
      } else {
        rows.reset();
      }
    }
    for (const ValueId output : node.outputs) {
      if (output) rows_[output] = rows;
    }
    return true;
  }

 private:
  bool holds(ValueId value) const { return value && rows_.contains(value); }
  bool holds_input(const Node& node, std::size_t index) const {
    return index < node.inputs.size() && holds(node.inputs[index]);
  }

  std::size_t rank(ValueId value) const {
    const auto& dims = graph_.value(value).dims;
    return dims ? dims->size() : 0;
  }

  bool mixes(const Node& node) const {
    const NodeView view(graph_, node);
    const auto begins_with = [&](std::string_view prefix) { return node.op.starts_with(prefix); };
    if (is_one_of<2>(node.op, {"Reshape", "Flatten"})) {
      return node.op == "Flatten" && axis_is_first(node, view.attribute<std::int64_t>("axis"));
    }
    if (begins_with("Conv") || node.op == "Gemm") {
      const bool is_turned = node.op == "Gemm" && view.attribute<std::int64_t>("transA") != 0;
      return is_turned || !holds_input(node, 0) || holds_input(node, 1) || holds_bias(node);
    }
    if (node.op == "MatMul") return mixes_products(node);
    if (node.op == "Transpose") {
      const auto* order = view.find_attribute<std::vector<std::int64_t>>("perm");
      return rank(node.inputs[0]) > 1 && (order == nullptr || order->empty() || order->at(0) != 0);
    }
    if (begins_with("Reduce") || node.op == "Squeeze" || node.op == "Unsqueeze") {
      return changes_first_axis(node, view);
    }
    if (node.op == "Gather" && !holds_input(node, 0)) {
      return !axis_is_first(node, view.attribute<std::int64_t>("axis"));
    }
    if (is_one_of<5>(node.op, {"Concat", "Split", "Gather", "Softmax", "LogSoftmax"})) {
      if (axis_is_first(node, view.attribute<std::int64_t>("axis"))) return true;
      return node.op == "Gather" && holds_input(node, 1);
    }
    if (node.op == "Slice") return cuts_first_axis(node);
    if (node.op == "Tile") return repeats_first_axis(node);
    return mixes_rows(node);
  }

  /// A computed bias of a Gemm may hold a row for each sample; that of a Conv is one for all.
  bool holds_bias(const Node& node) const {
    if (!holds_input(node, 2)) return false;
    return node.op != "Gemm" || rank(node.inputs[2]) != 2;
  }

  bool axis_is_first(const Node& node, std::int64_t axis) const {
    const std::size_t data = node.op == "Gather" || node.inputs.empty() ? 0 : first_held(node);
    return axis == 0 || axis + static_cast<std::int64_t>(rank(node.inputs[data])) == 0;
  }

  std::size_t first_held(const Node& node) const {
    std::size_t index = 0;
    while (!holds_input(node, index)) ++index;
    return index;
  }

  bool mixes_products(const Node& node) const {
    const std::size_t left = rank(node.inputs[0]);
    const std::size_t right = rank(node.inputs[1]);
    if (holds_input(node, 0) && holds_input(node, 1)) {
      return left != right || left < 3 || mixes_rows(node);
    }
    if (holds_input(node, 1)) return right < 3 || left > right;
    return left < 2 || right > left || (left > 2 && mixes_rows(node));
  }

  bool changes_first_axis(const Node& node, const NodeView& view) const {
    std::optional<std::vector<std::int64_t>> axes;
    if (const auto* stored = view.find_attribute<std::vector<std::int64_t>>("axes")) axes = *stored;
    if (!axes && view.has_input(1)) axes = known_integers(graph_, node.inputs[1]);
    if (!axes || axes->empty()) return true;
    const ValueId counted = node.op == "Unsqueeze" ? node.outputs[0] : node.inputs[0];
    const auto rank_counted = static_cast<std::int64_t>(rank(counted));
    return std::ranges::any_of(
        *axes, [&](std::int64_t axis) { return axis == 0 || axis + rank_counted == 0; });
  }

  bool cuts_first_axis(const Node& node) const {
    const auto numbers = [&](std::size_t input) {
      return input < node.inputs.size() && node.inputs[input]
                 ? known_integers(graph_, node.inputs[input])
                 : std::nullopt;
    };
    const auto starts = numbers(1);
    const auto ends = numbers(2);
    auto axes = numbers(3);
    const auto steps = numbers(4);
    if (!axes) {
      axes.emplace(starts ? starts->size() : 1);
      std::iota(axes->begin(), axes->end(), 0);
    }
    for (std::size_t i = 0; i < axes->size(); ++i) {
      if (!axis_is_first(node, (*axes)[i])) continue;
      const bool takes_all = starts && i < starts->size() && (*starts)[i] == 0 && ends &&
                             i < ends->size() &&
                             (*ends)[i] >= std::numeric_limits<std::int32_t>::max() &&
                             (!steps || (i < steps->size() && (*steps)[i] == 1));
      if (!takes_all) return true;
    }
    return false;
  }

  bool repeats_first_axis(const Node& node) const {
    const auto repeats = known_integers(graph_, node.inputs[1]);
    return !repeats || repeats->empty() || repeats->front() != 1;
  }

  /// Elementwise and whatever else computes a row from a row: all inputs that hold samples hold the
  /// same rows, others hold the same for every sample.
  bool mixes_rows(const Node& node) const {
    const std::size_t rank_out = rank(node.outputs[0]);
    const std::optional<std::int64_t> rows = rows_.at(node.inputs[first_held(node)]);
    for (const ValueId input : node.inputs) {
      if (!input) continue;
      const auto& dims = graph_.value(input).dims;
      if (!dims) continue;
      if (holds(input)) {
        const std::optional<std::int64_t> others = rows_.at(input);
        if (dims->size() != rank_out || (rows && others && *rows != *others)) return true;
      } else if (is_elementwise(node) && dims->size() == rank_out && rank_out > 0 &&
                 dims->front().is_fixed() && dims->front().size > 1) {
        return true;  // A constant with a row for each sample.
      }
    }
    const auto& before = graph_.value(node.inputs[first_held(node)]).dims;
    const auto& after = graph_.value(node.outputs[0]).dims;
    if (!before || !after || before->empty() || after->empty()) return false;
    const bool are_known = before->front().is_fixed() && after->front().is_fixed();
    return are_known && before->front().size != after->front().size;
  }

  bool is_elementwise(const Node& node) const {
    return is_one_of<8>(node.op, {"Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "Where"});
  }

  const Graph& graph_;
  std::map<ValueId, std::optional<std::int64_t>> rows_;  ///< A sample's, where they are known.
};

}  // namespace

void check_samples_stay_apart(const Graph& graph) {
  Graph typed = graph;
  infer_shapes(typed);  // A pass may have left values without one.
  SampleWalk walk(typed);
  for (const NodeId id : typed.nodes()) {
    const Node& node = typed.node(id);
    if (walk.keeps_apart(node)) continue;
    fail(ErrorCode::kUnsupported,
         "layer '{}': this {} mixes the samples of a batch; expected a network that answers each "
         "sample alone",
         node.layer, node.op);
  }
}

}  // namespace quern
