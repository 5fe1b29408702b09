#include "quern/data/class_folders.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/one_of_each.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;
using test::one_of_each;
using testing::ElementsAre;
using testing::IsEmpty;

class ClassFolders : public testing::Test {
 protected:
  /// Empty pictures: nothing opens them.
  void touch(const std::vector<std::string>& names) {
    for (const std::string& name : names) write_file(folder_ / name, std::string_view());
  }

  std::vector<std::int64_t> labels(const LabelledSet& set) {
    std::vector<std::int64_t> found;
    for (const Sample& sample : set.samples) found.push_back(sample.label);
    return found;
  }

  test::TemporaryFolder folder_;
};

TEST_F(ClassFolders, SplitsHaveTheClassesOfTrain) {
  touch({"train/cat/1.jpg", "train/ant/1.jpg", "test/zebra/1.jpg", ".cache/x/1.jpg"});
  EXPECT_THAT(class_names(folder_ / "test"), ElementsAre("zebra"));
  EXPECT_THAT(classes_of_splits(folder_.path()), ElementsAre("ant", "cat"));
}

TEST_F(ClassFolders, SplitsWithoutTrainHaveThoseOfAll) {
  touch({"b/cat/1.jpg", "b/ant/1.jpg", "a/zebra/1.jpg", "a/cat/1.jpg"});
  EXPECT_THAT(classes_of_splits(folder_.path()), ElementsAre("ant", "cat", "zebra"));
}

TEST_F(ClassFolders, NumbersAFolderAloneByItsOwnClasses) {
  touch({"photos/cat/1.jpg", "photos/bird/1.jpg", "train/images/1.jpg"});
  const LabelledSet set = read_labelled_folder(folder_ / "photos");
  EXPECT_THAT(set.outputs, ElementsAre("bird", "cat"));
  EXPECT_THAT(labels(set), ElementsAre(0, 1));
  EXPECT_EQ(read_class_folders(folder_ / "photos").outputs, set.outputs);
}

TEST_F(ClassFolders, NumbersASplitThatLiesBesideTrainAsTrain) {
  touch({"train/ant/1.jpg", "train/bird/1.jpg", "train/cat/1.jpg", "test/cat/1.jpg"});
  for (const char* const name : {"test", "test/"}) {
    const LabelledSet set = read_labelled_folder(folder_ / name);
    EXPECT_THAT(set.outputs, ElementsAre("ant", "bird", "cat"));
    EXPECT_THAT(labels(set), ElementsAre(2));
  }
  touch({"test/zebra/1.jpg"});
  expect_error(ErrorCode::kParse,
               "test/zebra/1.jpg is of the class 'zebra', expected one that is trained on: ant, "
               "bird, cat",
               [&] { read_labelled_folder(folder_ / "test"); });
}

TEST_F(ClassFolders, LeavesPicturesWithoutClassFoldersUnlabelled) {
  touch({"train/ant/1.jpg", "photos/1.jpg"});
  const LabelledSet set = read_labelled_folder(folder_ / "photos");
  EXPECT_THAT(set.outputs, IsEmpty());
  EXPECT_THAT(labels(set), ElementsAre(-1));
}

TEST(Numbered, GoesByNames) {
  LabelledSet set = one_of_each({"bird", "cat"});
  set.samples.push_back({.path = "unknown", .label = -1});
  const LabelledSet renamed = numbered(set, {"ant", "bird", "cat"});
  EXPECT_THAT(renamed.outputs, ElementsAre("ant", "bird", "cat"));
  EXPECT_THAT(renamed.samples,
              ElementsAre(Sample{"bird", 1}, Sample{"cat", 2}, Sample{"unknown", -1}));
}

TEST(Numbered, RefusesAnUnknownClass) {
  const LabelledSet set = one_of_each({"cat", "zebra"});
  expect_error(ErrorCode::kParse,
               "zebra is of the class 'zebra', expected one that is trained on: ant, cat", [&] {
                 numbered(set, {"ant", "cat"});
               });
  std::vector<std::string> many = {"cat"};
  for (int i = 0; i < 20; ++i) many.push_back(std::to_string(i));
  expect_error(ErrorCode::kParse, "8, 9, 10 and 9 more", [&] { numbered(set, many); });
}

}  // namespace
}  // namespace quern
