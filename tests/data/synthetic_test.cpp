#include "quern/data/synthetic.h"

#include <gmock/gmock.h>

#include <set>

#include "quern/base/file.h"
#include "quern/data/image.h"
#include "quern/data/image_list.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::TemporaryFolder;

TEST(WriteSyntheticPhotos, WritesPicturesAndTheirList) {
  const TemporaryFolder folder;
  write_synthetic_photos(folder.path(), 12, 1);

  const std::vector<Sample> samples = read_image_list(folder / "list.txt");
  ASSERT_EQ(samples.size(), 12U);
  EXPECT_EQ(samples[11], (Sample{folder / "images/0011.jpg", 1}));
  for (const Sample& sample : samples) {
    const Image image = decode_image(sample.path);
    EXPECT_THAT(image.width, testing::AllOf(testing::Ge(160), testing::Le(400)));
    EXPECT_THAT(image.height, testing::AllOf(testing::Ge(160), testing::Le(400)));
    EXPECT_GT(std::set(image.pixels.begin(), image.pixels.end()).size(), 30U);
  }
}

TEST(WriteSyntheticPhotos, RepeatsItselfForASeed) {
  const TemporaryFolder a;
  const TemporaryFolder b;
  const TemporaryFolder c;
  write_synthetic_photos(a.path(), 2, 7);
  write_synthetic_photos(b.path(), 3, 7);
  write_synthetic_photos(c.path(), 2, 8);

  EXPECT_EQ(read_file(a / "images/0001.jpg"), read_file(b / "images/0001.jpg"));
  EXPECT_NE(read_file(a / "images/0001.jpg"), read_file(c / "images/0001.jpg"));
}

TEST(WriteSyntheticPhotos, RefusesWhatItCannotWrite) {
  const TemporaryFolder folder;
  test::expect_error(ErrorCode::kInvalidArgument, "got 0",
                     [&] { write_synthetic_photos(folder.path(), 0, 1); });
  write_file(folder / "file", std::string_view("x"));
  test::expect_error(ErrorCode::kIo, "file",
                     [&] { write_synthetic_photos(folder / "file", 1, 1); });
}

}  // namespace
}  // namespace quern
