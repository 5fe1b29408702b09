#include "quern/pipeline/validation.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/data/synthetic.h"
#include "quern/evaluate/accuracy.h"
#include "quern/evaluate/multi_label.h"
#include "quern/zoo/zoo.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

class ValidationTest : public testing::Test {
 protected:
  ValidationTest() : network_(make_network("mobilenet_v2_mini", {.input = 32, .classes = 10})) {
    write_synthetic_photos(folder_.path(), 11, /*seed=*/5);
    set_.samples = read_image_list(folder_ / "list.txt");
    network_.preprocessing->resize = 36;
    network_.preprocessing->crop = 32;
    recipe_.data.cache = "none";
  }

  ValidationFigures measure(const Validation::Loss& loss = {}) const {
    return Validation(recipe_, set_, *network_.preprocessing).measure(*predictor(network_), loss);
  }
  LoaderOptions loader() const { return {.preprocessing = *network_.preprocessing}; }

  test::TemporaryFolder folder_;
  Graph network_;
  LabelledSet set_;
  Recipe recipe_;
};

TEST_F(ValidationTest, AnswersAsTheEvaluationDoes) {
  const Accuracy accuracy = evaluate_accuracy(network_, set_.samples, {.loader = loader()});
  EXPECT_EQ(measure().metrics.at("top1"), accuracy.top1);
}

TEST_F(ValidationTest, AnswersAsTheMultiLabelEvaluationDoes) {
  for (int i = 0; i < 10; ++i) set_.outputs.push_back("output " + std::to_string(i));
  for (std::size_t i = 0; i < 10 * set_.samples.size(); ++i) set_.targets.push_back(i % 3 == 0);
  const MultiLabelMetrics expected = evaluate_multi_label(network_, set_, loader());
  const ValidationFigures figures = measure();
  EXPECT_EQ(figures.score, expected.macro_f1);
  EXPECT_EQ(figures.metrics.at("floor_macro_f1"), expected.floor_macro_f1);
  EXPECT_EQ(figures.metrics.at("exact_match"), expected.exact_match);
  EXPECT_EQ(figures.metrics.at("output 3").at("recall"), expected.confusion[3].recall());
  EXPECT_EQ(to_text(figures), fmt::format("macro F1 {:.2f} %", 100 * expected.macro_f1));
}

TEST_F(ValidationTest, TellsWhichPicturesItLeavesOut) {
  write_file(set_.samples[3].path, "no picture");
  set_.notes = {"a note"};
  recipe_.data.skip_bad = true;
  const Validation validation(recipe_, set_, *network_.preprocessing);
  EXPECT_EQ(validation.usable().samples.size(), set_.samples.size() - 1);
  EXPECT_THAT(validation.notes(),
              testing::ElementsAre("a note", testing::HasSubstr(set_.samples[3].path.string())));
}

TEST_F(ValidationTest, DoesNotDependOnThreads) {
  const auto sum = [](const Tensor& logits, const Tensor&) {
    double total = 0;
    for (const float x : logits.data<float>()) total += x;
    return total;
  };
  recipe_.threads = 1;
  const double one = measure(sum).loss;
  recipe_.threads = 3;
  EXPECT_EQ(measure(sum).loss, one);
}

TEST_F(ValidationTest, ShowsTheLossTheTruth) {
  measure([&](const Tensor& logits, const Tensor& targets) {
    EXPECT_EQ(logits.shape(), targets.shape());
    for (std::int64_t i = 0; i < targets.size(); ++i) {
      const bool is_label = set_.samples[static_cast<std::size_t>(i / 10)].label == i % 10;
      EXPECT_EQ(targets.data<float>()[static_cast<std::size_t>(i)], is_label ? 1 : 0);
    }
    return 0;
  });
}

TEST_F(ValidationTest, NamesAPictureWhoseLabelIsNoOutput) {
  set_.samples[2].label = 10;
  test::expect_error(ErrorCode::kParse, "has the label 10, expected 0 to 9", [&] { measure(); });
}

}  // namespace
}  // namespace quern
