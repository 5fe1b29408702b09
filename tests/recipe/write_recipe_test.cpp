#include <gmock/gmock.h>

#include "quern/recipe/recipe.h"

namespace quern {
namespace {

TEST(WriteRecipe, ReadsBackEqual) {
  Recipe recipe;
  recipe.seed = 3;
  recipe.model.source = "a \"quoted\"\\path\n";
  recipe.model.classes = 10;
  recipe.data.root = "/data";
  recipe.data.sources = {{"dfire", "D-Fire"}, {"fasdd", "FASDD"}};
  recipe.data.training = "train";
  recipe.data.hold_out = 0.2;
  recipe.data.cache = "none";
  recipe.data.cache_gib = 2;
  recipe.data.augment = {.flip = 0,
                         .crop_area = 0.5,
                         .crop_aspect = 2,
                         .pad = 4,
                         .brightness = 0.1,
                         .contrast = 0.3,
                         .saturation = 0.4,
                         .mixup = 0.2};
  recipe.data.preprocess.resize = 0;
  recipe.data.preprocess.scale = 1.0;
  recipe.data.preprocess.std = {0.1, 1e-9, 1.0 / 3.0};
  recipe.data.preprocess.bgr = true;
  recipe.calibrate = {.observer = "mse", .weight_method = "percentile", .weight_percentile = 99};
  recipe.ptq = {.algorithms = {"gptq", "correct_bias"},
                .alpha = 0.25,
                .add_mul = true,
                .layerwise = true,
                .damping = 0.1,
                .act_order = false,
                .asymmetric = false,
                .block_size = 16,
                .iterations = 20,
                .memory_mib = 64};
  recipe.train = {.epochs = 3,
                  .optimizer = "sgd",
                  .momentum = 0.5,
                  .schedule = "step",
                  .loss = "cross_entropy",
                  .positive_weights = {0.8, 1},
                  .teacher = "float.onnx",
                  .average = 0.99,
                  .batchnorm_epochs = 2};
  recipe.quantize.statistics_steps = 7;
  recipe.quantize.weight_granularity = Granularity::kPerTensor;
  recipe.quantize.rules = {
      {.layer = "features.*", .groups = Comparison{}, .spec = {.weight_bits = 4}},
      {.first = true, .role = Role::kOutput, .spec = {.quantize = false}},
      {.spec = {.observer = "mse",
                .percentile = 99.9,
                .weight_method = "max",
                .weight_percentile = 50,
                .weight_granularity = Granularity::kPerChannel}}};
  EXPECT_EQ(parse_recipe(to_toml(recipe), "resolved"), recipe);
}

TEST(WriteRecipe, ShowsDefaultsAndLeavesOutWhatIsNotSet) {
  const std::string text = to_toml(Recipe{});
  EXPECT_THAT(text, testing::HasSubstr("[quantize]\nscheme = \"finn\"\nweight_bits = 8\n"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("preprocess")));
  EXPECT_EQ(parse_recipe(text, "resolved"), Recipe{});
}

TEST(WriteRecipe, ListsWhatIsNotTheDefault) {
  EXPECT_TRUE(changed_values(Recipe{}).empty());
  Recipe recipe;
  recipe.ptq.damping = 0.1;
  recipe.ptq.alpha = 0.25;  // Without a value by default.
  const std::map<std::string, std::string> expected = {{"ptq.alpha", "0.25"},
                                                       {"ptq.damping", "0.1"}};
  EXPECT_EQ(changed_values(recipe), expected);
}

TEST(WriteRecipe, ListsValuesByKey) {
  Recipe recipe;
  recipe.train.positive_weights = {0.8, 1};
  recipe.quantize.rules = {{.last = true, .spec = {.weight_bits = 8}}};
  const std::map<std::string, std::string> values = values_by_key(recipe);
  EXPECT_EQ(values.at("version"), "1");
  EXPECT_EQ(values.at("train.positive_weights"), "[0.8, 1.0]");
  EXPECT_EQ(values.at("quantize.rule 1.weight_bits"), "8");
  EXPECT_FALSE(values.contains("train.loss"));
}

}  // namespace
}  // namespace quern
