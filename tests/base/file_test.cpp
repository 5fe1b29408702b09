#include "quern/base/file.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <iterator>

#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

std::ptrdiff_t entries(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), {});
}

/// Lets no file of this process grow past some bytes, as a full disk would.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST(File, ReadsBackWhatItWrote) {
  const test::TemporaryFolder folder;
  const std::string content("a\0b\n", 4);

  write_file(folder / "a.bin", content);

  EXPECT_EQ(read_text(folder / "a.bin"), content);
  EXPECT_THAT(read_file(folder / "a.bin"),
              testing::ElementsAre(std::byte{'a'}, std::byte{0}, std::byte{'b'}, std::byte{'\n'}));
}

TEST(File, ReadsAFileThatHasNoSize) { EXPECT_NE(read_text("/proc/self/status"), ""); }

TEST(File, AnEmptyFileIsEmpty) {
  const test::TemporaryFolder folder;
  write_file(folder / "empty", "");
  EXPECT_EQ(read_text(folder / "empty"), "");
}

TEST(File, WritingReplacesAndMakesFolders) {
  const test::TemporaryFolder folder;

  write_file(folder / "runs/first/log.txt", "a long first text");
  write_file(folder / "runs/first/log.txt", "second");

  EXPECT_EQ(read_text(folder / "runs/first/log.txt"), "second");
  EXPECT_EQ(entries(folder / "runs/first"), 1);
}

TEST(File, AWrittenFileHasTheUsualMode) {
  const test::TemporaryFolder folder;
  const mode_t before = ::umask(0027);
  write_file(folder / "a.txt", "a");
  ::umask(before);

  struct stat status {};
  ASSERT_EQ(::stat((folder / "a.txt").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST(File, AFullDiskLeavesTheOlderFileAndNothingElse) {
  const test::TemporaryFolder folder;
  write_file(folder / "a.txt", "older");

  {
    const FileSizeLimit limit(8);
    test::expect_error(ErrorCode::kIo, "a.txt: File too large",
                       [&] { write_file(folder / "a.txt", "more than eight bytes"); });
  }

  EXPECT_EQ(read_text(folder / "a.txt"), "older");
  EXPECT_EQ(entries(folder.path()), 1);
}

TEST(File, OnlyFilesAreReplaced) {
  const test::TemporaryFolder folder;
  const std::filesystem::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::filesystem::create_directory(folder / "folder");

  test::expect_error(ErrorCode::kIo, "pipe: it is a pipe or a device, not a file",
                     [&] { write_file(pipe, "text"); });
  test::expect_error(ErrorCode::kIo, "folder: it is a folder, not a file",
                     [&] { write_file(folder / "folder", "text"); });

  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
  EXPECT_EQ(entries(folder.path()), 2);
}

TEST(File, ErrorsNameThePathAndTheCause) {
  const test::TemporaryFolder folder;
  write_file(folder / "file", "");

  test::expect_error(ErrorCode::kIo, "none.txt: No such file or directory",
                     [&] { read_text(folder / "none.txt"); });
  test::expect_error(ErrorCode::kIo, "it is a folder", [&] { read_file(folder.path()); });
  test::expect_error(ErrorCode::kIo, "file/a.txt: Not a directory",
                     [&] { write_file(folder / "file/a.txt", ""); });
}

}  // namespace
}  // namespace quern
