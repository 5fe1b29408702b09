#include "quern/pipeline/training_log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "quern/base/file.h"
#include "quern/report/tensorboard.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

nlohmann::json epoch(int number) {
  return {{"epoch", number}, {"time", 100.5}, {"loss", 0.25 * number}, {"fire", {{"f1", 0.5}}}};
}

const char* const kEvents = "tensorboard/events.out.tfevents.quern";

TEST(TrainingLog, IsALineAndItsScalarsForEveryEpoch) {
  const test::TemporaryFolder run;
  TrainingLog log(run.path(), {});
  log.add(epoch(1));
  log.add(epoch(2));
  EXPECT_EQ(read_text(run / "metrics.jsonl"), epoch(1).dump() + "\n" + epoch(2).dump() + "\n");
  std::string events = event_file_start(0);
  for (const int number : {1, 2}) {
    events += scalar_event(100.5, number, "fire/f1", 0.5);
    events += scalar_event(100.5, number, "loss", 0.25 * number);
  }
  EXPECT_EQ(read_text(run / kEvents), events);
}

TEST(TrainingLog, KnowsTheFirstOfTheBestEpochs) {
  EXPECT_TRUE(best_epoch({}).is_null());
  EXPECT_EQ(best_epoch({R"({"epoch":1,"score":0.5})", R"({"epoch":2,"score":0.75})",
                        R"({"epoch":3,"score":0.75})"})
                .at("epoch"),
            2);
}

TEST(TrainingLog, AResumedOneForgetsWhatCameAfterItsCheckpoint) {
  const test::TemporaryFolder run;
  std::vector<std::string> kept;
  {
    TrainingLog killed(run.path(), {});
    killed.add(epoch(1));
    kept = killed.epochs();
    killed.add(epoch(2));
  }
  TrainingLog(run.path(), kept).add(epoch(2));
  EXPECT_EQ(read_text(run / "metrics.jsonl"), epoch(1).dump() + "\n" + epoch(2).dump() + "\n");
}

TEST(TrainingLog, NamesTheFileThatCanNotBeWritten) {
  const test::TemporaryFolder run;
  TrainingLog log(run.path(), {});
  std::filesystem::remove(run / "metrics.jsonl");
  std::filesystem::create_directory(run / "metrics.jsonl");
  test::expect_error(ErrorCode::kIo, "metrics.jsonl: Is a directory", [&] { log.add(epoch(1)); });
}

}  // namespace
}  // namespace quern
