#include "quern/calibrate/calibrate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "quern/analysis/sample_mixing.h"
#include "quern/base/error.h"
#include "quern/base/progress.h"
#include "quern/calibrate/activation_sweep.h"
#include "quern/calibrate/bias_headroom.h"
#include "quern/quant/rules.h"

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

/// Counts what carries no information, over all layers, for one note of its kind.
struct DeadCount {
  std::size_t count = 0;  ///< Channels or activations.
  std::vector<std::string> layers;

  void add(const std::string& layer, std::size_t found) {
    if (found == 0) return;
    count += found;
    layers.push_back(layer);
  }

  /// "'a'", or "3 layers, the first is 'a'".
  std::string where() const {
    if (layers.size() == 1) return fmt::format("'{}'", layers[0]);
    return fmt::format("{} layers, the first is '{}'", layers.size(), layers[0]);
  }
};

std::size_t dead_channels(const QuantSpec& spec, const std::vector<float>& scales) {
  return static_cast<std::size_t>(std::ranges::count(scales, scale_of(0, spec)));
}

/// The method that a weight's quantizer requests, or that of all.
WeightMethod method_of(const ThresholdRequest& request, const CalibrateOptions& options) {
  const WeightMethod method =
      request.method ? weight_method_from(*request.method) : options.weight_method;
  require(!request.percentile || method == WeightMethod::kPercentile,
          "weight_percentile {} is requested, but weight_method '{}' reads none",
          request.percentile.value_or(0), name(method));
  return method;
}

void calibrate_weights(const Graph& graph, const CalibrateOptions& options, Demands& demands,
                       std::vector<std::string>& notes) {
  DeadCount dead;
  for (const NodeId id : graph.nodes_of("Quant")) {
    const Node& quant = graph.node(id);
    const Quantizer& entry = graph.quantizer(quant.quantizer);
    if (!graph.is_constant(quant.inputs[0]) || !entry.scale) continue;
    if (!graph.scale(entry.scale).values.empty()) continue;
    const std::vector<float> scales = with_context(fmt::format("layer '{}'", quant.layer), [&] {
      return weight_scale(*graph.value(quant.inputs[0]).constant, entry.spec,
                          method_of(entry.threshold, options),
                          entry.threshold.percentile.value_or(options.weight_percentile));
    });
    dead.add(quant.layer, dead_channels(entry.spec, scales));
    demand(graph, demands, entry, scales);
  }
  if (dead.count == 0) return;
  notes.push_back(fmt::format("{} weight scale{} to weights of 0, or next to it, only, in {}",
                              dead.count, dead.count == 1 ? " belongs" : "s belong", dead.where()));
}

void calibrate_activations(const Graph& graph, const std::vector<Sample>& samples,
                           const CalibrateOptions& options, Demands& demands,
                           CalibrationReport& report) {
  check_percentile(options.percentile, "calibrate");
  ActivationSweep sweep(graph, options.observer, {.percentile = options.percentile}, samples.size(),
                        options.shown);
  if (sweep.empty()) return;
  require(!samples.empty(), "calibration needs at least one picture");
  Progress progress("calibrating", samples.size());
  const LoaderOptions loader = within_memory(options.loader, sweep.bytes_per_sample());
  const LoaderReport loaded = for_each_batch(samples, loader, [&](int worker, const Batch& batch) {
    if (!batch.samples.empty()) {
      sweep.add(worker, batch.images, [&](ValueId value, const TensorView& view) {
        options.look_on(batch, value, view);
      });
    }
    progress.advance(batch.samples.size());
  });
  report.images = loaded.images;
  report.skipped = loaded.skipped;
  require(loaded.images > 0, "none of the {} calibration pictures could be read", samples.size());
  if (loaded.images == 1) {
    report.notes.emplace_back("calibrated on one picture: its ranges need not be those of others");
  }
  DeadCount dead;
  for (const ObservedThreshold& observed : sweep.thresholds()) {
    const Quantizer& entry = graph.quantizer(observed.quantizer);
    if (!std::isfinite(observed.threshold)) {
      fail(ErrorCode::kParse, "layer '{}': an activation is infinite", observed.layer);
    }
    dead.add(observed.layer, observed.threshold < kThresholdFloor ? 1 : 0);
    demand(graph, demands, entry, {scale_of(observed.threshold, entry.spec)});
  }
  if (dead.count > 0) {
    report.notes.push_back(
        fmt::format("the activation is 0, or next to it, on every picture in {}", dead.where()));
  }
}

}  // namespace

CalibrationReport calibrate(Graph& graph, const std::vector<Sample>& samples,
                            const CalibrateOptions& options) {
  check_samples_stay_apart(graph);
  CalibrationReport report;
  Demands demands;
  calibrate_weights(graph, options, demands, report.notes);
  calibrate_activations(graph, samples, options, demands, report);
  std::set<ScaleId> found;
  for (auto& [scale, values] : demands) {
    graph.scale(scale).values = std::move(values);
    found.insert(scale);
  }
  for (const std::string& layer : give_biases_headroom(graph, found)) {
    report.notes.push_back(fmt::format(
        "'{}': weights get a coarser scale than they need, since the bias does not fit a finer one",
        layer));
  }
  return report;
}

}  // namespace quern
