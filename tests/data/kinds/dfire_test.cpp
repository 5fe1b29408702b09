#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/data/class_balance.h"
#include "quern/data/kinds/kinds.h"
#include "tests/support/expect_error.h"
#include "tests/support/shared_data.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Dfire : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view text = "") {
    write_file(folder_ / name, text);
  }
  LabelledSet read() { return read_dfire(folder_.path(), "train"); }

  test::TemporaryFolder folder_;
};

TEST_F(Dfire, ReadsSmokeAndFireFromTheBoxes) {
  write("train/images/a.jpg");
  write("train/labels/a.txt");
  write("train/images/b.JPG");
  write("train/labels/b.txt", "1 0.5 0.5 0.1 0.1\n");
  write("train/images/c.png");
  write("train/labels/c.txt", "0 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.1 0.1\n");
  write("train/images/notes.md");

  const LabelledSet set = read();
  EXPECT_THAT(set.outputs, ElementsAre("smoke", "fire"));
  EXPECT_THAT(set.samples, ElementsAre(Sample{folder_ / "train/images/a.jpg", -1},
                                       Sample{folder_ / "train/images/b.JPG", -1},
                                       Sample{folder_ / "train/images/c.png", -1}));
  EXPECT_THAT(set.targets, ElementsAre(0, 0, 0, 1, 1, 1));
  EXPECT_THAT(set.notes, IsEmpty());
}

TEST_F(Dfire, NotesOddBoxesAndMissingLabels) {
  write("train/images/a.jpg");
  write("train/labels/a.txt", "1 0.5 0.5 0 0\n0 0.5 0.5 1.5 0.2\n");
  write("train/images/b.jpg");
  const LabelledSet set = read();
  EXPECT_THAT(set.targets, ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(
      set.notes,
      ElementsAre(HasSubstr("labels: 1 of 2 pictures have no label file and count as "
                            "showing neither smoke nor fire, the first: b.txt"),
                  HasSubstr("labels: boxes: 1 without an area, 1 larger than the picture")));
}

TEST_F(Dfire, NamesWhatIsMissing) {
  expect_error(ErrorCode::kInvalidArgument, "there is no split 'train'", [&] { read(); });
  std::filesystem::create_directories(folder_ / "train");
  expect_error(ErrorCode::kIo, "train/images: No such file or directory", [&] { read(); });
  write("train/images/notes.md");
  expect_error(ErrorCode::kParse, "train/images: the folder holds no picture", [&] { read(); });
  write("train/images/a.jpg");
  expect_error(ErrorCode::kParse,
               "train/labels: none of 1 pictures has a label file, expected a.txt first",
               [&] { read(); });
  write("train/labels/a.txt", "3 0.5 0.5 0.1 0.1\n");
  expect_error(ErrorCode::kParse, "train/labels/a.txt:1: the label 3 is out of range",
               [&] { read(); });
}

TEST(DfireLayout, OfTheReferenceDataIsRead) {
  const std::filesystem::path root = test::shared_data("dfire-layout");
  if (!std::filesystem::exists(root)) GTEST_SKIP() << root << " is not there";
  const LabelledSet train = read_dfire(root, "train");
  const LabelledSet test = read_dfire(root, "test");
  EXPECT_EQ(train.samples.size(), 688);
  EXPECT_EQ(test.samples.size(), 291);
  require_learnable(train, "train");
  require_learnable(test, "test");
}

}  // namespace
}  // namespace quern
