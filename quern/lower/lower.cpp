#include "quern/lower/lower.h"

#include <algorithm>
#include <array>
#include <utility>

#include "quern/analysis/dataflow.h"
#include "quern/base/error.h"
#include "quern/engine/check.h"
#include "quern/engine/memory_plan.h"
#include "quern/engine/schedule.h"
#include "quern/lower/internal/catalog.h"
#include "quern/lower/internal/input.h"
#include "quern/lower/provenance.h"
#include "quern/lower/refusal.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

constexpr std::array<std::string_view, 3> kFolds = {"weights", "icn", "thresholds"};
constexpr std::array<std::string_view, 2> kRoundings = {"nearest", "floor"};

void lower_node(internal::Lowering& lowering, const Node& node) {
  // What only constants decide is read where it is used.
  if (activation_inputs(lowering.graph, node).empty()) return;
  const internal::LowerOp lower = internal::find_lowering(node.op);
  if (lower == nullptr) {
    refuse(node, "the op has no integer form", internal::alternative_to(node.op));
  }
  lower(lowering, node);
}

/// The tensor of an output of the network; what is still without a grid stays accumulators.
TensorIndex output_tensor(internal::Lowering& lowering, ValueId output) {
  const internal::Lowered& lowered = lowering.at(output);
  if (const auto* tensor = std::get_if<TensorIndex>(&lowered)) return *tensor;
  const auto& pending = std::get<internal::Pending>(lowered);
  return pending.source->emit(lowering, pending.epilogue, {output, std::nullopt});
}

/// A picture of any size gets the one that it is cropped to.
void fix_picture(Graph& graph) {
  if (!graph.preprocessing) return;
  for (const ValueId id : graph.inputs()) {
    const Value& input = graph.value(id);
    if (!input.dims || input.dims->size() != 4) continue;
    Dims dims = *input.dims;
    for (const std::size_t axis : {2, 3}) {
      if (!dims[axis].is_fixed()) dims[axis] = {graph.preprocessing->crop, ""};
    }
    graph.set_type(id, input.dtype, std::move(dims));
  }
}

/// Lets the engine say what of a finished model it can not run: a picture of too many pixels.
void plan(IntModel& model) {
  model.schedule = schedule_layers(model);
  try {
    check_ops(model);
    model.memory = plan_memory(model);
    check(model);
  } catch (const Error& error) {
    fail(ErrorCode::kUnsupported, "cannot lower the network: {}", error.what());
  }
}

}  // namespace

std::string_view name(Fold fold) { return kFolds[static_cast<std::size_t>(fold)]; }

Fold fold_from(std::string_view name) {
  const auto* found = std::ranges::find(kFolds, name);
  require(found != kFolds.end(), "fold '{}' does not exist, expected weights, icn or thresholds",
          name);
  return static_cast<Fold>(found - kFolds.begin());
}

std::string_view name(RequantizeRounding rounding) {
  return kRoundings[static_cast<std::size_t>(rounding)];
}

RequantizeRounding requantize_rounding_from(std::string_view name) {
  const auto* found = std::ranges::find(kRoundings, name);
  require(found != kRoundings.end(), "rounding '{}' does not exist, expected nearest or floor",
          name);
  return static_cast<RequantizeRounding>(found - kRoundings.begin());
}

LoweredModel lower(const Graph& graph, const LowerOptions& options) {
  Graph inferred = graph;
  fix_picture(inferred);
  infer_shapes(inferred);
  internal::Lowering lowering(inferred, options);
  internal::lower_inputs(lowering);
  for (const NodeId id : inferred.nodes()) lower_node(lowering, inferred.node(id));
  for (const ValueId output : inferred.outputs()) {
    lowering.model.outputs.push_back(output_tensor(lowering, output));
  }
  internal::finish_inputs(lowering);
  Provenance provenance{.options = options,
                        .network = graph.name,
                        .preprocessing = graph.preprocessing,
                        .label_offset = graph.label_offset};
  for (const ValueId output : inferred.outputs()) {
    provenance.outputs.push_back(inferred.value(output).name);
  }
  lowering.model.provenance = to_texts(provenance);
  plan(lowering.model);
  return {std::move(lowering.model), std::move(lowering.report)};
}

}  // namespace quern
