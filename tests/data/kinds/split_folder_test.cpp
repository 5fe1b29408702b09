#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/data/kinds/kinds.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;

TEST(SplitFolder, NamesTheSplitsThatThereAre) {
  const test::TemporaryFolder folder;
  write_file(folder / "train/a.txt", std::string_view());
  write_file(folder / "test/a.txt", std::string_view());
  EXPECT_EQ(split_folder(folder.path(), "train"), folder / "train");
  expect_error(ErrorCode::kInvalidArgument, "there is no split 'val' (folders found: test, train)",
               [&] { split_folder(folder.path(), "val"); });
  expect_error(ErrorCode::kInvalidArgument, "(folders found: none)",
               [&] { split_folder(folder / "test", "val"); });
  expect_error(ErrorCode::kIo, "a.txt: Not a directory",
               [&] { split_folder(folder / "test/a.txt", "val"); });
  expect_error(ErrorCode::kIo, "gone", [&] { split_folder(folder / "gone", "val"); });
}

}  // namespace
}  // namespace quern
