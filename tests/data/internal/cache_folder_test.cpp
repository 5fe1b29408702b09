#include "quern/data/internal/cache_folder.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using testing::ElementsAre;

class CacheFolderTest : public testing::Test {
 protected:
  void write(const CacheFolder& cache, const std::string& name, std::size_t size, char value) {
    cache.write(name, size, [&](std::span<std::byte> bytes) {
      std::ranges::fill(bytes, static_cast<std::byte>(value));
    });
  }

  /// Pretends that the file was last used so many hours ago.
  void age(const fs::path& path, int hours) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(hours));
  }

  std::set<std::string> names() {
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      found.insert(entry.path().filename().string());
    }
    return found;
  }

  test::TemporaryFolder folder_;
};

TEST_F(CacheFolderTest, GivesAFileItsNameWhenItIsComplete) {
  const CacheFolder cache(folder_.path(), 100);
  cache.write("a", 3, [&](std::span<std::byte> bytes) {
    EXPECT_FALSE(fs::exists(cache.path("a")));
    std::ranges::fill(bytes, std::byte{'x'});
  });
  EXPECT_EQ(read_text(cache.path("a")), "xxx");
  EXPECT_THAT(names(), ElementsAre("a.quern-cache"));
}

TEST_F(CacheFolderTest, RemovesWhatWasNotUsedForLongest) {
  const CacheFolder cache(folder_.path(), 10);
  write_file(folder_ / "holiday.jpg", std::string(1000, 'x'));  // Not the cache's.
  write(cache, "old", 4, 'a');
  write(cache, "used", 4, 'b');
  age(cache.path("old"), 2);
  age(cache.path("used"), 3);
  cache.touch("used");
  write(cache, "new", 4, 'c');
  EXPECT_THAT(names(), ElementsAre("holiday.jpg", "new.quern-cache", "used.quern-cache"));
  expect_error(ErrorCode::kIo, "it needs 11 bytes, the cache may take 10",
               [&] { write(cache, "large", 11, 'd'); });
}

TEST_F(CacheFolderTest, RemovesWhatAKilledProcessLeft) {
  const CacheFolder cache(folder_.path(), 100);
  write_file(folder_ / "a.quern-cache.partial-killed", std::string_view("x"));
  write_file(folder_ / "a.quern-cache.partial-alive", std::string_view("x"));
  const int alive = ::open((folder_ / "a.quern-cache.partial-alive").c_str(), O_RDONLY);
  ASSERT_EQ(::flock(alive, LOCK_EX | LOCK_NB), 0);
  write(cache, "b", 1, 'x');
  ::close(alive);
  EXPECT_THAT(names(), ElementsAre("a.quern-cache.partial-alive", "b.quern-cache"));
}

TEST_F(CacheFolderTest, LeavesNothingWhereFillingFails) {
  const CacheFolder cache(folder_.path(), 100);
  EXPECT_THROW(cache.write("a", 3, [](auto) { throw 1; }), int);
  EXPECT_THAT(names(), testing::IsEmpty());
}

}  // namespace
}  // namespace quern
