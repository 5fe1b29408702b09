#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/data/kinds/kinds.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using testing::ElementsAre;

TEST(FolderSplit, NamesItsClasses) {
  const test::TemporaryFolder folder;
  for (const char* name : {"val/dog/1.jpg", "val/cat/2.jpg"}) {
    write_file(folder / name, std::string_view());
  }
  const LabelledSet set = read_folder_split(folder.path(), "val");
  EXPECT_THAT(set.outputs, ElementsAre("cat", "dog"));
  EXPECT_THAT(set.samples, ElementsAre(Sample{folder / "val/cat/2.jpg", 0},
                                       Sample{folder / "val/dog/1.jpg", 1}));
}

TEST(FolderSplit, NumbersClassesAsTrainDoes) {
  const test::TemporaryFolder folder;
  for (const char* name : {"train/ant/1.jpg", "train/cat/1.jpg", "train/dog/1.jpg", "val/dog/1.jpg",
                           "other/ant/1.jpg", "other/zebra/1.jpg"}) {
    write_file(folder / name, std::string_view());
  }
  const LabelledSet set = read_folder_split(folder.path(), "val");
  EXPECT_THAT(set.outputs, ElementsAre("ant", "cat", "dog"));
  EXPECT_THAT(set.samples, ElementsAre(Sample{folder / "val/dog/1.jpg", 2}));
  test::expect_error(ErrorCode::kParse, "other/zebra/1.jpg is of the class 'zebra'",
                     [&] { read_folder_split(folder.path(), "other"); });
}

TEST(FolderSplit, HasNoLabelsWithoutClassFolders) {
  const test::TemporaryFolder folder;
  for (const char* name : {"train/ant/1.jpg", "val/1.jpg"}) {
    write_file(folder / name, std::string_view());
  }
  const LabelledSet set = read_folder_split(folder.path(), "val");
  EXPECT_THAT(set.outputs, testing::IsEmpty());
  EXPECT_THAT(set.samples, ElementsAre(Sample{folder / "val/1.jpg", -1}));
}

}  // namespace
}  // namespace quern
