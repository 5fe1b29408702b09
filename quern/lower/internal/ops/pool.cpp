// Pools: the largest of a window, or its mean.
#include <cmath>

#include "quern/lower/fixed_point.h"
#include "quern/lower/internal/catalog.h"
#include "quern/lower/internal/window.h"
#include "quern/lower/refusal.h"
#include "quern/ops/window_geometry.h"

namespace quern::internal {
namespace {

/// acc = Σ (x − zero point) over the taps of a window that lie inside.
class AverageSource : public Source {
 public:
  /// @param counts_all  Whether the mean divides by all taps, not by those inside.
  AverageSource(const Node& node, TensorIndex input, const QuernWindow& window, bool counts_all,
                const Extents& output)
      : node_(node), input_(input), window_(window), counts_all_(counts_all), output_(output) {}

  Extents extents() const override { return output_; }

  TensorIndex emit(Lowering& lowering, const Epilogue& epilogue,
                   const Target& target) const override {
    if (!target.grid)
      refuse(node_, "a mean that is on no grid", "a Quant behind it can be lowered");
    const std::optional<Line> line = epilogue.line(0);
    if (epilogue.is_per_channel() || !line || line->offset != 0) {
      refuse(node_, "factors per channel, terms or functions between a mean and its grid",
             "a Quant in front of them can be lowered");
    }
    IntOp op{.layer = node_.layer, .inputs = {input_}};
    op.kind = IntAveragePool{window_, requantization(lowering, *line, *target.grid)};
    op.output =
        lowering.add_tensor(tensor_name(lowering.graph, target.value), output_, *target.grid);
    const TensorIndex output = op.output;
    lowering.add_op(std::move(op));
    return output;
  }

 private:
  Requantization requantization(const Lowering& lowering, const Line& line,
                                const Grid& grid) const {
    const bool rounds_down = grid.spec.rounding == Rounding::kFloor ||
                             lowering.options.rounding == RequantizeRounding::kFloor;
    if ((grid.spec.rounding != Rounding::kHalfEven && !rounds_down) || grid.spec.is_bipolar()) {
      refuse(node_, "a mean whose grid rounds neither to nearest nor down",
             "rounding to nearest can be lowered");
    }
    Requantization to{.rounding = rounds_down ? kQuernFloor : kQuernNearest,
                      .low = grid.code_of(static_cast<float>(line.low)),
                      .high = grid.code_of(static_cast<float>(line.high))};
    const std::int32_t taps = window_.height * window_.width;
    const double factor =
        line.multiplier * double{lowering.grid(input_).scale} / double{grid.scale};
    for (std::int32_t n = counts_all_ ? taps : 1; n <= taps; ++n) {
      const std::optional<FixedPoint> multiplier = fixed_point(factor / n);
      if (!multiplier) {
        refuse(node_, fmt::format("a multiplier of {:.3g}", factor / n),
               "one below 2^30 can be lowered");
      }
      to.multiplier.push_back(multiplier->multiplier);
      to.shift.push_back(multiplier->shift);
    }
    return to;
  }

  Node node_;
  TensorIndex input_;
  QuernWindow window_;
  bool counts_all_;
  Extents output_;
};

/// The output of a pool that moves codes.
void add_max_pool(Lowering& lowering, const Node& node, TensorIndex input,
                  const QuernWindow& window) {
  const std::string& name = tensor_name(lowering.graph, node.outputs[0]);
  const Grid grid = lowering.grid(input);
  const TensorIndex output =
      lowering.add_tensor(name, extents_of(lowering.graph, node.outputs[0]), grid);
  lowering.add_op(
      {.layer = node.layer, .inputs = {input}, .output = output, .kind = IntMaxPool{window}});
  lowering.set(node.outputs[0], output);
}

/// Whether every window lies inside of the input.
bool is_inside(const WindowGeometry& geometry) {
  for (const std::size_t axis : {0, 1}) {
    const std::int64_t end =
        (geometry.output[axis] - 1) * geometry.strides[axis] + geometry.reach(axis);
    if (geometry.pads_begin[axis] != 0 || end > geometry.input[axis]) return false;
  }
  return true;
}

/// Whether the last window reaches beyond the pads that the node states.
bool is_beyond_pads(const WindowGeometry& geometry) {
  for (const std::size_t axis : {0, 1}) {
    const std::int64_t end =
        (geometry.output[axis] - 1) * geometry.strides[axis] + geometry.reach(axis);
    if (end > geometry.pads_begin[axis] + geometry.input[axis] + geometry.pads_end[axis]) {
      return true;
    }
  }
  return false;
}

}  // namespace

void lower_max_pool(Lowering& lowering, const Node& node) {
  const TensorIndex input = lowering.codes(node, 0);
  check_is_picture(lowering, node, input);
  if (node.outputs.size() > 1) {
    refuse(node, "the positions of the largest elements", "a MaxPool of one output can be lowered");
  }
  add_max_pool(lowering, node, input, runtime_window(window_geometry(lowering.graph, node)));
}

void lower_average_pool(Lowering& lowering, const Node& node) {
  const Graph& graph = lowering.graph;
  const TensorIndex input = lowering.codes(node, 0);
  check_is_picture(lowering, node, input);
  const WindowGeometry geometry = window_geometry(graph, node);
  const bool counts_pads = graph.attribute_or<std::int64_t>(node.id, "count_include_pad", 0) != 0;
  if (counts_pads && is_beyond_pads(geometry)) {
    refuse(node, "count_include_pad with a last window that reaches beyond the pads",
           "ceil_mode = 0 can be lowered");
  }
  const bool counts_all = counts_pads || is_inside(geometry);
  lowering.set(node.outputs[0], Pending{std::make_shared<AverageSource>(
                                            node, input, runtime_window(geometry), counts_all,
                                            extents_of(graph, node.outputs[0])),
                                        {}});
}

void lower_global_pool(Lowering& lowering, const Node& node) {
  const TensorIndex input = lowering.codes(node, 0);
  check_is_picture(lowering, node, input);
  const Extents from = lowering.extents(input);
  const QuernWindow window = whole_window(from.height, from.width);
  if (node.op == "GlobalMaxPool") return add_max_pool(lowering, node, input, window);
  lowering.set(node.outputs[0],
               Pending{std::make_shared<AverageSource>(node, input, window, /*counts_all=*/true,
                                                       Extents{1, 1, from.channels}),
                       {}});
}

}  // namespace quern::internal
