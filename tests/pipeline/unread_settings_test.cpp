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

}  // namespace
}  // namespace quern
