#include "quern/pipeline/train.h"

#include <gmock/gmock.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "quern/base/file.h"
#include "quern/base/interrupt.h"
#include "quern/data/synthetic.h"
#include "quern/evaluate/accuracy.h"
#include "quern/evaluate/integer_network.h"
#include "quern/lower/lower.h"
#include "quern/models/load_model.h"
#include "quern/train/checkpoint.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

class TrainTest : public testing::Test {
 protected:
  TrainTest() {
    write_synthetic_photos(folder_.path(), 12, /*seed=*/5);
    recipe_.model = {.source = "zoo:mobilenet_v2_mini", .width = 0.5, .input = 32};
    recipe_.data.training = recipe_.data.validation = (folder_ / "list.txt").string();
    recipe_.data.cache = "none";
    recipe_.data.preprocess.resize = 32;
    recipe_.threads = 1;
    recipe_.quantize.weight_bits = recipe_.quantize.activation_bits = 4;
    recipe_.quantize.statistics_steps = 2;
    recipe_.train.epochs = 2;
    recipe_.train.batch_size = 4;
    recipe_.train.average = 0.9;
  }

  nlohmann::json run(const std::string& name, bool resume = false) {
    return train(recipe_, {.run = folder_ / name, .resume = resume});
  }
  std::string last(const std::string& run) const {
    return read_text(folder_ / run / "models/last.onnx");
  }
  fs::path checkpoint(const std::string& run) const {
    return folder_ / run / "checkpoints/last.npz";
  }

  test::TemporaryFolder folder_;
  Recipe recipe_;
};

TEST_F(TrainTest, LeavesARunFolder) {
  const nlohmann::json result = run("run");
  for (const char* const file :
       {"models/best.onnx", "models/last.onnx", "metrics.jsonl", "report/index.html",
        "report/report.json", "checkpoints/last.npz", "tensorboard/events.out.tfevents.quern",
        "recipe.resolved.toml", "manifest.json", "log.txt"}) {
    EXPECT_TRUE(fs::exists(folder_ / "run" / file)) << file;
  }
  EXPECT_EQ(result.at("epochs"), 2);
  EXPECT_EQ(result.at("steps"), 6);
  const std::string metrics = read_text(folder_ / "run/metrics.jsonl");
  EXPECT_EQ(std::ranges::count(metrics, '\n'), 2);
  const auto manifest = nlohmann::json::parse(read_text(folder_ / "run/manifest.json"));
  EXPECT_EQ(manifest.at("data").at("training").at("pictures"), 12);
  EXPECT_TRUE(manifest.at("outputs").contains("report/index.html"));
  const Graph best = load_model(result.at("model")).graph;
  EXPECT_FALSE(best.nodes_of("Quant").empty());
  EXPECT_EQ(parse_recipe(read_text(folder_ / "run/recipe.resolved.toml"), "resolved"), recipe_);
}

TEST_F(TrainTest, ARunInTwoPartsEndsWithTheSameBytes) {
  run("whole");
  recipe_.train.epochs = 1;
  run("parts");
  recipe_.train.epochs = 2;
  run("parts", /*resume=*/true);
  EXPECT_EQ(last("parts"), last("whole"));
  EXPECT_EQ(std::ranges::count(read_text(folder_ / "parts/metrics.jsonl"), '\n'), 2);
}

TEST_F(TrainTest, ResumesInTheMiddleOfAnEpoch) {
  recipe_.train.checkpoint_seconds = 0;
  recipe_.train.epochs = 100000;
  {
    const std::jthread user([&] {
      while (!fs::exists(checkpoint("parts"))) std::this_thread::yield();
      std::raise(SIGINT);
    });
    EXPECT_THROW(run("parts"), Interrupted);
  }
  const Checkpoint position = read_checkpoint(checkpoint("parts"));
  EXPECT_GT(position.step, 0);
  recipe_.train.epochs = static_cast<int>(position.epoch) + 1;
  run("parts", /*resume=*/true);
  run("parts", /*resume=*/true);  // Nothing is left to do.
  run("whole");
  EXPECT_EQ(last("parts"), last("whole"));
}

TEST_F(TrainTest, WithoutACheckpointAResumedRunStarts) {
  run("whole");
  run("fresh", /*resume=*/true);
  EXPECT_EQ(last("fresh"), last("whole"));
}

TEST_F(TrainTest, ARunThatStartsForgetsAnOlderOne) {
  run("run");
  write_file(folder_ / "run/models/best_bipolar.onnx", "of an older run");
  recipe_.train.learning_rate = 1e30;
  recipe_.train.optimizer = "sgd";
  test::expect_error(ErrorCode::kInvalidArgument, "is not finite", [&] { run("run"); });
  for (const char* const file :
       {"checkpoints/last.npz", "manifest.json", "report/index.html", "models/best_bipolar.onnx"}) {
    EXPECT_FALSE(fs::exists(folder_ / "run" / file)) << file;
  }
}

TEST_F(TrainTest, WritesNoCheckpointThatNothingCanGoOnFrom) {
  recipe_.train.learning_rate = 1e30;
  recipe_.train.optimizer = "sgd";
  recipe_.train.warm_up = 0;
  recipe_.train.checkpoint_seconds = 0;
  test::expect_error(ErrorCode::kInvalidArgument, "epoch 1: step 1: the output of layer",
                     [&] { run("inside"); });
  EXPECT_FALSE(fs::exists(checkpoint("inside")));
  recipe_.train.batch_size = 12;  // An epoch is a step, and its last.
  test::expect_error(ErrorCode::kInvalidArgument, "epoch 1: step 1: the output of layer",
                     [&] { run("at its end"); });
  EXPECT_FALSE(fs::exists(checkpoint("at its end")));
  EXPECT_FALSE(fs::exists(folder_ / "at its end/models/best.onnx"));
}

TEST_F(TrainTest, DoesNotWriteOverWhatItStartsFrom) {
  run("run");
  recipe_.model.source = (folder_ / "run/models/best.onnx").string();
  const std::string before = read_text(recipe_.model.source);
  test::expect_error(ErrorCode::kInvalidArgument, "which the run would write over",
                     [&] { run("run"); });
  EXPECT_EQ(read_text(recipe_.model.source), before);
}

TEST_F(TrainTest, NeedsTheBestNetworkOfTheEpochsBefore) {
  run("run");
  fs::remove(folder_ / "run/models/best.onnx");
  recipe_.train.epochs = 3;
  test::expect_error(ErrorCode::kIo, "best.onnx is missing, the best of the 2 epochs",
                     [&] { run("run", /*resume=*/true); });
}

TEST_F(TrainTest, LogsTheRateThatAnEpochEndedWith) {
  recipe_.train.schedule = "step";
  recipe_.train.step_epochs = 1;
  recipe_.train.warm_up = 0;
  recipe_.train.factor = 0.5;
  recipe_.train.floor = 0;
  EXPECT_DOUBLE_EQ(run("run").at("last").at("learning_rate"), recipe_.train.learning_rate / 2);
}

TEST_F(TrainTest, RefusesACheckpointOfAnotherRecipe) {
  run("run");
  recipe_.quantize.weight_bits = 3;
  test::expect_error(ErrorCode::kInvalidArgument,
                     "last.npz: it was made with quantize.weight_bits = 4, the recipe says 3",
                     [&] { run("run", /*resume=*/true); });
}

TEST_F(TrainTest, RefusesACheckpointOfAnotherNetwork) {
  run("run");
  Checkpoint position = read_checkpoint(checkpoint("run"));
  recipe_.model.width = 1;
  position.recipe = values_by_key(recipe_);
  write_checkpoint(checkpoint("run"), position);
  test::expect_error(ErrorCode::kInvalidArgument, "features.0.0.weight",
                     [&] { run("run", /*resume=*/true); });
}

TEST_F(TrainTest, RefusesACheckpointOfOtherPictures) {
  run("run");
  fs::copy_file(folder_ / "images/0000.jpg", folder_ / "images/more.jpg");
  write_file(folder_ / "list.txt", read_text(folder_ / "list.txt") + "images/more.jpg 0\n");
  test::expect_error(ErrorCode::kInvalidArgument, "it was made with 12 pictures, there are 13",
                     [&] { run("run", /*resume=*/true); });
}

TEST_F(TrainTest, MeasuresTheIntegersOfEveryEpoch) {
  recipe_.train.integers = "log";
  const nlohmann::json last = run("run").at("last");
  const Graph network = load_model((folder_ / "run/models/last.onnx").string()).graph;
  const IntegerNetwork integers(lower(network).model, *network.preprocessing);
  const Accuracy accuracy =
      evaluate_accuracy(integers, read_image_list(folder_ / "list.txt"),
                        {.loader = {.preprocessing = *network.preprocessing}});
  EXPECT_DOUBLE_EQ(last.at("integers").at("top1").get<double>(), accuracy.top1);
  EXPECT_DOUBLE_EQ(last.at("score").get<double>(), last.at("top1").get<double>() / 100);
}

TEST_F(TrainTest, KeepsTheEpochWhoseEvaluationFails) {
  const fs::path held = folder_ / "images/held.jpg";
  fs::copy_file(folder_ / "images/0000.jpg", held);
  write_file(folder_ / "held.txt", std::string_view("images/held.jpg 0\n"));
  recipe_.data.validation = (folder_ / "held.txt").string();
  recipe_.train.checkpoint_seconds = 0;
  recipe_.train.epochs = 100000;
  {
    const std::jthread user([&] {
      while (!fs::exists(checkpoint("parts"))) std::this_thread::yield();
      fs::remove(held);
    });
    test::expect_error(ErrorCode::kIo, "held.jpg", [&] { run("parts"); });
  }
  const Checkpoint position = read_checkpoint(checkpoint("parts"));
  EXPECT_EQ(position.step, 3);  // All of the epoch.
  const std::string trained = last("parts");
  fs::copy_file(folder_ / "images/0000.jpg", held);
  recipe_.train.epochs = static_cast<int>(position.epoch) + 1;
  run("parts", /*resume=*/true);
  EXPECT_EQ(last("parts"), trained);
  run("whole");
  EXPECT_EQ(last("parts"), last("whole"));
}

TEST_F(TrainTest, TheIntegersMayDecideWhichEpochIsTheBest) {
  recipe_.train.integers = "best";
  const nlohmann::json result = run("run");
  for (const char* const epoch : {"best", "last"}) {
    const nlohmann::json& line = result.at(epoch);
    EXPECT_DOUBLE_EQ(line.at("score").get<double>(),
                     line.at("integers").at("top1").get<double>() / 100);
  }
  EXPECT_GE(result.at("best").at("score"), result.at("last").at("score"));
}

TEST_F(TrainTest, RefusesIntegersOfAFloatNetworkBeforeItStarts) {
  recipe_.quantize.scheme = "none";
  recipe_.train.integers = "log";
  test::expect_error(ErrorCode::kInvalidArgument, "trains a float network", [&] { run("run"); });
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

TEST_F(TrainTest, RefusesABipolarHeadOnAFloatNetwork) {
  recipe_.quantize.scheme = "none";
  recipe_.exports.bipolar_head = true;
  test::expect_error(ErrorCode::kInvalidArgument,
                     "export.bipolar_head belongs to a quantized network", [&] { run("run"); });
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

}  // namespace
}  // namespace quern
