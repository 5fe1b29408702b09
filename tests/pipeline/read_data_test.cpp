#include "quern/pipeline/read_data.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;
using testing::ElementsAre;

/// A set of D-Fire's layout: `count` pictures a split, every second one with fire.
class ReadData : public testing::Test {
 protected:
  void write_split(const std::string& folder, int count) {
    for (int i = 0; i < count; ++i) {
      const std::string name = fmt::format("{:03}", i);
      write_file(folder_ / (folder + "/images/" + name + ".jpg"), std::string_view());
      write_file(folder_ / (folder + "/labels/" + name + ".txt"),
                 std::string_view(i % 2 == 0 ? "1 0.5 0.5 1 1\n0 0.5 0.5 1 1\n" : ""));
    }
  }

  std::vector<std::string> names(const LabelledSet& set) {
    std::vector<std::string> found;
    for (const Sample& sample : set.samples) {
      found.push_back(sample.path.lexically_relative(folder_.path()).string());
    }
    return found;
  }

  test::TemporaryFolder folder_;
};

TEST_F(ReadData, TakesSplitsOfAKindSpreadToTheLimit) {
  write_split("d/test", 6);
  const DataRecipe data{.kind = "dfire", .root = folder_ / "d", .limit = 2};
  DataRecipe whole = data;
  whole.limit = 0;
  EXPECT_EQ(names(read_data(data, "test")), names(spread(read_data(whole, "test"), 2)));
}

TEST_F(ReadData, MixesSourcesBelowTheRoot) {
  write_split("a/test", 1);
  write_split("b/test", 1);
  const DataRecipe data{.root = folder_.path(),
                        .sources = {{"dfire", "a"}, {"dfire", (folder_ / "b").string()}}};
  EXPECT_THAT(names(read_data(data, "test")),
              ElementsAre("a/test/images/000.jpg", "b/test/images/000.jpg"));
}

TEST_F(ReadData, TakesTheFirstPicturesOfAList) {
  write_file(folder_ / "lists/a.txt", std::string_view("x.jpg 0\ny.jpg 1\n/z.jpg 2\n"));
  const std::string list = (folder_ / "lists/a.txt").string();
  EXPECT_THAT(names(read_data({.limit = 1}, list)), ElementsAre("lists/x.jpg"));
  EXPECT_THAT(names(read_data({.root = folder_.path()}, "lists/a.txt")),
              ElementsAre("x.jpg", "y.jpg", testing::HasSubstr("z.jpg")));
}

/// Class folders of a split, a picture each.
class ReadClasses : public ReadData {
 protected:
  void write_classes(const std::string& split, const std::vector<std::string>& classes) {
    for (const std::string& name : classes) {
      write_file(folder_ / fmt::format("{}/{}/1.jpg", split, name), std::string_view());
    }
  }

  /// Number and name of the classes of a set's pictures.
  std::vector<std::string> classes(const LabelledSet& set) {
    std::vector<std::string> found;
    for (const Sample& sample : set.samples) {
      found.push_back(
          fmt::format("{} {}", sample.label, sample.path.parent_path().filename().string()));
    }
    return found;
  }
};

TEST_F(ReadClasses, OfTrainingDecideTheNumbers) {
  write_classes("mine", {"airplane", "bird", "cat"});
  write_classes("other", {"bird", "cat"});
  const DataRecipe split{
      .kind = "folder", .root = folder_.path(), .training = "mine", .validation = "other"};
  const DataRecipe plain{.training = folder_ / "mine", .validation = folder_ / "other"};
  for (const DataRecipe& data : {split, plain}) {
    const HoldOut parts = read_training_data(data);
    EXPECT_THAT(parts.held.outputs, ElementsAre("airplane", "bird", "cat"));
    EXPECT_THAT(classes(parts.kept), ElementsAre("0 airplane", "1 bird", "2 cat"));
    EXPECT_THAT(classes(parts.held), ElementsAre("1 bird", "2 cat"));
  }
  EXPECT_THAT(classes(read_data(split, "other")), ElementsAre("1 bird", "2 cat"));
}

TEST_F(ReadClasses, RefusesOneThatIsNotTrainedOn) {
  write_classes("mine", {"airplane", "bird", "cat"});
  write_classes("other", {"bird", "cat", "zebra"});
  const DataRecipe split{.kind = "folder",
                         .root = folder_.path(),
                         .training = "mine",
                         .validation = "other",
                         .limit = 1};
  const DataRecipe plain{.training = folder_ / "mine", .validation = folder_ / "other"};
  for (const DataRecipe& data : {split, plain}) {
    expect_error(ErrorCode::kParse,
                 "other/zebra/1.jpg is of the class 'zebra', expected one that is trained on: "
                 "airplane, bird, cat",
                 [&] { read_training_data(data); });
  }
}

TEST_F(ReadClasses, OfAFolderBesideTrainHaveItsNumbers) {
  write_classes("train", {"airplane", "bird", "cat"});
  write_classes("test", {"cat"});
  EXPECT_THAT(classes(read_data({}, folder_ / "test")), ElementsAre("2 cat"));
}

TEST_F(ReadData, SaysWhatIsNotNamed) {
  expect_error(ErrorCode::kInvalidArgument, "no pictures are named", [] { read_data({}, ""); });
  expect_error(ErrorCode::kInvalidArgument,
               "data.root is empty: expected the folder of the data of kind 'dfire'",
               [] { read_data({.kind = "dfire"}, "train"); });
}

TEST_F(ReadData, ValidatesWithASplitOrWithWhatIsHeldBack) {
  write_split("train", 160);
  write_split("val", 4);
  DataRecipe data{.kind = "dfire", .root = folder_.path(), .training = "train"};
  HoldOut parts = read_training_data(data);
  EXPECT_EQ(parts.kept.samples.size(), 144);
  EXPECT_EQ(parts.held.samples.size(), 16);
  data.validation = "val";
  parts = read_training_data(data);
  EXPECT_EQ(parts.kept.samples.size(), 160);
  EXPECT_EQ(parts.held.samples.size(), 4);
}

TEST_F(ReadData, RefusesToTrainOnWhatShowsNoFire) {
  write_file(folder_ / "train/images/a.jpg", std::string_view());
  write_file(folder_ / "train/labels/a.txt", std::string_view());
  const DataRecipe data{
      .kind = "dfire", .root = folder_.path(), .training = "train", .validation = "train"};
  expect_error(ErrorCode::kParse, "the pictures to train on: none of 1 shows smoke",
               [&] { read_training_data(data); });
}

}  // namespace
}  // namespace quern
