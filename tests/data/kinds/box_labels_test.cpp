#include "quern/data/kinds/box_labels.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;
using testing::ElementsAre;

BoxLabels read(std::string_view text) {
  const test::TemporaryFolder folder;
  write_file(folder / "a.txt", text);
  return read_yolo_labels(folder / "a.txt", {"smoke", "fire"});
}

TEST(YoloLabels, SayWhichClassesThereAre) {
  EXPECT_THAT(read("1 0.5 0.5 0.1 0.1\n").shown, ElementsAre(0, 1));
  EXPECT_THAT(read("1 0.5 0.5 0.1 0.1\n0 .5 .5 1 1\n1 0 0 1e-3 0\n").shown, ElementsAre(1, 1));
  EXPECT_THAT(read("").shown, ElementsAre(0, 0));
}

TEST(YoloLabels, TakeTheBlanksThatEditorsLeave) {
  EXPECT_THAT(read("\xEF\xBB\xBF\r\n  0\t0.5  0.5 0.1 0.1  \r\n\r\n \n").shown, ElementsAre(1, 0));
  EXPECT_THAT(read("\r\n").shown, ElementsAre(0, 0));
}

TEST(YoloLabels, CountOddBoxesByTheirFirstOddity) {
  const BoxLabels labels = read(
      "0 0.5 0.5 0 0.1\n"        // no width
      "0 0.5 0.5 0.1 -0.1\n"     // negative height
      "0 0.5 0.5 1.2 0.1\n"      // wider than the picture
      "0 0.05 0.5 0.2 0.1\n"     // left of it
      "0 0.5 0.95 0.1 0.2\n"     // below it
      "0 0.5 0.5 1 1\n"          // all of it
      "0 0.05 0.5 0.100002 1\n"  // rounded
  );
  EXPECT_EQ(labels.odd.empty, 2);
  EXPECT_EQ(labels.odd.oversized, 1);
  EXPECT_EQ(labels.odd.crossing, 2);
  EXPECT_THAT(labels.shown, ElementsAre(1, 0));
  EXPECT_EQ(labels.odd.text(),
            "boxes: 2 without an area, 1 larger than the picture, 2 across its border; their class "
            "counts all the same");
  EXPECT_EQ(read("0 0.5 0.5 1 1\n").odd.text(), "");
}

TEST(YoloLabels, NameFileAndLineOfWhatIsWrong) {
  expect_error(ErrorCode::kParse,
               "a.txt:2: the label 2 is out of range; expected 0 (smoke) or 1 (fire)",
               [] { read("0 0.5 0.5 0.1 0.1\n2 0.5 0.5 0.1 0.1\n"); });
  expect_error(ErrorCode::kParse, "a.txt:1: the label -1 is out of range",
               [] { read("-1 0.5 0.5 0.1 0.1\n"); });
  expect_error(ErrorCode::kParse, "a.txt:1: 'fire' is no class; expected `class x y width height`",
               [] { read("fire 0.5 0.5 0.1 0.1\n"); });
  expect_error(ErrorCode::kParse, "a.txt:1: 'nan' is no number",
               [] { read("0 nan 0.5 0.1 0.1\n"); });
  expect_error(ErrorCode::kParse, "a.txt:1: '0.5x' is no number",
               [] { read("0 0.5x 0.5 0.1 0.1\n"); });
  expect_error(ErrorCode::kParse, "a.txt:1: 3 fields; expected `class x y width height`",
               [] { read("0 0.5 0.5\n"); });
}

}  // namespace
}  // namespace quern
