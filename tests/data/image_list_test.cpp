#include "quern/data/image_list.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;
using test::TemporaryFolder;
using testing::ElementsAre;

/// Makes empty files: neither reader opens pictures.
void touch(const TemporaryFolder& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) write_file(folder / name, std::string_view());
}

TEST(ReadImageList, ReadsPathsAndLabels) {
  const TemporaryFolder folder;
  write_file(folder / "list.txt", std::string_view("images/a.jpg 3\nb.png\t12\nc.jpg\n"));
  EXPECT_THAT(read_image_list(folder / "list.txt"),
              ElementsAre(Sample{folder / "images/a.jpg", 3}, Sample{folder / "b.png", 12},
                          Sample{folder / "c.jpg", -1}));
}

TEST(ReadImageList, ToleratesHowEditorsSaveText) {
  const TemporaryFolder folder;
  write_file(folder / "list.txt",
             std::string_view("\xEF\xBB\xBF# photos\r\n\r\n  a.jpg   1 \r\n\tb.jpg 2"));
  EXPECT_THAT(read_image_list(folder / "list.txt"),
              ElementsAre(Sample{folder / "a.jpg", 1}, Sample{folder / "b.jpg", 2}));
}

TEST(ReadImageList, KeepsSpacesDigitsAndForeignLettersOfPaths) {
  const TemporaryFolder folder;
  write_file(folder / "list.txt", std::string_view("my cat 7.jpg 4\nbär/犬 1.JPEG\nphoto 5 6\n"));
  EXPECT_THAT(read_image_list(folder / "list.txt"),
              ElementsAre(Sample{folder / "my cat 7.jpg", 4}, Sample{folder / "bär/犬 1.JPEG", -1},
                          Sample{folder / "photo 5", 6}));
}

TEST(ReadImageList, TakesPathsFromTheRootUnlessAbsolute) {
  const TemporaryFolder folder;
  write_file(folder / "list.txt", std::string_view("a.jpg 1\n/photos/b.jpg 2\n"));
  EXPECT_THAT(read_image_list(folder / "list.txt", "data"),
              ElementsAre(Sample{"data/a.jpg", 1}, Sample{"/photos/b.jpg", 2}));
}

TEST(ReadImageList, NamesTheLineOfABadLabel) {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& part, std::string_view text) {
    write_file(folder / "list.txt", text);
    expect_error(ErrorCode::kParse, part, [&] { read_image_list(folder / "list.txt"); });
  };
  refuse("list.txt:2: label 'cat' is not an integer", "a.jpg 1\nb.jpg cat\n");
  refuse("list.txt:1: label '1.5' is not an integer", "a.jpg 1.5\n");
  refuse("list.txt:3: label -2 is out of range", "\n\na.jpg -2\n");
  refuse("label 99999999999999999999 is out of range", "a.jpg 99999999999999999999\n");
  refuse("list.txt:1: binary data", std::string_view("\xFF\xD8\0 1", 5));
  refuse("list.txt: the list names no picture", "# nothing\n\n");
  refuse("names no picture", "");
}

TEST(ReadImageList, NamesAListThatCannotBeRead) {
  const TemporaryFolder folder;
  expect_error(ErrorCode::kIo, "none.txt", [&] { read_image_list(folder / "none.txt"); });
}

TEST(ReadImageFolder, NumbersClassesInByteOrder) {
  const TemporaryFolder folder;
  touch(folder, {"dog/2.png", "dog/10.JPG", "Cat/deep/x.jpeg", "cat/a.jpg", "dog/notes.txt",
                 "dog/.hidden.jpg", ".git/a.jpg", "loose.jpg"});
  EXPECT_THAT(read_image_folder(folder.path()),
              ElementsAre(Sample{folder / "Cat/deep/x.jpeg", 0}, Sample{folder / "cat/a.jpg", 1},
                          Sample{folder / "dog/10.JPG", 2}, Sample{folder / "dog/2.png", 2}));
}

TEST(ReadImageFolder, GivesNoLabelsWithoutClassFolders) {
  const TemporaryFolder folder;
  touch(folder, {"b.jpg", "a.png", "c.gif"});
  EXPECT_THAT(read_image_folder(folder.path()),
              ElementsAre(Sample{folder / "a.png", -1}, Sample{folder / "b.jpg", -1}));
}

TEST(ReadImageFolder, RefusesFoldersWithoutPictures) {
  const TemporaryFolder folder;
  expect_error(ErrorCode::kParse, "the folder holds no picture",
               [&] { read_image_folder(folder.path()); });
  touch(folder, {"cat/a.jpg", "dog/a.txt"});
  expect_error(ErrorCode::kParse, "class folder 'dog' holds no picture",
               [&] { read_image_folder(folder.path()); });
  expect_error(ErrorCode::kIo, "cannot read", [&] { read_image_folder(folder / "none"); });
}

TEST(ReadSamples, TakesAFileOrAFolder) {
  const TemporaryFolder folder;
  touch(folder, {"photos/a.jpg"});
  write_file(folder / "list.txt", std::string_view("photos/a.jpg 5\n"));
  EXPECT_THAT(read_samples(folder / "photos"), ElementsAre(Sample{folder / "photos/a.jpg", -1}));
  EXPECT_THAT(read_samples(folder / "list.txt"), ElementsAre(Sample{folder / "photos/a.jpg", 5}));
  expect_error(ErrorCode::kIo, "none", [&] { read_samples(folder / "none"); });
}

}  // namespace
}  // namespace quern
