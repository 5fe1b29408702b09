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

class Fasdd : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view text = "") {
    write_file(folder_ / name, text);
  }
  LabelledSet read(const std::string& below = "") {
    return read_fasdd(folder_.path() / below, "test");
  }

  test::TemporaryFolder folder_;
};

TEST_F(Fasdd, SwapsTheIdsOfYoloLabels) {
  write("images/a.jpg");
  write("images/b.jpg");
  write("images/of_another_split.jpg");
  write("annotations/YOLO_CV/labels/a.txt", "0 0.5 0.5 0.1 0.1\n");
  write("annotations/YOLO_CV/labels/b.txt", "1 0.5 0.5 0.1 0.1\n");
  write("annotations/YOLO_CV/test.txt", "./images/b.jpg\r\nC:\\images\\a.jpg  \r\n\r\n");
  const LabelledSet set = read();
  EXPECT_THAT(set.outputs, ElementsAre("smoke", "fire"));
  EXPECT_THAT(set.samples, ElementsAre(Sample{folder_ / "images/b.jpg", -1},
                                       Sample{folder_ / "images/a.jpg", -1}));
  EXPECT_THAT(set.targets, ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(set.notes, IsEmpty());
}

TEST_F(Fasdd, ReadsCocoLabelsWhereThereIsNoYolo) {
  write("images/a.jpg");
  write("images/b.jpg");
  write("annotations/COCO_UAV/Annotations/test.json", R"({
    "images": [{"id": 0, "file_name": "images/a.jpg", "width": 10, "height": 10},
               {"id": 1, "file_name": "b.jpg", "width": 10, "height": 10}],
    "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2]}],
    "categories": [{"id": 0, "name": "fire"}, {"id": 1, "name": "smoke"}]})");
  const LabelledSet set = read();
  EXPECT_THAT(set.targets, ElementsAre(0, 0, 1, 0));
}

TEST_F(Fasdd, TakesNamesWhereLabelFilesAreMissing) {
  const std::vector<std::string> names = {
      "bothFireAndSmoke_CV000001",    "FireAndSmoke_UAV000001", "fire_and_smoke_RS1",
      "neitherFireNorSmoke_CV000001", "smoke_CV000001",         "fire_CV000001"};
  std::string list;
  for (const std::string& name : names) {
    write("images/" + name + ".jpg");
    list += name + ".jpg\n";
  }
  write("annotations/YOLO_CV/test.txt", list);
  const LabelledSet set = read();
  EXPECT_THAT(set.targets, ElementsAre(1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 1));
  EXPECT_THAT(set.notes,
              ElementsAre(HasSubstr("6 of 6 pictures have no label file and are labelled by their "
                                    "names, the first: bothFireAndSmoke_CV000001.jpg")));
}

TEST_F(Fasdd, ReadsAllPartsBelowAFolder) {
  for (const char* part : {"FASDD_UAV", "FASDD_CV"}) {
    write(fmt::format("{}/images/fire_1.jpg", part));
    write(fmt::format("{}/annotations/YOLO/test.txt", part), "fire_1.jpg\n");
  }
  write("notes/readme.txt");
  const LabelledSet set = read();
  EXPECT_THAT(set.samples, ElementsAre(Sample{folder_ / "FASDD_CV/images/fire_1.jpg", -1},
                                       Sample{folder_ / "FASDD_UAV/images/fire_1.jpg", -1}));
  EXPECT_EQ(read("FASDD_CV").samples.size(), 1);
}

TEST_F(Fasdd, LeavesOutPicturesThatAreNotThereAndFindsOthersByTheirStem) {
  write("images/fire_1.tif");
  write("annotations/YOLO_RS_RGB/test.txt", "fire_1.jpg\nfire_2.jpg\n");
  const LabelledSet set = read();
  EXPECT_THAT(set.samples, ElementsAre(Sample{folder_ / "images/fire_1.tif", -1}));
  EXPECT_THAT(set.notes, testing::Contains(HasSubstr(
                             "1 of 2 pictures are not in images and left out, the first: fire_2")));
}

TEST_F(Fasdd, RefusesWhatItDoesNotRead) {
  expect_error(ErrorCode::kParse, "neither a part of FASDD nor a folder of parts", [&] { read(); });
  write("images/a.jpg");
  expect_error(ErrorCode::kInvalidArgument,
               "there is no split 'test'; expected annotations/YOLO_*/test.txt or "
               "annotations/COCO_*/Annotations/test.json",
               [&] { read(); });
  write("annotations/VOC_CV/Annotations/a.xml");
  expect_error(ErrorCode::kUnsupported,
               "labels of the form VOC_CV are not read (supported: annotations/YOLO_* and "
               "annotations/COCO_*)",
               [&] { read(); });
  write("annotations/YOLO_CV/train.txt", "a.jpg\n");
  expect_error(ErrorCode::kInvalidArgument, "there is no split 'test'", [&] { read(); });
  write("annotations/YOLO_CV/test.txt", "b.jpg\n");
  expect_error(ErrorCode::kParse, "none of the 1 pictures of the split 'test' is in images",
               [&] { read(); });
  write("annotations/YOLO_CV/test.txt", "a.jpg\n");
  expect_error(ErrorCode::kParse, "a.jpg has no label file, and its name says nothing",
               [&] { read(); });
  write("annotations/YOLO_CV/labels/a.txt", "2 0.5 0.5 0.1 0.1\n");
  expect_error(ErrorCode::kParse,
               "labels/a.txt:1: the label 2 is out of range; expected 0 (fire) or 1 (smoke)",
               [&] { read(); });
}

/// The names of the reference data say what their labels say, in YOLO and in COCO.
TEST(FasddLayout, OfTheReferenceDataIsRead) {
  const std::filesystem::path root = test::shared_data("fasdd-layout");
  if (!std::filesystem::exists(root)) GTEST_SKIP() << root << " is not there";
  std::size_t pictures = 0;
  for (const char* split : {"train", "val", "test"}) {
    const LabelledSet set = read_fasdd(root, split);
    pictures += set.samples.size();
    for (std::size_t i = 0; i < set.samples.size(); ++i) {
      const std::string name = set.samples[i].path.filename().string();
      const bool both = name.starts_with("both");
      EXPECT_EQ(set.targets_of(i)[0], both || name.starts_with("smoke")) << name;
      EXPECT_EQ(set.targets_of(i)[1], both || name.starts_with("fire")) << name;
    }
  }
  EXPECT_EQ(pictures, 97);
}

}  // namespace
}  // namespace quern
