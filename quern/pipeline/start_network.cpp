#include "quern/pipeline/start_network.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "quern/analysis/sample_mixing.h"
#include "quern/analysis/sizes.h"
#include "quern/base/error.h"
#include "quern/calibrate/calibrate.h"
#include "quern/models/load_model.h"
#include "quern/passes/learn_scales.h"
#include "quern/passes/place_quantizers.h"
#include "quern/pipeline/quantize.h"
#include "quern/pipeline/unread_settings.h"

namespace quern {
namespace {

constexpr const char* kFloatScheme = "none";

/// More tell little more about ranges.
constexpr std::int64_t kCalibrationPictures = 256;

void note(StartNetwork& start, const std::vector<std::string>& notes) {
  start.notes.insert(start.notes.end(), notes.begin(), notes.end());
}

bool is_quantized(const Graph& graph) { return !graph.nodes_of("Quant").empty(); }

/// The outputs of a set, or its classes.
std::int64_t outputs_of(const LabelledSet& set) {
  if (!set.outputs.empty()) return static_cast<std::int64_t>(set.outputs.size());
  std::int64_t classes = 0;
  for (const Sample& sample : set.samples) classes = std::max(classes, sample.label + 1);
  return classes;
}

/// Of an answer of +1 or −1 nothing can be learned.
void check_logits(const Graph& graph) {
  const Node* const quant = graph.quant_of(graph.outputs().at(0));
  require(quant == nullptr || !graph.quantizer(quant->quantizer).spec.is_bipolar(),
          "the output '{}' is behind a bipolar head; training takes the file without it",
          graph.value(graph.outputs().at(0)).name);
}

void check_outputs(const Graph& graph, const LabelledSet& train) {
  const std::int64_t needed = outputs_of(train);
  const Value& output = graph.value(graph.outputs().at(0));
  if (output.dims && output.dims->size() == 2 && (*output.dims)[1].is_fixed()) {
    const std::int64_t outputs = (*output.dims)[1].size;
    if (outputs == needed) return;
    // A class that no picture shows may still be one.
    if (!train.is_multi_label() && outputs > needed) return;
  }
  fail(ErrorCode::kUnsupported, "the output '{}' has the shape {}, the labels need [N, {}]",
       output.name, output.dims ? to_string(*output.dims) : "unknown", needed);
}

/// The model's own keys are those of networks of the zoo.
void check_zoo_keys(const Recipe& recipe) {
  ModelRecipe plain;
  plain.source = recipe.model.source;
  require(recipe.model == plain || zoo_name(recipe.model.source) || zoo_name(recipe.train.teacher),
          "model.width, model.input and model.classes belong to networks of the zoo; {} is a file",
          recipe.model.source);
}

/// The float or quantized network, ready for pictures.
void load(const Recipe& recipe, const LabelledSet& train, StartNetwork& start) {
  ZooOptions options = zoo_options(recipe);
  if (!options.classes) options.classes = static_cast<int>(outputs_of(train));
  const LoadedModel loaded = load_model(recipe.model.source, options);
  note(start, loaded.warnings);
  note(start, loaded.notes);
  start.graph = loaded.graph;
  start.graph.preprocessing = resolve(recipe.data.preprocess, loaded.graph);
  fix_picture_size(start.graph, start.graph.preprocessing->crop);
  check_sizes(start.graph);
  check_samples_stay_apart(start.graph);
  check_logits(start.graph);
  check_outputs(start.graph, train);
}

void place(const Recipe& recipe, StartNetwork& start) {
  note(start,
       place_quantizers(start.graph, {.scheme = scheme_from(recipe.quantize.scheme),
                                      .weight_bits = recipe.quantize.weight_bits,
                                      .activation_bits = recipe.quantize.activation_bits,
                                      .weight_granularity = recipe.quantize.weight_granularity,
                                      .rules = recipe.quantize.rules})
           .notes);
}

/// Grids of the input are not learned, and no batch is needed to know them.
void set_input_scale(Graph& graph) {
  for (const Graph::Use& use : graph.uses(graph.inputs().at(0))) {
    const Node& node = graph.node(use.node);
    if (node.op != "Quant") continue;
    const Quantizer& entry = graph.quantizer(node.quantizer);
    Scale& scale = graph.scale(entry.scale);
    if (scale.values.empty()) {
      scale.values = {scale_of(input_threshold(*graph.preprocessing), entry.spec)};
    }
  }
}

void find_scales(const Recipe& recipe, const LabelledSet& train, StartNetwork& start) {
  const CalibrationReport calibrated =
      calibrate(start.graph, spread(train, kCalibrationPictures).samples,
                {.observer = recipe.calibrate.observer,
                 .percentile = recipe.calibrate.percentile,
                 .weight_method = weight_method_from(recipe.calibrate.weight_method),
                 .weight_percentile = recipe.calibrate.weight_percentile,
                 .loader = loader_options(recipe, *start.graph.preprocessing)});
  note(start, calibrated.notes);
}

QuantizerKind trainable_kind(const std::string& name, const char* key) {
  for (const QuantizerKind kind :
       {QuantizerKind::kMinMax, QuantizerKind::kLsq, QuantizerKind::kPact}) {
    if (quern::name(kind) == name) return kind;
  }
  fail(ErrorCode::kInvalidArgument,
       "quantize.{} = '{}' is not a quantizer that is trained (min_max, lsq, pact)", key, name);
}

}  // namespace

std::string loss_of(const Recipe& recipe, const LabelledSet& train) {
  return recipe.train.loss.value_or(train.is_multi_label() ? "binary_cross_entropy"
                                                           : "cross_entropy");
}

float input_threshold(const Preprocessing& how) {
  double threshold = 0;
  for (std::size_t channel = 0; channel < how.mean.size(); ++channel) {
    for (const double pixel : {0.0, 255.0}) {
      const double value = (pixel * how.scale - how.mean[channel]) / how.std[channel];
      threshold = std::max(threshold, std::abs(value));
    }
  }
  return static_cast<float>(threshold);
}

StartNetwork start_network(const Recipe& recipe, const LabelledSet& train) {
  require(!recipe.model.source.empty(), "the recipe names no model (model.source)");
  const TrainableKinds kinds = {
      .weights = trainable_kind(recipe.quantize.weight_quantizer, "weight_quantizer"),
      .activations = trainable_kind(recipe.quantize.activation_quantizer, "activation_quantizer")};
  check_zoo_keys(recipe);
  StartNetwork start;
  note(start, unread_training_settings(recipe, loss_of(recipe, train)));
  load(recipe, train, start);
  const bool is_float = recipe.quantize.scheme == kFloatScheme;
  if (is_quantized(start.graph)) {
    require(!is_float, "{} has quantizers, quantize.scheme is '{}'", recipe.model.source,
            kFloatScheme);
    start.notes.push_back(fmt::format(
        "{} has quantizers: their bits stay, whatever [quantize] says", recipe.model.source));
  } else {
    if (is_float) return start;
    place(recipe, start);
  }
  if (zoo_name(recipe.model.source)) {
    set_input_scale(start.graph);
    start.statistics_steps = recipe.quantize.statistics_steps;
  } else {
    find_scales(recipe, train, start);
  }
  note(start, learn_scales(start.graph, kinds).notes);
  return start;
}

}  // namespace quern
