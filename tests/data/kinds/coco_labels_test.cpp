#include "quern/data/kinds/coco_labels.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;
using testing::ElementsAre;

std::vector<CocoPicture> read(std::string_view text) {
  const test::TemporaryFolder folder;
  write_file(folder / "test.json", text);
  return read_coco_labels(folder / "test.json", {"fire", "smoke"});
}

std::string file(std::string_view annotations, std::string_view categories) {
  return fmt::format(R"({{"images": [
      {{"id": 7, "file_name": "a.jpg", "width": 200, "height": 100}},
      {{"id": 3, "file_name": "b.jpg", "width": 200, "height": 100}}],
    "annotations": [{}], "categories": [{}]}})",
                     annotations, categories);
}

const char* const kSwapped = R"({"id": 5, "name": "smoke"}, {"id": 6, "name": "fire"})";

TEST(CocoLabels, FollowTheFilesOwnIds) {
  const auto pictures = read(file(R"({"image_id": 3, "category_id": 6, "bbox": [0, 0, 20, 20]},
                                     {"image_id": 3, "category_id": 5, "bbox": [190, 0, 20, 20]},
                                     {"image_id": 3, "category_id": 5, "bbox": [0, 0, 201, 20]})",
                                  kSwapped));
  ASSERT_EQ(pictures.size(), 2);
  EXPECT_EQ(pictures[0].file_name, "a.jpg");
  EXPECT_THAT(pictures[0].boxes.shown, ElementsAre(0, 0));
  EXPECT_THAT(pictures[1].boxes.shown, ElementsAre(1, 1));
  EXPECT_EQ(pictures[1].boxes.odd.crossing, 1);
  EXPECT_EQ(pictures[1].boxes.odd.oversized, 1);
}

TEST(CocoLabels, NameWhatIsWrong) {
  expect_error(ErrorCode::kParse, "test.json: no COCO labels", [] { read("{\"images\": ["); });
  expect_error(ErrorCode::kParse, "test.json: no COCO labels", [] { read("{}"); });
  expect_error(ErrorCode::kParse,
               "test.json: the category 'fog' is out of range; expected fire or smoke",
               [] { read(file("", R"({"id": 0, "name": "fog"})")); });
  expect_error(ErrorCode::kParse, "an annotation has the category_id 9, which is out of range", [] {
    read(file(R"({"image_id": 3, "category_id": 9, "bbox": [0, 0, 1, 1]})", kSwapped));
  });
  expect_error(ErrorCode::kParse, "an annotation has the image_id 4, which is out of range", [] {
    read(file(R"({"image_id": 4, "category_id": 5, "bbox": [0, 0, 1, 1]})", kSwapped));
  });
}

}  // namespace
}  // namespace quern
