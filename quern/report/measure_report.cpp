#include "quern/report/measure_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "quern/analysis/dataflow.h"
#include "quern/analysis/layer_groups.h"
#include "quern/base/error.h"
#include "quern/evaluate/layer_errors.h"
#include "quern/evaluate/output_reference.h"
#include "quern/ops/op_def.h"
#include "quern/report/changes.h"
#include "quern/report/internal/bins.h"
#include "quern/report/weight_figures.h"

namespace quern {
namespace {

std::string shape_text(const Graph& graph, ValueId value) {
  const auto& dims = graph.value(value).dims;
  return dims ? to_string(*dims) : "";
}

/// "3×3 depthwise, stride 2": what tells one convolution from another.
std::string kind_of(const Graph& graph, const Node& node, const Shape& weight) {
  if (weight.size() != 4 || !node.op.starts_with("Conv")) return "";
  std::string kind = fmt::format("{}×{}", weight[2], weight[3]);
  const RuleSubject subject = rule_subject(graph, node);
  if (subject.depthwise) {
    kind += " depthwise";
  } else if (subject.groups > 1) {
    kind += fmt::format(", {} groups", subject.groups);
  }
  const auto strides = graph.attribute_or<std::vector<std::int64_t>>(node.id, "strides", {1, 1});
  if (std::ranges::any_of(strides, [](std::int64_t stride) { return stride != 1; })) {
    kind += strides[0] == strides[1] ? fmt::format(", stride {}", strides[0])
                                     : fmt::format(", stride {}×{}", strides[0], strides[1]);
  }
  return kind;
}

class Layers {
 public:
  Layers(const Graph& graph, const Graph& reference, const LayerErrors& errors)
      : graph_(graph), reference_(reference), errors_(errors), groups_(layer_groups(graph)) {
    for (const LayerGroup& group : layer_groups(reference)) {
      if (group.weight) float_weights_[group.layer] = *group.weight;
    }
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      for (const NodeId node : groups_[i].nodes) group_of_[node] = static_cast<std::int64_t>(i);
    }
  }

  std::vector<LayerFigures> figures() const {
    std::vector<LayerFigures> layers;
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      layers.push_back(of_graph(groups_[i]));
      add_weight(groups_[i], layers.back());
      add_errors(groups_[i], errors_.layers.at(i), layers.back());
    }
    return layers;
  }

 private:
  LayerFigures of_graph(const LayerGroup& group) const {
    LayerFigures layer{.layer = group.layer, .op = group.op};
    const Node& first = graph_.node(group.nodes.front());
    layer.macs = macs_per_sample(graph_, first);
    if (group.output) layer.output_shape = shape_text(graph_, *group.output);
    if (group.weight) {
      const Shape& shape = graph_.value(*group.weight).constant->shape();
      layer.weight_shape = to_string(shape);
      layer.weights = element_count(shape);
      layer.kind = kind_of(graph_, first, shape);
    }
    for (const ValueId input : group.inputs) {
      const Node* producer = graph_.producer(input);
      // What is computed from constants alone is in no group.
      const auto found = producer != nullptr ? group_of_.find(producer->id) : group_of_.end();
      if (found != group_of_.end()) layer.inputs.push_back(found->second);
    }
    return layer;
  }

  void add_weight(const LayerGroup& group, LayerFigures& layer) const {
    const std::optional<WeightOnGrid> weight = weight_on_grid(graph_, group);
    if (!weight) return;
    layer.weight = grid_figures(graph_, group.weight_grid);
    const auto found = float_weights_.find(group.layer);
    if (found == float_weights_.end()) return;
    const Tensor& reference = *reference_.value(found->second).constant;
    if (reference.shape() != weight->weight.shape()) return;
    layer.weight = weight_figures(*layer.weight, *weight, reference);
    layer.weight_sqnr_db = weight_sqnr_db(*weight, reference);
  }

  void add_errors(const LayerGroup& group, const LayerError& error, LayerFigures& layer) const {
    layer.alone_db = error.alone_db;
    layer.effect_db = error.effect_db;
    layer.together_db = error.together_db;
    if (!group.output_grid) return;
    layer.activation = grid_figures(graph_, group.output_grid);
    layer.activation->value_low = double{error.low.value_or(0)};
    layer.activation->value_high = double{error.high.value_or(0)};
    if (error.on_grid) {
      internal::set_tally(*layer.activation, error.on_grid->float_values, error.on_grid->codes);
    }
  }

  const Graph& graph_;
  const Graph& reference_;
  const LayerErrors& errors_;
  std::vector<LayerGroup> groups_;
  std::map<std::string, ValueId> float_weights_;
  std::map<NodeId, std::int64_t> group_of_;
};

/// The network whose weights are still float in front of their Quants.
const Graph& reference_of(const ReportRequest& request) {
  const auto found = std::ranges::find_if(
      request.steps, [](const ReportStep& step) { return !step.graph.nodes_of("Quant").empty(); });
  require(found != request.steps.end(),
          "a report needs the network after at least one calibration");
  return found->graph;
}

/// One sentence where all values of an activation fall into one bin: it tells nothing, and whatever
/// looks at how inputs vary finds nothing in it.
void note_constant_activations(const std::vector<LayerFigures>& layers,
                               std::vector<std::string>& notes) {
  std::vector<std::string> found;
  for (const LayerFigures& layer : layers) {
    if (!layer.activation || !layer.activation->after) continue;
    const auto& counts = layer.activation->after->counts;
    if (std::ranges::count_if(counts, [](std::uint64_t one) { return one > 0; }) != 1) continue;
    found.push_back(layer.layer);
  }
  if (found.empty()) return;
  notes.push_back(fmt::format(
      "all but constant on the report's pictures: the activation of '{}'{}", found.front(),
      found.size() > 1 ? fmt::format(" and of {} more", found.size() - 1) : ""));
}

/// @param has_logits  Whether there is anything to measure at the outputs.
std::vector<StepFigures> steps_of(const ReportRequest& request, bool has_logits) {
  const Graph& reference = reference_of(request);
  const OutputReference logits(request.loaded, request.samples, request.loader);
  std::vector<StepFigures> steps;
  const Graph* before = &request.loaded;
  for (const ReportStep& step : request.steps) {
    steps.push_back({.name = step.name, .output_db = {}, .changes = {}, .notes = step.notes});
    if (has_logits) steps.back().output_db = std::clamp(logits.sqnr_db(step.graph), -300.0, 300.0);
    if (&step.graph != &reference) {
      steps.back().changes = changes_between(*before, step.graph, reference);
    }
    before = &step.graph;
  }
  return steps;
}

}  // namespace

RunReport measure_report(const ReportRequest& request) {
  const Graph& reference = reference_of(request);
  Graph graph = request.steps.back().graph;
  infer_shapes(graph);
  const LayerErrors errors =
      measure_layer_errors(graph, reference, request.samples, request.loader);

  RunReport report{.network = request.network, .settings = request.settings};
  report.calibration_images = static_cast<std::int64_t>(request.calibration_images);
  report.report_images = static_cast<std::int64_t>(errors.images);
  report.is_held_back = request.is_held_back;
  report.quantizers = std::ssize(graph.nodes_of("Quant"));
  report.accuracy = request.accuracy;
  report.steps = steps_of(request, errors.output_db.has_value());
  report.output_db = report.steps.back().output_db;
  report.layers = Layers(graph, reference, errors).figures();
  report.notes = request.notes;
  note_constant_activations(report.layers, report.notes);
  for (const LayerFigures& layer : report.layers) {
    report.weights += layer.weights;
    report.weight_bits += layer.weights * (layer.weight ? layer.weight->bits : 32);
  }
  return report;
}

}  // namespace quern
