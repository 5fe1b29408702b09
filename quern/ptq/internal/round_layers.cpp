#include "quern/ptq/internal/round_layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/diagonal.h>
#include <ATen/ops/isfinite.h>
#include <c10/core/InferenceMode.h>

#include <optional>

#include "quern/analysis/sizes.h"
#include "quern/base/error.h"
#include "quern/base/parallel.h"
#include "quern/base/progress.h"

namespace quern::internal {
namespace {

InputMoments moments_at(const WeightedLayer& layer, const CalibrationPictures& pictures,
                        ActivationWalk& walk, std::optional<ActivationWalk>& float_walk) {
  MomentSums sums(layer, pictures.listed());
  const ActivationWalk::Stop quantized = walk.next();
  std::optional<ActivationWalk::Stop> real;
  if (float_walk) real.emplace(float_walk->next());
  for_each_lane(pictures.batches(), pictures.threads(), [&](std::size_t lane, std::size_t batch) {
    const c10::InferenceMode no_gradients;
    quantized.run(batch, [&](const TensorView& x) {
      if (!real) return sums.add(lane, batch, x);
      real->run(batch, [&](const TensorView& y) { sums.add(lane, batch, x, &y); });
    });
  });
  return sums.moments();
}

/// Refuses inputs that no rounding can be judged by.
void check_finite(const std::string& title, const WeightedLayer& layer,
                  const InputMoments& moments) {
  const bool is_finite =
      at::isfinite(moments.quantized).all().item<bool>() &&
      (!moments.mixed.defined() || at::isfinite(moments.mixed).all().item<bool>());
  if (is_finite) return;
  fail(ErrorCode::kParse, "{}: an input of layer '{}' is infinite on the calibration pictures",
       title, layer.layer);
}

/// Inputs that are 0 on every picture, whose weights nothing is known of.
class DeadInputs {
 public:
  void add(const WeightedLayer& layer, const InputMoments& moments) {
    const auto found = (at::diagonal(moments.quantized, 0, 1, 2) == 0).sum().item<std::int64_t>();
    if (found == 0) return;
    if (layers_ == 0) first_ = layer.layer;
    ++layers_;
    inputs_ += found;
  }

  void note(const std::string& title, PtqReport& report) const {
    if (layers_ == 0) return;
    report.notes.push_back(
        fmt::format("{}: {} inputs in {} layers are 0 wherever they were looked at, the first in "
                    "'{}': their weights are rounded plainly",
                    title, inputs_, layers_, first_));
  }

 private:
  std::int64_t inputs_ = 0;
  int layers_ = 0;
  std::string first_;
};

}  // namespace

std::vector<WeightedLayer> rounded_layers(const Graph& graph, PtqReport& report) {
  for (const NodeId id : other_layers(graph)) {
    report.notes.push_back(
        fmt::format("weights of '{}' keep their rounding: no form of its {} is known",
                    graph.node(id).layer, graph.node(id).op));
  }
  std::vector<WeightedLayer> layers = weighted_layers(graph);
  std::erase_if(layers, [&](const WeightedLayer& layer) {
    if (WeightGrid::of(graph, layer)) return false;
    if (layer.grid) {
      report.notes.push_back(fmt::format(
          "weights of '{}' keep their rounding: their grid is bipolar or has a zero point",
          layer.layer));
    }
    return true;
  });
  return layers;
}

PtqReport round_layers(Graph& graph, const Graph* reference, const CalibrationData& data,
                       const std::string& title, const RoundWeights& round) {
  require(!data.samples.empty(), "{} needs at least one picture", title);
  const c10::InferenceMode no_gradients;
  PtqReport report;
  const std::vector<WeightedLayer> layers = rounded_layers(graph, report);
  const std::vector<WeightedLayer> twins =
      reference != nullptr ? layers_in(*reference, layers) : std::vector<WeightedLayer>();
  CalibrationPictures pictures(
      data, bytes_per_sample(graph) + (reference != nullptr ? bytes_per_sample(*reference) : 0));
  pictures.load();
  ActivationWalk walk(graph, QuantMode::kFakeQuant, inputs_of(layers), pictures);
  std::optional<ActivationWalk> float_walk;
  if (reference != nullptr) {
    float_walk.emplace(*reference, QuantMode::kFloat, inputs_of(twins), pictures);
  }
  DeadInputs dead;
  Progress progress(title, layers.size());
  for (const WeightedLayer& layer : layers) {
    const InputMoments moments = moments_at(layer, pictures, walk, float_walk);
    check_finite(title, layer, moments);
    dead.add(layer, moments);
    const at::Tensor weights = weight_matrices(graph, layer).to(at::kDouble);
    const at::Tensor rounded =
        round(layer, weights, *WeightGrid::of(graph, layer), moments, report);
    set_weight_matrices(graph, layer, rounded);
    ++report.layers;
    progress.advance();
  }
  dead.note(title, report);
  return report;
}

}  // namespace quern::internal
