#include "quern/data/class_folders.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;
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

}  // namespace
}  // namespace quern
