#include "quern/pipeline/data_record.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "quern/base/sha256.h"

namespace quern {
namespace {

std::string digest_of(const std::string& lines) { return sha256(std::as_bytes(std::span(lines))); }

LabelledSet fires(const std::string& root) {
  return {
      .samples = {{.path = root + "/train/images/a.jpg"}, {.path = root + "/train/images/b.jpg"}},
      .outputs = {"smoke", "fire"},
      .targets = {1, 0, 1, 1},
      .notes = {}};
}

TEST(DataRecord, NamesSourcesAndSplits) {
  const DataRecipe data{.kind = "dfire", .root = "/d", .training = "train", .validation = "test"};
  const nlohmann::json record = data_record(data, fires("/d"), fires("/d"));
  EXPECT_EQ(record.at("sources"), nlohmann::json({{{"kind", "dfire"}, {"root", "/d"}}}));
  EXPECT_EQ(record.at("training").at("name"), "train");
  EXPECT_EQ(record.at("validation").at("name"), "test");
  EXPECT_EQ(record.at("training").at("pictures"), 2);
  EXPECT_EQ(record.at("training").at("sha256"),
            digest_of("train/images/a.jpg 10\ntrain/images/b.jpg 11\n"));
}

TEST(DataRecord, IsTheSameForASetThatWasMoved) {
  const DataRecipe here{.kind = "dfire", .root = "/d", .training = "train", .validation = "test"};
  DataRecipe there = here;
  there.root = "/elsewhere/fire/";
  EXPECT_EQ(data_record(here, fires("/d"), fires("/d")).at("training"),
            data_record(there, fires("/elsewhere/fire"), fires("/d")).at("training"));
}

TEST(DataRecord, SaysWhatWasHeldOutOfALabelledList) {
  const DataRecipe data{.root = "/photos", .training = "list.txt", .hold_out = 0.2};
  const LabelledSet set{
      .samples = {{.path = "/photos/x.jpg", .label = 3}, {.path = "/other/y.jpg", .label = 0}},
      .outputs = {},
      .targets = {},
      .notes = {}};
  const nlohmann::json record = data_record(data, set, set);
  EXPECT_EQ(record.at("hold_out"), 0.2);
  EXPECT_EQ(record.at("validation").at("name"), "list.txt");
  EXPECT_EQ(record.at("training").at("sha256"), digest_of("x.jpg 3\n/other/y.jpg 0\n"));
  EXPECT_FALSE(record.contains("sources"));
}

}  // namespace
}  // namespace quern
