#include "quern/data/internal/painted_set.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

using test::expect_error;

class PaintedSet : public testing::Test {
 protected:
  void touch(const std::string& name) { write_file(folder_ / name, std::string_view()); }
  bool exists(const std::string& name) const { return fs::exists(folder_ / name); }

  test::TemporaryFolder folder_;
};

TEST_F(PaintedSet, RemovesWhatWasPaintedAndNothingElse) {
  begin_painted_set(folder_.path(), {.train = 2, .test = 1});
  for (const char* const name :
       {"train/images/00000.jpg", "train/images/00001.jpg", "train/labels/00001.txt",
        "test/images/00000.jpg", "notes.txt", "train/notes.txt"}) {
    touch(name);
  }
  begin_painted_set(folder_.path(), {.train = 1, .test = 1});
  EXPECT_TRUE(fs::is_empty(folder_ / "train/images"));
  EXPECT_TRUE(fs::is_empty(folder_ / "train/labels"));
  EXPECT_TRUE(fs::is_empty(folder_ / "test/images"));
  EXPECT_TRUE(exists("notes.txt"));
  EXPECT_TRUE(exists("train/notes.txt"));
}

TEST_F(PaintedSet, RefusesFilesThatWereNotPainted) {
  begin_painted_set(folder_.path(), {.train = 2, .test = 1});
  touch("train/images/00000.jpg");
  for (const char* const name :
       {"train/images/00002.jpg", "train/images/1.jpg", "train/images/00001.png",
        "test/labels/00001.txt", "test/labels/mine.txt", "test/images/more/00000.jpg"}) {
    touch(name);
    expect_error(ErrorCode::kInvalidArgument, "was not painted; expected an empty folder",
                 [&] { begin_painted_set(folder_.path(), {.train = 1, .test = 1}); });
    EXPECT_TRUE(exists("train/images/00000.jpg")) << name;
    EXPECT_TRUE(exists(name));
    fs::remove_all((folder_ / name).parent_path() == folder_ / "test/images/more"
                       ? folder_ / "test/images/more"
                       : folder_ / name);
  }
  begin_painted_set(folder_.path(), {.train = 1, .test = 1});
  EXPECT_FALSE(exists("train/images/00000.jpg"));
}

TEST_F(PaintedSet, OwnsNothingWithoutARecord) {
  touch("train/images/00000.jpg");
  expect_error(ErrorCode::kInvalidArgument, "train/images/00000.jpg lies where photos are to be",
               [&] { begin_painted_set(folder_.path(), {.train = 1, .test = 1}); });
}

TEST_F(PaintedSet, RefusesARecordThatCannotBeRead) {
  for (const char* const text : {"", "[]", "{\"train\": 3}", "{\"train\": \"3\", \"test\": 1}"}) {
    write_file(folder_ / "painted.json", std::string_view(text));
    expect_error(ErrorCode::kParse, "painted.json does not say how many photos",
                 [&] { begin_painted_set(folder_.path(), {.train = 1, .test = 1}); });
  }
}

TEST(PaintedName, HasFiveDigitsOrMore) {
  EXPECT_EQ(painted_name(7), "00007");
  EXPECT_EQ(painted_name(123456), "123456");
}

}  // namespace
}  // namespace quern
