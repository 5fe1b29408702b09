#include "quern/pipeline/unread_settings.h"

#include <gmock/gmock.h>

namespace quern {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(UnreadSettings, SayNothingOfDefaultsAndOfWhatIsRead) {
  Recipe recipe;
  EXPECT_THAT(unread_settings(recipe, {}), IsEmpty());
  recipe.calibrate.percentile = 99.9;
  recipe.ptq.damping = 0.1;
  recipe.ptq.act_order = false;
  EXPECT_THAT(unread_settings(recipe, {"gptq"}), IsEmpty());
}

TEST(UnreadSettings, NameTheAlgorithmThatWouldReadThem) {
  Recipe recipe;
  recipe.ptq.alpha = 0.25;
  recipe.ptq.damping = 0.1;
  recipe.ptq.act_order = false;
  EXPECT_THAT(unread_settings(recipe, {"gpfq"}),
              ElementsAre("ptq.alpha = 0.25 changes nothing: only equalize_activations reads it",
                          "ptq.damping = 0.1 changes nothing: only gptq reads it"));
}

TEST(UnreadSettings, NameTheMethodThatWouldReadThem) {
  Recipe recipe;
  recipe.calibrate.observer = "min_max";
  recipe.calibrate.percentile = 99.9;
  recipe.calibrate.weight_percentile = 90;
  recipe.quantize.rules = {{.layer = "conv1", .spec = {.percentile = 99.5}}};
  EXPECT_THAT(
      unread_settings(recipe, {}),
      ElementsAre(
          "calibrate.percentile = 99.9 changes nothing: only the observer 'percentile' reads it",
          "calibrate.weight_percentile = 90.0 changes nothing: only the weight_method 'percentile' "
          "reads it",
          "rule 1: percentile = 99.5 changes nothing: only the observer 'percentile' reads it"));
  // A rule may bring the method.
  recipe.quantize.rules.push_back(
      {.layer = "conv2", .spec = {.observer = "percentile", .weight_method = "percentile"}});
  EXPECT_THAT(unread_settings(recipe, {}), IsEmpty());
}

TEST(UnreadTrainingSettings, AreNoneInReadyMadeRecipes) {
  for (const ReadyMadeRecipe& ready : ready_made_recipes()) {
    const Recipe recipe = read_recipe(std::string(ready.name));
    if (recipe.data.training.empty()) continue;  // It trains nothing.
    const bool has_outputs = recipe.data.kind == "dfire";
    EXPECT_THAT(
        unread_training_settings(recipe, has_outputs ? "binary_cross_entropy" : "cross_entropy"),
        IsEmpty())
        << ready.name;
  }
}

TEST(UnreadTrainingSettings, NameTheMethodThatWouldReadThem) {
  Recipe recipe;
  recipe.train = {.optimizer = "adamw",
                  .momentum = 0.5,
                  .schedule = "cosine",
                  .patience = 7,
                  .floor = 0,
                  .positive_weights = {2},
                  .temperature = 2};
  EXPECT_THAT(
      unread_training_settings(recipe, "cross_entropy"),
      ElementsAre("train.momentum = 0.5 changes nothing: only sgd reads it",
                  "train.patience = 7 changes nothing: only plateau reads it",
                  "train.positive_weights = [2.0] changes nothing: only binary_cross_entropy reads "
                  "it",
                  "train.temperature = 2.0 changes nothing: only a recipe with train.teacher reads "
                  "it"));
  recipe.train.optimizer = "sgd";
  recipe.train.schedule = "plateau";
  recipe.train.teacher = "float.onnx";
  EXPECT_THAT(unread_training_settings(recipe, "binary_cross_entropy"), IsEmpty());
}

TEST(UnreadTrainingSettings, AreAllOfPostTrainingQuantization) {
  Recipe recipe;
  recipe.ptq.algorithms = {"gptq"};
  recipe.calibrate.observer = "min_max";
  recipe.calibrate.percentile = 99.9;
  recipe.data.validation = "val";
  recipe.data.hold_out = 0.2;
  EXPECT_THAT(
      unread_training_settings(recipe, "cross_entropy"),
      ElementsAre(
          "ptq.algorithms = [\"gptq\"] changes nothing: only 'quern quantize' reads it",
          "data.hold_out = 0.2 changes nothing: only a recipe without data.validation reads it",
          "calibrate.percentile = 99.9 changes nothing: only the observer 'percentile' reads it"));
}

}  // namespace
}  // namespace quern
