#include "quern/pipeline/training_material.h"

#include <algorithm>
#include <utility>

#include "quern/base/error.h"
#include "quern/data/class_balance.h"
#include "quern/models/load_model.h"
#include "quern/pipeline/integer_figures.h"
#include "quern/pipeline/quantize.h"
#include "quern/pipeline/read_data.h"

namespace quern {
namespace {

PictureStore training_pictures(const Recipe& recipe, const LabelledSet& set,
                               const Preprocessing& preprocessing) {
  return {set.samples,
          {.preprocessing = preprocessing,
           .side = training_side(preprocessing),
           .cache = recipe.data.cache,
           .cache_gib = recipe.data.cache_gib,
           .threads = recipe.threads,
           .skip_bad = recipe.data.skip_bad}};
}

/// Whether two networks read the same pixels as the same numbers.
bool see_alike(const Preprocessing& one, const Preprocessing& other) {
  return one.scale == other.scale && one.mean == other.mean && one.std == other.std &&
         one.bgr == other.bgr;
}

/// A float network that is shown the batches of the one that learns.
Graph teacher_of(const Recipe& recipe, StartNetwork& start) {
  LoadedModel loaded = load_model(recipe.train.teacher, zoo_options(recipe));
  for (const std::vector<std::string>& notes : {loaded.warnings, loaded.notes}) {
    start.notes.insert(start.notes.end(), notes.begin(), notes.end());
  }
  const Preprocessing& seen = *start.graph.preprocessing;
  require(loaded.graph.quantizers().empty(), "it has quantizers, expected a float network");
  require(!loaded.graph.preprocessing || see_alike(*loaded.graph.preprocessing, seen),
          "it reads pictures by another scale, mean, std or order of channels than the network");
  fix_picture_size(loaded.graph, seen.crop);
  const ValueId input = loaded.graph.inputs().at(0);
  const Dims wanted = *start.graph.value(start.graph.inputs().at(0)).dims;
  const std::optional<Dims>& own = loaded.graph.value(input).dims;
  const bool is_alike = own && own->size() == wanted.size() &&
                        std::equal(own->begin() + 1, own->end(), wanted.begin() + 1);
  require(is_alike, "its input is {}, the network's is {}", own ? to_string(*own) : "of any shape",
          to_string(wanted));
  return std::move(loaded.graph);
}

}  // namespace

std::vector<std::string> TrainingMaterial::notes() const {
  std::vector<std::string> all;
  for (const std::vector<std::string>& notes :
       {training.notes, start.notes, pictures.notes(), pictures.skipped(), validation.notes()}) {
    for (const std::string& note : notes) {
      if (std::ranges::find(all, note) == all.end()) all.push_back(note);
    }
  }
  return all;
}

int TrainingMaterial::outputs() const {
  const Value& output = start.graph.value(start.graph.outputs().at(0));
  return static_cast<int>((*output.dims)[1].size);
}

TrainingMaterial gather(const Recipe& recipe) {
  require(!recipe.exports.bipolar_head || recipe.quantize.scheme != "none",
          "export.bipolar_head belongs to a quantized network, quantize.scheme is 'none'");
  auto [training, held] = read_training_data(recipe.data);
  require(
      !recipe.exports.bipolar_head || training.is_multi_label(),
      "export.bipolar_head answers yes or no at every output, the pictures have one class each");
  StartNetwork start = start_network(recipe, training);
  check_integers(recipe, start.graph);
  std::optional<Graph> teacher;
  if (!recipe.train.teacher.empty()) {
    with_context("the teacher", [&] { teacher = teacher_of(recipe, start); });
  }
  PictureStore pictures = training_pictures(recipe, training, *start.graph.preprocessing);
  Validation validation(recipe, held, *start.graph.preprocessing);
  TrainingMaterial material{.training = std::move(training),
                            .start = std::move(start),
                            .teacher = std::move(teacher),
                            .pictures = std::move(pictures),
                            .validation = std::move(validation)};
  require_learnable(material.usable(), "the pictures to train on that can be decoded");
  return material;
}

}  // namespace quern
