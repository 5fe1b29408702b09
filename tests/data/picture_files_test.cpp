#include "quern/data/picture_files.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using testing::ElementsAre;

TEST(PictureFiles, TellsPicturesByTheirSuffix) {
  for (const char* name : {"a.jpg", "a.JPEG", "b/c.Png", "d.tif", "e.TIFF"})
    EXPECT_TRUE(is_picture(name)) << name;
  for (const char* name : {"a.txt", "jpg", "a.jpg.txt", ""}) EXPECT_FALSE(is_picture(name)) << name;
}

TEST(PictureFiles, AreListedInByteOrderWithoutHiddenOnes) {
  const test::TemporaryFolder folder;
  for (const char* name : {"b.jpg", "B.png", "a/z.jpg", ".hidden.jpg", "notes.txt", ".git/x.png"}) {
    write_file(folder / name, std::string_view());
  }
  EXPECT_THAT(pictures_below(folder / "a"), ElementsAre(folder / "a/z.jpg"));
  EXPECT_THAT(folders_in(folder.path()), ElementsAre(folder / "a"));
  EXPECT_THAT(pictures_below(folder.path()), ElementsAre(folder / ".git/x.png", folder / "B.png",
                                                         folder / "a/z.jpg", folder / "b.jpg"));
}

}  // namespace
}  // namespace quern
