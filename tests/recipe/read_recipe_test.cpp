#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/recipe/recipe.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;

constexpr std::string_view kSnippet3 = R"(
version = 1
[model]
source = "m.onnx"
[data]
calibration = "photos.txt"
[data.preprocess]
resize = "none"
crop = 32
mean = [0, 0.5, 1]
[quantize]
weight_bits = 8
[[quantize.rule]]
op = "Conv"
depthwise = false
weight_bits = 4
[[quantize.rule]]
layer = "features.0.0"
role = "weight"
groups = "> 1"
weight_bits = 8
[[quantize.rule]]
last = true
observer = "percentile"
percentile = 99.9
weight_method = "percentile"
weight_percentile = 99
)";

TEST(ReadRecipe, FillsEveryField) {
  const Recipe recipe = parse_recipe(kSnippet3, "r.toml");
  EXPECT_EQ(recipe.model.source, "m.onnx");
  EXPECT_EQ(recipe.data.calibration, "photos.txt");
  EXPECT_EQ(recipe.data.preprocess.resize, 0);
  EXPECT_EQ(recipe.data.preprocess.crop, 32);
  EXPECT_EQ(recipe.data.preprocess.mean, (std::array<double, 3>{0, 0.5, 1}));
  EXPECT_EQ(recipe.data.preprocess.std, std::nullopt);
  ASSERT_EQ(recipe.quantize.rules.size(), 3);
  EXPECT_EQ(recipe.quantize.rules[0].op, "Conv");
  EXPECT_EQ(recipe.quantize.rules[0].depthwise, false);
  EXPECT_EQ(recipe.quantize.rules[0].spec.weight_bits, 4);
  EXPECT_EQ(recipe.quantize.rules[1].layer, "features.0.0");
  EXPECT_EQ(recipe.quantize.rules[1].role, Role::kWeight);
  EXPECT_EQ(recipe.quantize.rules[1].groups,
            (Comparison{.kind = Comparison::Kind::kGreater, .value = 1}));
  EXPECT_EQ(recipe.quantize.rules[2], (Rule{.last = true,
                                            .spec = {.observer = "percentile",
                                                     .percentile = 99.9,
                                                     .weight_method = "percentile",
                                                     .weight_percentile = 99}}));
}

TEST(ReadRecipe, NamesTheNearestKeyAndTheLine) {
  expect_error(ErrorCode::kInvalidArgument,
               "r.toml:3: 'quantize.weight_bit' is not a key of a recipe (nearest: "
               "'quantize.weight_bits')",
               [] { parse_recipe("version = 1\n[quantize]\nweight_bit = 4\n", "r.toml"); });
  expect_error(ErrorCode::kInvalidArgument, "r.toml: ptq.block_size must be above 0, got 0",
               [] { parse_recipe("[ptq]\nblock_size = 0", "r.toml"); });
  expect_error(ErrorCode::kInvalidArgument, "'quantize.rule 1.laier' is not a key",
               [] { parse_recipe("[[quantize.rule]]\nlaier = 'x'\nweight_bits = 4\n", "r.toml"); });
  expect_error(ErrorCode::kInvalidArgument, "'modell' is not a key of a recipe (nearest: 'model')",
               [] { parse_recipe("[modell]\nsource = 'x'\n", "r.toml"); });
}

TEST(ReadRecipe, NamesValuesOfAnotherType) {
  expect_error(ErrorCode::kInvalidArgument,
               "r.toml:2: quantize.weight_bits = 'four' is not a whole number",
               [] { parse_recipe("[quantize]\nweight_bits = 'four'", "r.toml"); });
  expect_error(ErrorCode::kInvalidArgument, "model = 3 is not a table",
               [] { parse_recipe("model = 3", "r.toml"); });
  expect_error(ErrorCode::kInvalidArgument, "is not three numbers",
               [] { parse_recipe("[data.preprocess]\nmean = [1, 2]", "r.toml"); });
  expect_error(ErrorCode::kInvalidArgument, "is not an array of tables",
               [] { parse_recipe("[quantize]\nrule = 1", "r.toml"); });
  expect_error(ErrorCode::kInvalidArgument,
               "r.toml:1: quantize.rule is a table, expected an array of tables",
               [] { parse_recipe("[quantize.rule]\nop = 'Conv'", "r.toml"); });
}

TEST(ReadRecipe, RefusesNumbersThatAreNotFinite) {
  for (const char* const number : {"inf", "-inf", "nan"}) {
    for (const std::string key :
         {"train.weight_decay", "train.warm_up", "train.floor", "train.scale_rate",
          "train.clip_norm", "train.learning_rate", "ptq.alpha", "model.width",
          "calibrate.percentile", "data.preprocess.scale", "data.augment.pad"}) {
      expect_error(ErrorCode::kInvalidArgument, key + " = ",
                   [&] { parse_recipe("", "r.toml", {key + "=" + number}); });
    }
  }
  expect_error(ErrorCode::kInvalidArgument,
               "r.toml:2: train.weight_decay = inf is not a finite number",
               [] { parse_recipe("[train]\nweight_decay = inf", "r.toml"); });
  expect_error(ErrorCode::kInvalidArgument, "data.preprocess.mean = nan is not a finite number",
               [] { parse_recipe("", "r.toml", {"data.preprocess.mean=[0, nan, 0]"}); });
  expect_error(ErrorCode::kInvalidArgument, "train.positive_weights = inf is not a finite number",
               [] { parse_recipe("", "r.toml", {"train.positive_weights=[1, inf]"}); });
}

TEST(ReadRecipe, RefusesValuesOutsideTheirDomain) {
  expect_error(ErrorCode::kInvalidArgument, "version is 2, expected 1",
               [] { parse_recipe("version = 2", "r.toml"); });
  expect_error(ErrorCode::kInvalidArgument, "weight_bits must be 1 to 16, got 0",
               [] { parse_recipe("[quantize]\nweight_bits = 0", "r.toml"); });
  expect_error(ErrorCode::kInvalidArgument, "activation_bits must be 1 to 16, got 64",
               [] { parse_recipe("[quantize]\nactivation_bits = 64", "r.toml"); });
}

TEST(ReadRecipe, RefusesTrainingOutsideItsDomain) {
  const std::pair<const char*, const char*> cases[] = {
      {"train.epochs=0", "train.epochs must be 1 or more, got 0"},
      {"train.learning_rate=0", "train.learning_rate must be above 0, got 0"},
      {"train.momentum=1", "train.momentum must be 0 or more and below 1, got 1"},
      {"train.factor=2", "train.factor must be at most 1, got 2"},
      {"train.positive_weights=[1, -1]", "train.positive_weights must be above 0, got -1"},
      {"train.positive_weights=1", "train.positive_weights = 1 is not a list of numbers"},
      {"train.teacher_share=1.5", "train.teacher_share must be at most 1, got 1.5"},
      {"quantize.weight_granularity=per_row",
       "granularity must be per_tensor or per_channel, got 'per_row'"},
      {"train.integers=on", "train.integers must be 'off', 'log' or 'best', got 'on'"},
      {"quantize.statistics_steps=-1", "quantize.statistics_steps must be 0 or more, got -1"}};
  for (const auto& [setting, message] : cases) {
    expect_error(ErrorCode::kInvalidArgument, message,
                 [setting = setting] { parse_recipe("", "a.toml", {setting}); });
  }
}

TEST(ReadRecipe, QuotesTheLineThatIsNoToml) {
  expect_error(ErrorCode::kInvalidArgument,
               "r.toml:2:", [] { parse_recipe("version = 1\n[data\n", "r.toml"); });
}

TEST(ReadRecipe, OverridesSpeakToml) {
  const Recipe recipe = parse_recipe("version = 1", "r.toml",
                                     {"quantize.weight_bits=4", "data.root=/data/my photos",
                                      "data.preprocess.mean=[1, 2, 3]", "seed=7"});
  EXPECT_EQ(recipe.quantize.weight_bits, 4);
  EXPECT_EQ(recipe.data.root, "/data/my photos");
  EXPECT_EQ(recipe.data.preprocess.mean, (std::array<double, 3>{1, 2, 3}));
  EXPECT_EQ(recipe.seed, 7);
  expect_error(ErrorCode::kInvalidArgument, "--set seed: expected key=value",
               [] { parse_recipe("", "r.toml", {"seed"}); });
  expect_error(ErrorCode::kInvalidArgument, "'data.rot' is not a key",
               [] { parse_recipe("", "r.toml", {"data.rot=x"}); });
}

TEST(ReadRecipe, PathsStartAtTheFile) {
  const test::TemporaryFolder folder;
  write_file(folder / "r.toml",
             std::string_view("[model]\nsource = 'm.onnx'\n[data]\ncalibration = 'c.txt'\n"));
  const Recipe recipe = read_recipe((folder / "r.toml").string());
  EXPECT_EQ(recipe.model.source, (folder / "m.onnx").string());
  EXPECT_EQ(recipe.data.calibration, (folder / "c.txt").string());

  write_file(folder / "r.toml",
             std::string_view("[model]\nsource = 'zoo:x'\n[data]\nroot = 'd'\nvalidation = 'v'\n"));
  const Recipe rooted = read_recipe((folder / "r.toml").string());
  EXPECT_EQ(rooted.model.source, "zoo:x");
  EXPECT_EQ(rooted.data.root, (folder / "d").string());
  EXPECT_EQ(rooted.data.validation, "v");
}

TEST(ReadRecipe, NamesTheReadyMadeOnesForWhatIsNeither) {
  expect_error(ErrorCode::kInvalidArgument,
               "'fire_smoke_w4a5' is neither a file nor a ready-made recipe (nearest: "
               "'fire_smoke_w4a4'); expected a .toml file or one of cifar10_resnet8, ",
               [] { read_recipe("fire_smoke_w4a5"); });
  const test::TemporaryFolder folder;
  expect_error(ErrorCode::kIo, "it is a folder", [&] { read_recipe(folder.path().string()); });
}

TEST(ReadRecipe, SplitsAreNoPaths) {
  const test::TemporaryFolder folder;
  const auto read = [&](std::string_view data) {
    write_file(folder / "r.toml", data);
    return read_recipe((folder / "r.toml").string()).data;
  };
  const DataRecipe kind =
      read("[data]\nkind = 'dfire'\nroot = 'd'\ntraining = 'train'\ncache = 'c'\n");
  EXPECT_EQ(kind.root, (folder / "d").string());
  EXPECT_EQ(kind.training, "train");
  EXPECT_EQ(kind.cache, (folder / "c").string());
  const DataRecipe mixed = read(
      "[data]\nvalidation = 'val'\ncache = 'none'\n"
      "[[data.source]]\nkind = 'dfire'\nroot = 'd'\n"
      "[[data.source]]\nkind = 'fasdd'\nroot = '/f'\n");
  EXPECT_EQ(mixed.validation, "val");
  EXPECT_EQ(mixed.cache, "none");
  EXPECT_EQ(mixed.sources.at(0).root, (folder / "d").string());
  EXPECT_EQ(mixed.sources.at(1).root, "/f");
}

TEST(ReadRecipe, ChecksWhatIsSaidOfData) {
  const auto refuse = [](const char* message, const std::string& data) {
    expect_error(ErrorCode::kInvalidArgument, message, [&] { parse_recipe(data, "r.toml"); });
  };
  refuse("r.toml: data.limit must be 0 or more, got -1", "data.limit = -1");
  refuse("r.toml: data.hold_out must be above 0 and below 1, got 1", "data.hold_out = 1");
  refuse("r.toml: data.cache_gib must be above 0, got 0", "data.cache_gib = 0");
  refuse("'dfir' is not a kind of data (nearest: 'dfire')", "data.kind = 'dfir'");
  refuse("'fast' is not a kind of data", "[[data.source]]\nkind = 'fast'\n");
  refuse("data.kind is 'dfire', and [[data.source]] names 1 sets; expected one of both",
         "[data]\nkind = 'dfire'\n[[data.source]]\nkind = 'fasdd'\n");
  refuse("r.toml: data: augment.flip must be 0 to 1, got 2", "data.augment.flip = 2");
}

TEST(ReadRecipe, ReadyMadeOnesAreFoundByNameAndAreSound) {
  ASSERT_FALSE(ready_made_recipes().empty());
  for (const ReadyMadeRecipe& ready : ready_made_recipes()) {
    EXPECT_NO_THROW(read_recipe(std::string(ready.name))) << ready.name;
  }
}

}  // namespace
}  // namespace quern
