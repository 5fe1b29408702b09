#include "quern/data/picture_store.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "quern/base/file.h"
#include "quern/data/encode_jpeg.h"
#include "quern/data/image.h"
#include "tests/support/encode_pictures.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using test::noise;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PictureStoreTest : public testing::Test {
 protected:
  PictureStoreTest() {
    options_.preprocessing.resize = 16;
    options_.preprocessing.crop = 12;
    options_.side = 16;
    options_.cache = (folder_ / "cache").string();
    options_.threads = 2;
    for (int i = 0; i < 5; ++i) {
      samples_.push_back({.path = folder_ / fmt::format("{}.jpg", i), .label = i});
      write_file(samples_.back().path, encode_jpeg(noise(20 + i, 30), 90));
    }
  }

  std::vector<std::uint8_t> picture(const PictureStore& store, std::size_t position) {
    std::vector<std::uint8_t> scratch;
    const auto pixels = store.picture(position, scratch);
    return {pixels.begin(), pixels.end()};
  }

  std::vector<fs::path> cached() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(options_.cache)) files.push_back(entry.path());
    return files;
  }

  test::TemporaryFolder folder_;
  std::vector<Sample> samples_;
  PictureStoreOptions options_;
};

TEST_F(PictureStoreTest, HoldsWhatFitMakesOfEveryPicture) {
  const PictureStore cached(samples_, options_);
  options_.cache = "none";
  const PictureStore decoding(samples_, options_);
  Preprocessing how = options_.preprocessing;
  how.crop = 16;
  for (std::size_t i = 0; i < samples_.size(); ++i) {
    const auto expected = fit(decode_image(samples_[i].path), how).pixels;
    EXPECT_EQ(picture(cached, i), expected);
    EXPECT_EQ(picture(decoding, i), expected);
  }
  EXPECT_THAT(cached.usable(), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(cached.notes(), IsEmpty());
}

TEST_F(PictureStoreTest, ReadsTheFileOfAnEarlierRun) {
  const auto before = picture(PictureStore(samples_, options_), 3);
  const auto files = cached();
  ASSERT_EQ(files.size(), 1);
  // Whoever decoded again would see it.
  const auto size = fs::file_size(samples_[3].path);
  const auto changed = fs::last_write_time(samples_[3].path);
  write_file(samples_[3].path, std::string(size, 'x'));
  fs::last_write_time(samples_[3].path, changed);
  EXPECT_EQ(picture(PictureStore(samples_, options_), 3), before);
  EXPECT_EQ(cached(), files);
}

TEST_F(PictureStoreTest, KnowsWhatDecidesThePixels) {
  const PictureStore first(samples_, options_);
  PictureStoreOptions other = options_;
  other.side = 12;
  const PictureStore smaller(samples_, other);
  other = options_;
  other.preprocessing.resize = 17;
  const PictureStore resized(samples_, other);
  other = options_;
  other.preprocessing.stretch = true;
  const PictureStore stretched(samples_, other);
  EXPECT_NE(picture(stretched, 0), picture(first, 0));
  other = options_;
  other.preprocessing.mean = {0, 0, 0};  // Comes after the pixels.
  const PictureStore same(samples_, other);
  EXPECT_EQ(cached().size(), 4);

  write_file(samples_[0].path, encode_jpeg(noise(40, 40), 90));
  const PictureStore changed(samples_, options_);
  EXPECT_NE(picture(changed, 0), picture(first, 0));
  EXPECT_EQ(cached().size(), 5);
}

TEST_F(PictureStoreTest, MakesADamagedFileAgain) {
  const auto before = picture(PictureStore(samples_, options_), 4);
  const fs::path file = cached().at(0);
  const auto expect_made_again = [&] {
    const PictureStore again(samples_, options_);
    EXPECT_EQ(picture(again, 4), before);
    EXPECT_THAT(again.notes(), ElementsAre(HasSubstr("does not hold what its name says")));
  };
  fs::resize_file(file, fs::file_size(file) - 1);
  expect_made_again();
  write_file(file, std::string_view());
  expect_made_again();
  std::fstream(file, std::ios::in | std::ios::out).seekp(8).put('\x7f');  // The version.
  expect_made_again();
  EXPECT_THAT(PictureStore(samples_, options_).notes(), IsEmpty());
}

TEST_F(PictureStoreTest, RefusesBadPicturesOrLeavesThemOut) {
  write_file(samples_[1].path, std::string_view("text"));
  write_file(samples_[3].path, encode_jpeg(noise(1, 1), 90));
  for (const char* cache : {"none", ""}) {
    options_.skip_bad = false;
    options_.cache = *cache == '\0' ? (folder_ / "cache").string() : cache;
    expect_error(ErrorCode::kParse, "1.jpg: the content is neither",
                 [&] { PictureStore(samples_, options_); });
    options_.skip_bad = true;
    for (int run = 0; run < 2; ++run) {
      const PictureStore store(samples_, options_);
      EXPECT_THAT(store.usable(), ElementsAre(0, 2, 4));
      EXPECT_THAT(store.skipped(),
                  ElementsAre(HasSubstr("1.jpg: the content is neither"),
                              HasSubstr("3.jpg: a picture of 1x1 pixels shows nothing; expected at "
                                        "least 2x2")));
    }
  }
  // A file that knows of bad pictures does not hide them.
  options_.skip_bad = false;
  expect_error(ErrorCode::kParse, "1.jpg: the content is neither",
               [&] { PictureStore(samples_, options_); });
  options_.skip_bad = true;
  samples_ = {samples_[1]};
  expect_error(ErrorCode::kParse, "none of 1 pictures can be decoded; the first: ", [&] {
    PictureStore(samples_, options_);
  });
}

TEST_F(PictureStoreTest, LeavesNothingBehindWhereItFails) {
  write_file(samples_[4].path, std::string_view("text"));
  expect_error(ErrorCode::kParse, "4.jpg", [&] { PictureStore(samples_, options_); });
  EXPECT_THAT(cached(), IsEmpty());
}

TEST_F(PictureStoreTest, DoesWithoutACacheThatCannotBe) {
  write_file(folder_ / "file", std::string_view("no folder"));
  options_.cache = (folder_ / "file/cache").string();
  const PictureStore unwritable(samples_, options_);
  EXPECT_THAT(unwritable.notes(),
              ElementsAre(HasSubstr("pictures are decoded at every use: cannot write")));
  options_.cache = (folder_ / "cache").string();
  options_.cache_gib = 1e-6;
  const PictureStore large(samples_, options_);
  EXPECT_THAT(large.notes(), ElementsAre(HasSubstr("bytes, the cache may take 1073")));
  EXPECT_EQ(picture(large, 2), picture(unwritable, 2));
}

TEST_F(PictureStoreTest, KeepsItsFilesInTheUsersCache) {
  ::setenv("XDG_CACHE_HOME", (folder_ / "xdg").c_str(), 1);
  options_.cache = "";
  const PictureStore store(samples_, options_);
  ::unsetenv("XDG_CACHE_HOME");
  EXPECT_FALSE(fs::is_empty(folder_ / "xdg/quern"));
}

TEST_F(PictureStoreTest, RefusesImpossibleOptions) {
  const auto refuse = [&](const char* message, auto change) {
    PictureStoreOptions options = options_;
    change(options);
    expect_error(ErrorCode::kInvalidArgument, message, [&] { PictureStore(samples_, options); });
  };
  refuse("the side of stored pictures must be positive, got 0", [](auto& o) { o.side = 0; });
  refuse("cache_gib must be above 0, got 0", [](auto& o) { o.cache_gib = 0; });
  refuse("threads must be 0 (all cores) or more, got -1", [](auto& o) { o.threads = -1; });
}

TEST(TrainingSide, LeavesRoomToMove) {
  EXPECT_EQ(training_side({.resize = 256, .crop = 224}), 256);
  EXPECT_EQ(training_side({.resize = std::nullopt, .crop = 32}), 32);
  EXPECT_EQ(training_side({.resize = 16, .crop = 32}), 32);
}

}  // namespace
}  // namespace quern
