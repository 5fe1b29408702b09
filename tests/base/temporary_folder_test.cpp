#include "quern/base/temporary_folder.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

TEST(TemporaryFolder, IsGoneWithWhatItHolds) {
  std::filesystem::path path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    write_file(folder / "below/file", std::string_view("x"));
    EXPECT_EQ(read_text(path / "below/file"), "x");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TemporaryFolder, NamesWhatCanNotBeMade) {
  const TemporaryFolder folder;
  const char* const before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  const std::string closed = folder / "closed";
  write_file(closed, std::string_view("no folder"));
  ::setenv("TMPDIR", closed.c_str(), /*overwrite=*/1);
  test::expect_error(ErrorCode::kIo, "cannot make a temporary folder", [] { TemporaryFolder(); });
  before == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), /*overwrite=*/1);
}

}  // namespace
}  // namespace quern
