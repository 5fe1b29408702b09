#include "quern/calibrate/calibrate.h"

#include <algorithm>
#include <map>

#include "quern/base/error.h"
#include "quern/base/progress.h"
#include "quern/calibrate/activation_sweep.h"

namespace quern {
namespace {

/// Scales asked for so far; merged element by element where several grids share one.
using Demands = std::map<ScaleId, std::vector<float>>;

void demand(const Graph& graph, Demands& demands, const Quantizer& entry,
            const std::vector<float>& values) {
  auto& largest = demands[entry.scale];
  if (largest.empty()) largest = values;
  require(largest.size() == values.size(), "scale '{}' is shared by grids of {} and {} channels",
          graph.scale(entry.scale).name, largest.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) largest[i] = std::max(largest[i], values[i]);
}

void note_dead_channels(const Node& quant, const QuantSpec& spec, const std::vector<float>& scales,
                        std::vector<std::string>& notes) {
  const float floor = scale_of(0, spec);
  const auto dead = std::count(scales.begin(), scales.end(), floor);
  if (dead == 0) return;
  notes.push_back(fmt::format("layer '{}': {} of {} weight scales belong to zeros only",
                              quant.layer, dead, scales.size()));
}

void calibrate_weights(const Graph& graph, WeightMethod method, Demands& demands,
                       std::vector<std::string>& notes) {
  for (const NodeId id : graph.nodes_of("Quant")) {
    const Node& quant = graph.node(id);
    const Quantizer& entry = graph.quantizer(quant.quantizer);
    if (!graph.is_constant(quant.inputs[0]) || !entry.scale) continue;
    if (!graph.scale(entry.scale).values.empty()) continue;
    const std::vector<float> scales = with_context(fmt::format("layer '{}'", quant.layer), [&] {
      return weight_scale(*graph.value(quant.inputs[0]).constant, entry.spec, method);
    });
    note_dead_channels(quant, entry.spec, scales, notes);
    demand(graph, demands, entry, scales);
  }
}

void calibrate_activations(const Graph& graph, const std::vector<Sample>& samples,
                           const CalibrateOptions& options, Demands& demands,
                           CalibrationReport& report) {
  ActivationSweep sweep(graph, options.observer, {.percentile = options.percentile},
                        samples.size());
  if (sweep.empty()) return;
  require(!samples.empty(), "calibration needs at least one picture");
  Progress progress("calibrating", samples.size());
  const LoaderReport loaded =
      for_each_batch(samples, options.loader, [&](int worker, const Batch& batch) {
        if (!batch.samples.empty()) sweep.add(worker, batch.images);
        progress.advance(batch.samples.size());
      });
  report.images = loaded.images;
  report.skipped = loaded.skipped;
  require(loaded.images > 0, "none of the {} calibration pictures could be read", samples.size());
  for (const ObservedThreshold& observed : sweep.thresholds()) {
    const Quantizer& entry = graph.quantizer(observed.quantizer);
    require(observed.threshold < std::numeric_limits<float>::infinity(),
            "layer '{}': an activation is infinite", observed.layer);
    if (observed.threshold < kThresholdFloor) {
      report.notes.push_back(
          fmt::format("layer '{}': the activation is 0 on every picture", observed.layer));
    }
    demand(graph, demands, entry, {scale_of(observed.threshold, entry.spec)});
  }
}

}  // namespace

CalibrationReport calibrate(Graph& graph, const std::vector<Sample>& samples,
                            const CalibrateOptions& options) {
  CalibrationReport report;
  Demands demands;
  calibrate_weights(graph, options.weight_method, demands, report.notes);
  calibrate_activations(graph, samples, options, demands, report);
  for (auto& [scale, values] : demands) graph.scale(scale).values = std::move(values);
  return report;
}

}  // namespace quern
