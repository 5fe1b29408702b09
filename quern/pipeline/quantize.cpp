#include "quern/pipeline/quantize.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "quern/analysis/sample_mixing.h"
#include "quern/analysis/sizes.h"
#include "quern/base/error.h"
#include "quern/models/load_model.h"
#include "quern/ops/op_def.h"
#include "quern/passes/place_quantizers.h"

namespace quern {
namespace {

/// Runs `stage` and notes how long it took.
template <class Stage>
auto timed(QuantizeResult& result, const char* name, Stage&& stage) {
  const auto start = std::chrono::steady_clock::now();
  auto value = stage();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  result.stages.push_back({name, taken.count()});
  return value;
}

}  // namespace

void fix_picture_size(Graph& graph, int side) {
  const ValueId input = graph.inputs().at(0);
  if (!graph.value(input).dims || graph.value(input).dims->size() != 4) return;
  Dims dims = *graph.value(input).dims;
  if (dims[2].is_fixed() && dims[3].is_fixed()) return;
  dims[2] = dims[3] = {side};
  graph.set_type(input, graph.value(input).dtype, dims);
  infer_shapes(graph);
}

LoaderOptions loader_options(const Recipe& recipe, const Preprocessing& preprocessing) {
  LoaderOptions options;
  options.preprocessing = preprocessing;
  options.threads = recipe.threads;
  options.skip_bad = recipe.data.skip_bad;
  return options;
}

std::vector<Sample> samples_of(const DataRecipe& data, const std::string& list) {
  std::vector<Sample> samples =
      data.root.empty() ? read_samples(list)
                        : read_samples(std::filesystem::path(data.root) / list, data.root);
  if (data.limit > 0 && std::cmp_less(data.limit, samples.size())) {
    samples.resize(static_cast<std::size_t>(data.limit));
  }
  return samples;
}

QuantizeResult quantize(const Recipe& recipe) {
  require(!recipe.model.source.empty(), "the recipe names no model (model.source)");
  require(!recipe.data.calibration.empty(),
          "the recipe names no calibration pictures (data.calibration)");
  QuantizeResult result;
  const LoadedModel loaded =
      timed(result, "load", [&] { return load_model(recipe.model.source, zoo_options(recipe)); });
  result.notes = loaded.warnings;
  std::ranges::copy(loaded.notes, std::back_inserter(result.notes));
  result.graph = loaded.graph;
  result.graph.preprocessing = resolve(recipe.data.preprocess, loaded.graph);
  result.graph.label_offset = recipe.data.label_offset.value_or(loaded.graph.label_offset);
  fix_picture_size(result.graph, result.graph.preprocessing->crop);
  check_sizes(result.graph);
  check_samples_stay_apart(result.graph);

  const PassReport placed = timed(result, "place quantizers", [&] {
    return place_quantizers(result.graph, {.scheme = scheme_from(recipe.quantize.scheme),
                                           .weight_bits = recipe.quantize.weight_bits,
                                           .activation_bits = recipe.quantize.activation_bits,
                                           .rules = recipe.quantize.rules});
  });
  result.quants = placed.rewrites;
  std::ranges::copy(placed.notes, std::back_inserter(result.notes));

  const CalibrationReport calibrated = timed(result, "calibrate", [&] {
    return calibrate(result.graph, samples_of(recipe.data, recipe.data.calibration),
                     {.observer = recipe.calibrate.observer,
                      .percentile = recipe.calibrate.percentile,
                      .weight_method = weight_method_from(recipe.calibrate.weight_method),
                      .loader = loader_options(recipe, *result.graph.preprocessing)});
  });
  result.images = calibrated.images;
  std::ranges::copy(calibrated.skipped, std::back_inserter(result.notes));
  std::ranges::copy(calibrated.notes, std::back_inserter(result.notes));

  if (!recipe.data.validation.empty()) {
    result.accuracy = timed(result, "evaluate", [&] {
      return evaluate_accuracy(result.graph, samples_of(recipe.data, recipe.data.validation),
                               {.loader = loader_options(recipe, *result.graph.preprocessing),
                                .label_offset = result.graph.label_offset},
                               &loaded.graph);
    });
  }
  return result;
}

}  // namespace quern
