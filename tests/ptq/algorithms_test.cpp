#include "quern/ptq/algorithms.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

std::vector<std::string> names(const std::vector<PtqAlgorithm>& algorithms) {
  std::vector<std::string> names;
  for (const PtqAlgorithm& algorithm : algorithms) names.emplace_back(algorithm.name);
  return names;
}

TEST(PtqAlgorithms, RunInTheOrderOfTheCatalogWhateverTheOrderOfTheirNames) {
  EXPECT_THAT(names(ptq_algorithms({"correct_bias", "gptq", "equalize_activations", "gptq"})),
              testing::ElementsAre("equalize_activations", "gptq", "correct_bias"));
  EXPECT_TRUE(ptq_algorithms({}).empty());
}

TEST(PtqAlgorithms, TheCatalogIsInTheOrderOfTheStages) {
  EXPECT_TRUE(std::ranges::is_sorted(ptq_algorithms(), {}, &PtqAlgorithm::stage));
}

TEST(PtqAlgorithms, APresetStandsForItsAlgorithms) {
  EXPECT_THAT(algorithm_names({"recommended", "gptq"}),
              testing::ElementsAre("equalize_activations", "gpfq", "correct_bias", "gptq"));
  EXPECT_THAT(
      names(ptq_algorithms({"recommended", "equalize_weights"})),
      testing::ElementsAre("equalize_weights", "equalize_activations", "gpfq", "correct_bias"));
  for (const PtqPreset& preset : ptq_presets()) {
    EXPECT_FALSE(ptq_algorithms({std::string(preset.name)}).empty()) << preset.name;
  }
  test::expect_error(ErrorCode::kInvalidArgument, "both round the weights", [] {
    ptq_algorithms({"recommended", "gptq"});
  });
}

TEST(PtqAlgorithms, RefusesANameThatItDoesNotKnow) {
  test::expect_error(ErrorCode::kInvalidArgument,
                     "'gptqs' is not an algorithm of post-training quantization (nearest: 'gptq')",
                     [] { ptq_algorithms({"gptqs"}); });
}

TEST(PtqAlgorithms, CorrectNothingThatWasLearnedTogether) {
  EXPECT_THAT(names(ptq_algorithms({"correct_bias", "adaround"})),
              testing::ElementsAre("adaround"));
}

TEST(PtqAlgorithms, RefusesTwoThatRound) {
  test::expect_error(ErrorCode::kInvalidArgument, "'gptq' and 'gpfq' both round the weights", [] {
    ptq_algorithms({"gpfq", "correct_bias", "gptq"});
  });
}

}  // namespace
}  // namespace quern
