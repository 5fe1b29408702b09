// Add, Sub and Concat: what joins activations.
#include <algorithm>
#include <cmath>

#include "quern/engine/accumulator_bound.h"
#include "quern/lower/internal/catalog.h"
#include "quern/lower/output_stage.h"
#include "quern/lower/refusal.h"
#include "quern/ops/node_view.h"

namespace quern::internal {
namespace {

/// Bits of the larger factor where the scales of an Add differ. Two codes of 8 bits times it make
/// 2^30; the smaller factor is exact to 2^−21, less than a thousandth of a code of any sum.
constexpr int kFactorBits = 21;

/// acc = (a − z_a) · factor_a + (b − z_b) · factor_b.
class SumSource : public Source {
 public:
  /// @param sign  −1 of a Sub.
  SumSource(const Lowering& lowering, const Node& node, std::int32_t sign)
      : node_(node),
        a_(lowering.codes(node, 0)),
        b_(lowering.codes(node, 1)),
        extents_(lowering.extents(a_)) {
    if (extents_ != lowering.extents(b_)) {
      refuse(node, "two inputs of different extents", "inputs of one shape can be lowered");
    }
    const double scale_a = lowering.grid(a_).scale;
    const double scale_b = lowering.grid(b_).scale;
    step_ = scale_a;
    if (scale_a != scale_b) step_ = std::ldexp(std::max(scale_a, scale_b), -kFactorBits);
    factor_a_ = static_cast<std::int32_t>(std::lround(scale_a / step_));
    factor_b_ = sign * static_cast<std::int32_t>(std::lround(scale_b / step_));
  }

  Extents extents() const override { return extents_; }

  TensorIndex emit(Lowering& lowering, const Epilogue& epilogue,
                   const Target& target) const override {
    if (!target.grid) refuse(node_, "a sum that is on no grid", "a Quant behind it can be lowered");
    const Grid a = lowering.grid(a_);
    const Grid b = lowering.grid(b_);
    const Accumulator sums{.step = {step_}, .reach = {reach(a, b)}};
    OutputStage stage = output_stage(node_, sums, epilogue, *target.grid, extents_.channels,
                                     /*bias_per_channel=*/false, lowering.options);
    if (!stage.note.empty()) lowering.note(node_.layer, stage.note);
    const std::int32_t sign = stage.sign[0];
    IntAdd add{.factor_a = sign * factor_a_,
               .factor_b = sign * factor_b_,
               .requantization = std::move(stage.requantization)};
    const std::int64_t bias = stage.bias[0] - std::int64_t{a.stored_zero()} * add.factor_a -
                              std::int64_t{b.stored_zero()} * add.factor_b;
    add.bias = static_cast<std::int32_t>(std::clamp<std::int64_t>(bias, INT32_MIN, INT32_MAX));
    const std::int64_t bound = accumulator_bound(add, a.stored_bits(), b.stored_bits());
    if (bound >= kAccumulatorEnd) {
      refuse(node_, fmt::format("its accumulator could reach {}, which int32 does not hold", bound),
             "fold = thresholds, which has no bias, can be lowered");
    }
    lowering.report.bounds.push_back({node_.layer, bound});
    const TensorIndex output =
        lowering.add_tensor(tensor_name(lowering.graph, target.value), extents_, *target.grid);
    lowering.add_op(
        {.layer = node_.layer, .inputs = {a_, b_}, .output = output, .kind = std::move(add)});
    return output;
  }

 private:
  /// Of all stored codes.
  Reach reach(const Grid& a, const Grid& b) const {
    Reach reach;
    const auto extend = [&](const Grid& grid, std::int64_t factor) {
      const std::int64_t ends[] = {factor * -grid.stored_zero(),
                                   factor * ((1 << grid.stored_bits()) - 1 - grid.stored_zero())};
      reach.low += std::min(ends[0], ends[1]);
      reach.high += std::max(ends[0], ends[1]);
    };
    extend(a, factor_a_);
    extend(b, factor_b_);
    return reach;
  }

  Node node_;
  TensorIndex a_;
  TensorIndex b_;
  Extents extents_;
  double step_ = 1;
  std::int32_t factor_a_ = 1;
  std::int32_t factor_b_ = 1;
};

/// The grid that stores the codes of all inputs: that of the widest.
Grid common_grid(const Lowering& lowering, const Node& node,
                 const std::vector<TensorIndex>& inputs) {
  Grid widest = lowering.grid(inputs[0]);
  for (const TensorIndex input : inputs) {
    const Grid& grid = lowering.grid(input);
    if (grid.scale != widest.scale || grid.zero_point != widest.zero_point) {
      refuse(node, "inputs on different scales",
             "inputs that share one scale and zero point can be lowered");
    }
    if (grid.spec.is_signed != lowering.grid(inputs[0]).spec.is_signed) {
      refuse(node, "signed and unsigned inputs", "inputs of one sign can be lowered");
    }
    if (grid.spec.bits > widest.spec.bits) widest = grid;
  }
  return widest;
}

}  // namespace

void lower_add(Lowering& lowering, const Node& node) {
  const Graph& graph = lowering.graph;
  const bool has_constant = graph.constant_behind(node.inputs[0]) != nullptr ||
                            graph.constant_behind(node.inputs[1]) != nullptr;
  if (has_constant) return lower_affine(lowering, node);
  lowering.set(node.outputs[0],
               Pending{std::make_shared<SumSource>(lowering, node, node.op == "Sub" ? -1 : 1), {}});
}

void lower_concat(Lowering& lowering, const Node& node) {
  const NodeView view(lowering.graph, node);
  std::vector<TensorIndex> inputs;
  Extents output;
  output.channels = 0;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    inputs.push_back(lowering.codes(node, i));
    const Extents part = lowering.extents(inputs.back());
    if (i == 0) output = {part.height, part.width, 0};
    output.channels += part.channels;
  }
  const std::size_t rank = lowering.graph.value(node.outputs[0]).dims->size();
  const bool is_along_channels = view.axis(view.attribute<std::int64_t>("axis"), rank) == 1;
  if (!is_along_channels || output != extents_of(lowering.graph, node.outputs[0])) {
    refuse(node, "parts that are not channels of one picture", "axis 1 can be lowered");
  }
  const Grid grid = common_grid(lowering, node, inputs);
  for (TensorIndex& input : inputs) input = lowering.stored_as(input, grid);
  const TensorIndex tensor =
      lowering.add_tensor(tensor_name(lowering.graph, node.outputs[0]), output, grid);
  lowering.add_op(
      {.layer = node.layer, .inputs = std::move(inputs), .output = tensor, .kind = IntConcat{}});
  lowering.set(node.outputs[0], tensor);
}

}  // namespace quern::internal
