#include "quern/base/process.h"

#include <gtest/gtest.h>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

TEST(RunProcess, ReadsAndWritesFiles) {
  const test::TemporaryFolder folder;
  write_file(folder / "in", std::string_view("b\na\n"));
  write_file(folder / "out", std::string_view("something longer than the new content"));
  EXPECT_EQ(run_process({"sort"}, {.input = folder / "in", .output = folder / "out"}), 0);
  EXPECT_EQ(read_text(folder / "out"), "a\nb\n");
}

TEST(RunProcess, PassesArgumentsAsTheyAre) {
  const test::TemporaryFolder folder;
  run_process({"printf", "%s|", "a b", "$HOME", "'"}, {.output = folder / "out"});
  EXPECT_EQ(read_text(folder / "out"), "a b|$HOME|'|");
}

TEST(RunProcess, ReturnsTheExitCodeAndSignals) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(run_process({"sh", "-c", "echo wrong >&2; exit 5"}, {.errors = folder / "errors"}), 5);
  EXPECT_EQ(read_text(folder / "errors"), "wrong\n");
  EXPECT_EQ(run_process({"sh", "-c", "kill -9 $$"}), 128 + 9);
}

TEST(RunProcess, NamesAProgramThatIsNotThere) {
  test::expect_error(ErrorCode::kIo, "cannot start no_such_program: No such file or directory",
                     [] { run_process({"no_such_program"}); });
  test::expect_error(ErrorCode::kIo, "cannot start true: No such file or directory",
                     [] { run_process({"true"}, {.input = "/no/such/file"}); });
}

}  // namespace
}  // namespace quern
