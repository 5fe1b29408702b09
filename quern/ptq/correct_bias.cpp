#include "quern/ptq/correct_bias.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "quern/analysis/sizes.h"
#include "quern/base/error.h"
#include "quern/base/parallel.h"
#include "quern/base/progress.h"
#include "quern/evaluate/output_reference.h"
#include "quern/passes/place_quantizers.h"
#include "quern/ptq/float_means.h"
#include "quern/ptq/internal/column_sum.h"
#include "quern/ptq/internal/weight_grid.h"
#include "quern/ptq/internal/weighted_layer.h"

namespace quern {
namespace {

using internal::weight_matrices;
using internal::WeightedLayer;
using internal::WeightGrid;

bool has_bias(const Graph& graph, const WeightedLayer& layer) {
  const std::vector<ValueId>& inputs = graph.node(layer.node).inputs;
  return inputs.size() > 2 && inputs[2];
}

/// Why the bias of a layer can not be corrected; empty where it can.
std::string obstacle(const Graph& graph, const WeightedLayer& layer) {
  const Node& node = graph.node(layer.node);
  if (!WeightGrid::of(graph, layer)) return "its weight's grid is bipolar or has a zero point";
  if (node.op == "MatMul") return "a MatMul has no bias";
  if (has_bias(graph, layer) && graph.constant_behind(node.inputs[2]) == nullptr) {
    return "its bias is computed";
  }
  if (graph.attribute_or(node.id, "alpha", 1.0F) != 1 ||
      graph.attribute_or(node.id, "beta", 1.0F) != 1) {
    return "it multiplies by an alpha or beta";
  }
  return "";
}

/// The layers whose bias is corrected; those with rounded weights that can have none are noted.
std::vector<WeightedLayer> corrected_layers(const Graph& graph, PtqReport& report) {
  const auto note = [&](const std::string& layer, const std::string& reason) {
    report.notes.push_back(fmt::format("correct_bias left '{}' as it is: {}", layer, reason));
  };
  for (const NodeId id : internal::other_layers(graph)) {
    note(graph.node(id).layer, fmt::format("no form of its {} is known", graph.node(id).op));
  }
  std::vector<WeightedLayer> layers = internal::weighted_layers(graph);
  std::erase_if(layers, [&](const WeightedLayer& layer) {
    if (!layer.grid) return true;
    const std::string reason = obstacle(graph, layer);
    if (!reason.empty()) note(layer.layer, reason);
    return !reason.empty();
  });
  return layers;
}

/// The Gemms among them that have no bias yet.
std::vector<NodeId> gemms_without_bias(const Graph& graph,
                                       const std::vector<WeightedLayer>& layers) {
  std::vector<NodeId> found;
  for (const WeightedLayer& layer : layers) {
    if (graph.node(layer.node).op == "Gemm" && !has_bias(graph, layer)) found.push_back(layer.node);
  }
  return found;
}

/// What the float network does on the pictures, which are decoded meanwhile.
void look_at(const Graph& reference, CalibrationPictures& pictures, FloatMeans& means) {
  const Plan plan(reference, {.mode = QuantMode::kFloat, .taps = means.values()});
  pictures.load([&](const Batch& batch) {
    const c10::InferenceMode no_gradients;
    plan.run({batch.images},
             [&](ValueId value, const TensorView& view) { means.see(batch, value, view); });
  });
}

/// The mean input column of the walk's next layer.
at::Tensor mean_column(const WeightedLayer& layer, const CalibrationPictures& pictures,
                       ActivationWalk& walk) {
  internal::ColumnMean mean;
  const ActivationWalk::Stop stop = walk.next();
  for_each_lane(pictures.batches(), pictures.threads(), [&](std::size_t, std::size_t batch) {
    const c10::InferenceMode no_gradients;
    stop.run(batch, [&](const TensorView& x) { mean.add(batch, layer, x); });
  });
  return mean.mean();
}

/// The bias of every output channel, float64; zeros where a layer has none.
at::Tensor bias_of(const Graph& graph, const WeightedLayer& layer) {
  at::Tensor bias = at::zeros({layer.groups * layer.outputs}, at::kDouble);
  if (!has_bias(graph, layer)) return bias;
  const ValueId constant = graph.node(layer.node).inputs[2];
  return bias.add_(at::tensor(to_vector<float>(*graph.constant_behind(constant)), at::kDouble));
}

void set_bias(Graph& graph, const WeightedLayer& layer, const at::Tensor& bias) {
  const at::Tensor values = bias.to(at::kFloat).contiguous();
  const std::vector<ValueId> inputs = graph.node(layer.node).inputs;
  Shape shape = {values.numel()};
  // A linear layer may have its bias as a row, on a grid along the row's axis.
  if (has_bias(graph, layer) && graph.constant_behind(inputs[2])->size() == values.numel()) {
    shape = graph.constant_behind(inputs[2])->shape();
  }
  const std::span numbers(values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel()));
  const ValueId constant =
      graph.add_constant(layer.layer + ".bias", Tensor::of<float>(shape, numbers));
  if (inputs.size() < 3) return graph.append_input(layer.node, constant);
  const Node* quant = inputs[2] ? graph.quant_of(inputs[2]) : nullptr;
  if (quant != nullptr) {
    graph.set_input(quant->id, 0, constant);
  } else {
    graph.set_input(layer.node, 2, constant);
  }
}

/// The mean of every output channel of a layer with these weights and this mean input column.
at::Tensor mean_outputs(const at::Tensor& weights, const at::Tensor& column,
                        const at::Tensor& bias) {
  return at::bmm(weights.to(at::kDouble), column.unsqueeze(2)).reshape({-1}) + bias;
}

/// The layers that are corrected, and what their twins in the float network do on average.
struct Correction {
  std::vector<WeightedLayer> layers;
  std::vector<at::Tensor> inputs;   ///< [groups, inputs]
  std::vector<at::Tensor> outputs;  ///< [channels]
};

/// Gives layer `index`, which reads `found` on average, the float network's mean outputs.
void correct(Graph& graph, const Correction& correction, std::size_t index,
             const at::Tensor& found) {
  const WeightedLayer& layer = correction.layers[index];
  const at::Tensor rounded = WeightGrid::of(graph, layer)->round(weight_matrices(graph, layer));
  const at::Tensor bias = bias_of(graph, layer);
  set_bias(graph, layer, bias + correction.outputs[index] - mean_outputs(rounded, found, bias));
}

/// Every layer as if all others were float.
Graph corrected_apart(Graph graph, const Correction& correction) {
  for (std::size_t i = 0; i < correction.layers.size(); ++i) {
    correct(graph, correction, i, correction.inputs[i]);
  }
  return graph;
}

/// Every layer after those before it.
Graph corrected_in_turn(Graph graph, const Correction& correction, CalibrationPictures& pictures) {
  ActivationWalk walk(graph, QuantMode::kFakeQuant, internal::inputs_of(correction.layers),
                      pictures);
  Progress progress("correct_bias", correction.layers.size());
  for (std::size_t i = 0; i < correction.layers.size(); ++i) {
    correct(graph, correction, i, mean_column(correction.layers[i], pictures, walk));
    progress.advance();
  }
  return graph;
}

}  // namespace

PtqReport correct_bias(Graph& graph, const Graph& reference, const CalibrationData& data) {
  require(!data.samples.empty(), "correct_bias needs at least one picture");
  const c10::InferenceMode no_gradients;
  PtqReport report;
  Correction correction = {.layers = corrected_layers(graph, report)};
  const std::vector<WeightedLayer> twins = internal::layers_in(reference, correction.layers);
  CalibrationPictures pictures(data,
                               std::max(bytes_per_sample(graph), bytes_per_sample(reference)));
  std::shared_ptr<const FloatMeans> means = data.float_means;
  if (means != nullptr) {
    pictures.load();
  } else {
    const auto found = std::make_shared<FloatMeans>(reference, data.samples.size());
    look_at(reference, pictures, *found);
    means = found;
  }
  for (const WeightedLayer& twin : twins) {
    const std::vector<double> column = means->mean_column(twin.layer);
    correction.inputs.push_back(at::tensor(column, at::kDouble).reshape({twin.groups, -1}));
    correction.outputs.push_back(mean_outputs(weight_matrices(reference, twin),
                                              correction.inputs.back(), bias_of(reference, twin)));
  }
  Graph apart = corrected_apart(graph, correction);
  Graph in_turn = corrected_in_turn(graph, correction, pictures);
  const OutputReference judge = means->outputs(pictures.threads());
  const std::vector<NodeId> without = gemms_without_bias(graph, correction.layers);
  graph = judge.sqnr_db(in_turn) > judge.sqnr_db(apart) ? std::move(in_turn) : std::move(apart);
  for (const NodeId gemm : without) quantize_bias(graph, gemm);
  report.layers = static_cast<int>(correction.layers.size());
  return report;
}

}  // namespace quern
