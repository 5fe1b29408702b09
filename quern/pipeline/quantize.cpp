#include "quern/pipeline/quantize.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "quern/analysis/sample_mixing.h"
#include "quern/analysis/sizes.h"
#include "quern/base/error.h"
#include "quern/base/log.h"
#include "quern/calibrate/observer.h"
#include "quern/models/load_model.h"
#include "quern/ops/op_def.h"
#include "quern/passes/place_quantizers.h"
#include "quern/pipeline/read_data.h"
#include "quern/pipeline/unread_settings.h"
#include "quern/ptq/algorithms.h"
#include "quern/ptq/float_means.h"

namespace quern {
namespace {

/// Runs `stage` and notes how long it took.
template <class Stage>
void timed(QuantizeResult& result, std::string_view name, Stage&& stage) {
  const auto start = std::chrono::steady_clock::now();
  stage();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  log_info("{}: {:.2f} s", name, taken.count());
  result.stages.push_back({std::string(name), taken.count()});
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

std::filesystem::path list_path(const DataRecipe& data, const std::string& list) {
  return data.root.empty() ? std::filesystem::path(list) : std::filesystem::path(data.root) / list;
}

std::vector<Sample> samples_of(const DataRecipe& data, const std::string& name) {
  return read_data(data, name).samples;
}

namespace {

/// Refuses what calibration would refuse, before the work that comes in front of it.
void check_methods(const Recipe& recipe) {
  make_observer(recipe.calibrate.observer, {.percentile = recipe.calibrate.percentile});
  weight_method_from(recipe.calibrate.weight_method);
  for (std::size_t i = 0; i < recipe.quantize.rules.size(); ++i) {
    const PartialSpec& spec = recipe.quantize.rules[i].spec;
    with_context(fmt::format("rule {}", i + 1), [&] {
      if (spec.observer) make_observer(*spec.observer, {});
      if (spec.weight_method) weight_method_from(*spec.weight_method);
    });
  }
}

void note(QuantizeResult& result, const std::vector<std::string>& notes) {
  std::ranges::copy(notes, std::back_inserter(result.notes));
}

/// The float network, ready for pictures.
void load(const Recipe& recipe, QuantizeResult& result) {
  const LoadedModel loaded = load_model(recipe.model.source, zoo_options(recipe));
  note(result, loaded.warnings);
  note(result, loaded.notes);
  Graph& graph = result.reference = loaded.graph;
  graph.preprocessing = resolve(recipe.data.preprocess, loaded.graph);
  graph.label_offset = recipe.data.label_offset.value_or(loaded.graph.label_offset);
  fix_picture_size(graph, graph.preprocessing->crop);
  check_sizes(graph);
  check_samples_stay_apart(graph);
  result.loaded = graph;
}

void place(const Recipe& recipe, QuantizeResult& result) {
  result.graph = result.reference;
  const PassReport placed =
      place_quantizers(result.graph, {.scheme = scheme_from(recipe.quantize.scheme),
                                      .weight_bits = recipe.quantize.weight_bits,
                                      .activation_bits = recipe.quantize.activation_bits,
                                      .weight_granularity = recipe.quantize.weight_granularity,
                                      .rules = recipe.quantize.rules});
  result.quants = placed.rewrites;
  note(result, placed.notes);
}

/// @param means  Looks on where it is not null.
void find_scales(const Recipe& recipe, const CalibrationData& pictures, FloatMeans* means,
                 QuantizeResult& result) {
  CalibrateOptions options{.observer = recipe.calibrate.observer,
                           .percentile = recipe.calibrate.percentile,
                           .weight_method = weight_method_from(recipe.calibrate.weight_method),
                           .weight_percentile = recipe.calibrate.weight_percentile,
                           .loader = pictures.loader};
  if (means != nullptr) {
    options.shown = means->values();
    options.look_on = std::bind_front(&FloatMeans::see, means);
  }
  const CalibrationReport calibrated = calibrate(result.graph, pictures.samples, options);
  result.images = calibrated.images;
  note(result, calibrated.skipped);
  note(result, calibrated.notes);
  result.steps.push_back({"calibrate", result.graph, calibrated.notes});
}

PtqOptions ptq_options(const Recipe& whole) {
  const PtqRecipe& recipe = whole.ptq;
  return {.alpha = recipe.alpha,
          .add_mul = recipe.add_mul,
          .layerwise = recipe.layerwise,
          .damping = recipe.damping,
          .act_order = recipe.act_order,
          .asymmetric = recipe.asymmetric,
          .block_size = recipe.block_size,
          .iterations = recipe.iterations,
          .seed = whole.seed};
}

/// Runs an algorithm on the network that its stage changes, and notes it where nothing came of it.
void run(const PtqAlgorithm& algorithm, const Recipe& recipe, const CalibrationData& pictures,
         QuantizeResult& result) {
  const bool is_float = algorithm.stage == PtqStage::kEqualize;
  Graph& graph = is_float ? result.reference : result.graph;
  const Graph before = graph;
  PtqReport report =
      algorithm.run(graph, is_float ? before : result.reference, pictures, ptq_options(recipe));
  if (graph == before) report.notes.push_back(fmt::format("{} changed nothing", algorithm.name));
  note(result, report.notes);
  result.steps.push_back({std::string(algorithm.name), graph, report.notes});
}

/// Algorithms that were asked for and do not run, and settings that nothing reads.
void note_left_out(const Recipe& recipe, const std::vector<PtqAlgorithm>& algorithms,
                   QuantizeResult& result) {
  std::vector<std::string> running;
  for (const PtqAlgorithm& algorithm : algorithms) running.emplace_back(algorithm.name);
  note(result, unread_settings(recipe, running));
  for (const std::string& name : algorithm_names(recipe.ptq.algorithms)) {
    if (std::ranges::find(running, name) != running.end()) continue;
    result.notes.push_back(fmt::format(
        "'{}' is left out: what is learned over several layers together needs no correction of "
        "single ones",
        name));
  }
}

/// Holds the quantized network against the float one on the validation pictures.
void measure(const Recipe& recipe, const LoaderOptions& loader, QuantizeResult& result) {
  const LabelledSet set = read_data(recipe.data, recipe.data.validation);
  note(result, set.notes);
  if (set.is_multi_label()) {
    result.multi_label = evaluate_multi_label(result.graph, set, loader, &result.loaded);
    return;
  }
  result.accuracy = evaluate_accuracy(result.graph, set.samples,
                                      {.loader = loader, .label_offset = result.graph.label_offset},
                                      &result.loaded);
}

}  // namespace

std::vector<Sample> calibration_samples(const Recipe& recipe) {
  require(!recipe.data.calibration.empty(),
          "the recipe names no calibration pictures (data.calibration)");
  return samples_of(recipe.data, recipe.data.calibration);
}

QuantizeResult quantize(const Recipe& recipe) {
  return quantize(recipe, calibration_samples(recipe));
}

QuantizeResult quantize(const Recipe& recipe, const std::vector<Sample>& calibration) {
  require(!recipe.model.source.empty(), "the recipe names no model (model.source)");
  const std::vector<PtqAlgorithm> algorithms = ptq_algorithms(recipe.ptq.algorithms);
  check_methods(recipe);
  QuantizeResult result;
  note_left_out(recipe, algorithms, result);
  timed(result, "load", [&] { load(recipe, result); });
  CalibrationData pictures{.samples = calibration,
                           .loader = loader_options(recipe, *result.loaded.preprocessing),
                           .memory = static_cast<std::size_t>(recipe.ptq.memory_mib) << 20};
  const auto run_all = [&](bool is_float) {
    for (const PtqAlgorithm& algorithm : algorithms) {
      if ((algorithm.stage == PtqStage::kEqualize) != is_float) continue;
      timed(result, algorithm.name, [&] { run(algorithm, recipe, pictures, result); });
    }
  };
  run_all(/*is_float=*/true);
  timed(result, "place quantizers", [&] { place(recipe, result); });
  // One sweep of the float network serves calibration and what corrects by its means.
  std::shared_ptr<FloatMeans> means;
  if (std::ranges::any_of(algorithms, &PtqAlgorithm::reads_float_means)) {
    means = std::make_shared<FloatMeans>(result.graph, calibration.size());
  }
  timed(result, "calibrate", [&] { find_scales(recipe, pictures, means.get(), result); });
  if (means != nullptr && !means->empty()) pictures.float_means = std::move(means);
  run_all(/*is_float=*/false);
  if (!recipe.data.validation.empty()) {
    timed(result, "evaluate", [&] { measure(recipe, pictures.loader, result); });
  }
  return result;
}

}  // namespace quern
