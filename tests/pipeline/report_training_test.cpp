#include "quern/pipeline/report_training.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "quern/base/file.h"
#include "quern/data/data_kinds.h"
#include "quern/data/fire_photos.h"
#include "quern/data/synthetic.h"
#include "quern/pipeline/report_run.h"
#include "quern/report/json.h"
#include "quern/zoo/zoo.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string epoch_line(int epoch, double score, nlohmann::json metrics) {
  metrics["epoch"] = epoch;
  metrics["score"] = score;
  metrics["seconds"] = 2.5;
  metrics["images_per_second"] = 4.0;
  metrics["learning_rate"] = 0.001;
  metrics["loss"] = {{"train", 0.5}, {"validation", 0.75}};
  return metrics.dump();
}

class ReportTraining : public testing::Test {
 protected:
  ReportTraining() {
    recipe_.data.cache = "none";
    recipe_.report.pictures = 3;
    recipe_.model.source = "zoo:mobilenet_v2_mini";
  }

  /// What the report of a random network says.
  TrainingReport written(const LabelledSet& set, int outputs) {
    Graph network = make_network("mobilenet_v2_mini", {.input = 32, .classes = outputs});
    network.preprocessing->resize = network.preprocessing->crop = 32;
    const Validation validation(recipe_, set, *network.preprocessing);
    EXPECT_THAT(write_training_report(folder_ / "run", {.recipe = recipe_,
                                                        .training = set,
                                                        .validation = validation,
                                                        .epochs = epochs_,
                                                        .best = network,
                                                        .notes = {"a note"}}),
                SizeIs(2));
    return training_report_from_json(read_text(folder_ / "run/report/report.json"), "report.json");
  }

  test::TemporaryFolder folder_;
  Recipe recipe_;
  std::vector<std::string> epochs_;
};

TEST_F(ReportTraining, ShowsCurvesClassesAndMistakesOfASetOfSeveralOutputs) {
  write_fire_photos(folder_ / "fire", {.train = 24, .test = 1, .side = 40});
  const LabelledSet set = read_split({{"dfire", folder_ / "fire"}}, "train");
  const auto metrics = [](double f1) -> nlohmann::json {
    return {
        {"macro_f1", f1}, {"exact_match", 0.25}, {"smoke", {{"f1", 0.5}}}, {"fire", {{"f1", f1}}}};
  };
  epochs_ = {epoch_line(1, 0.4, metrics(0.4)), epoch_line(2, 0.6, metrics(0.6)),
             epoch_line(3, 0.6, metrics(0.6))};
  const TrainingReport report = written(set, 2);

  EXPECT_THAT(report.metrics, ElementsAre("macro F1", "exact match", "smoke F1", "fire F1"));
  ASSERT_THAT(report.epochs, SizeIs(3));
  EXPECT_THAT(report.epochs[1].metrics, ElementsAre(0.6, 0.25, 0.5, 0.6));
  EXPECT_EQ(report.epochs[1].validation_loss, 0.75);
  EXPECT_EQ(report.best_epoch, 2);
  EXPECT_GT(*report.floor, 0);
  ASSERT_THAT(report.classes, SizeIs(2));
  const ClassFigures& smoke = report.classes[0];
  EXPECT_EQ(smoke.name, "smoke");
  EXPECT_EQ(smoke.training, smoke.validation);
  EXPECT_EQ(*smoke.found + *smoke.missed, smoke.validation);
  EXPECT_GT(report.wrong_images, 3);
  ASSERT_THAT(report.mistakes, SizeIs(3));
  EXPECT_GE(report.mistakes[0].confidence, report.mistakes[2].confidence);
  EXPECT_NE(report.mistakes[0].truth, report.mistakes[0].answer);
  EXPECT_THAT(report.mistakes[0].picture, HasSubstr("images/000"));
  EXPECT_THAT(report.mistakes[0].thumbnail, testing::StartsWith("/9j/"));  // A JPEG.
  EXPECT_LT(report.mistakes[0].thumbnail.size(), 16000);
  EXPECT_THAT(report.notes, ElementsAre("a note"));
}

TEST_F(ReportTraining, OfOneClassAPictureCountsTop1) {
  write_synthetic_photos(folder_ / "shapes", 12, /*seed=*/5);
  const LabelledSet set{.samples = read_image_list(folder_ / "shapes/list.txt"),
                        .outputs = {},
                        .targets = {},
                        .notes = {}};
  epochs_ = {epoch_line(1, 0.4, {{"top1", 40.0}})};
  const TrainingReport report = written(set, 10);
  EXPECT_THAT(report.metrics, ElementsAre("top-1"));
  EXPECT_THAT(report.epochs[0].metrics, ElementsAre(0.4));
  EXPECT_EQ(report.floor, std::nullopt);
  EXPECT_EQ(report.classes[3].name, "class 3");
  EXPECT_EQ(report.classes[3].f1, std::nullopt);
  EXPECT_THAT(report.mistakes[0].truth, HasSubstr("class "));
}

TEST_F(ReportTraining, ShowsIntegersBesideOrInFrontWhereTheyDecide) {
  write_synthetic_photos(folder_ / "shapes", 4, /*seed=*/5);
  const LabelledSet set{.samples = read_image_list(folder_ / "shapes/list.txt"),
                        .outputs = {},
                        .targets = {},
                        .notes = {}};
  epochs_ = {epoch_line(1, 0.4, {{"top1", 40.0}, {"integers", {{"top1", 30.0}}}})};
  recipe_.train.integers = "log";
  const TrainingReport logged = written(set, 10);
  EXPECT_THAT(logged.metrics, ElementsAre("top-1", "integer top-1"));
  EXPECT_THAT(logged.epochs[0].metrics, ElementsAre(0.4, 0.3));
  recipe_.train.integers = "best";
  EXPECT_THAT(written(set, 10).metrics, ElementsAre("integer top-1", "top-1"));
}

TEST_F(ReportTraining, IsDrawnAgainFromItsJson) {
  write_synthetic_photos(folder_ / "shapes", 4, /*seed=*/5);
  const LabelledSet set{.samples = read_image_list(folder_ / "shapes/list.txt"),
                        .outputs = {},
                        .targets = {},
                        .notes = {}};
  epochs_ = {epoch_line(1, 0.4, {{"top1", 40.0}})};
  written(set, 10);
  const std::string page = read_text(report_page(folder_ / "run"));
  std::filesystem::remove(report_page(folder_ / "run"));
  EXPECT_THAT(rewrite_report(folder_ / "run"), ElementsAre(report_page(folder_ / "run")));
  EXPECT_EQ(read_text(report_page(folder_ / "run")), page);
}

TEST_F(ReportTraining, IsNotWrittenWhereTheRecipeWantsNone) {
  write_synthetic_photos(folder_ / "shapes", 4, /*seed=*/5);
  const LabelledSet set{.samples = read_image_list(folder_ / "shapes/list.txt"),
                        .outputs = {},
                        .targets = {},
                        .notes = {}};
  const Graph network = make_network("mobilenet_v2_mini", {.input = 32, .classes = 10});
  recipe_.report.pictures = 0;
  const Validation validation(recipe_, set, *network.preprocessing);
  write_file(report_page(folder_ / "run"), std::string_view("of an older run"));
  EXPECT_THAT(write_training_report(folder_ / "run", {.recipe = recipe_,
                                                      .training = set,
                                                      .validation = validation,
                                                      .epochs = epochs_,
                                                      .best = network,
                                                      .notes = {}}),
              IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(report_page(folder_ / "run")));
}

}  // namespace
}  // namespace quern
