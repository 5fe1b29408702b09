#include "quern/base/log.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

/// What `action` prints to stderr.
template <class Action>
std::string printed(Action&& action) {
  testing::internal::CaptureStderr();
  action();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, PrintsOneLineAMessage) {
  EXPECT_EQ(printed([] { log_info("{} photos", 250); }), "quern: 250 photos\n");
  EXPECT_EQ(printed([] { log_warning("odd"); }), "quern: warning: odd\n");
}

TEST(Log, QuietKeepsWarnings) {
  set_quiet(true);
  const std::string text = printed([] {
    log_info("info");
    log_warning("odd");
  });
  set_quiet(false);

  EXPECT_EQ(text, "quern: warning: odd\n");
}

TEST(Log, TheFileGetsEverythingSinceThereWasOne) {
  const test::TemporaryFolder folder;
  const auto path = folder / "log.txt";

  printed([&] {
    log_to_file(folder / "older.txt");
    log_info("older");
    log_to_file({});
    log_info("before");
    log_to_file(path);
    set_quiet(true);
    log_info("quiet");
    set_quiet(false);
    log_warning("odd");
    log_to_file({});
    log_info("after");
  });

  EXPECT_THAT(read_text(path),
              testing::AllOf(testing::HasSubstr("before\n"), testing::HasSubstr("quiet\n"),
                             testing::HasSubstr("odd\n"), testing::Not(testing::HasSubstr("older")),
                             testing::Not(testing::HasSubstr("after"))));
}

TEST(Log, TheFileSaysWhenAMessageWasLogged) {
  const test::TemporaryFolder folder;
  printed([&] {
    log_info("kept");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    log_to_file(folder / "log.txt");
    log_info("direct");
    log_to_file({});
  });

  const std::string text = read_text(folder / "log.txt");
  ASSERT_THAT(text, testing::ContainsRegex("kept\n.*direct\n"));
  constexpr std::size_t kTime = 25;  // "[2026-01-31 23:59:59.999]"
  EXPECT_LT(text.substr(0, kTime), text.substr(text.find('\n') + 1, kTime));
}

TEST(Log, AFileThatCannotBeOpenedIsNamed) {
  const test::TemporaryFolder folder;
  test::expect_error(ErrorCode::kIo, folder.path().string(), [&] { log_to_file(folder.path()); });
}

}  // namespace
}  // namespace quern
