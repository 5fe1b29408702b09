#include "quern/data/loader.h"

#include <gmock/gmock.h>

#include <map>
#include <mutex>
#include <set>

#include "quern/base/file.h"
#include "quern/data/encode_jpeg.h"
#include "quern/data/image.h"
#include "tests/support/encode_pictures.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(WithinMemory, LowersTheBatchAndThenTheThreads) {
  const auto lowered = [](std::int64_t bytes) {
    const LoaderOptions options = within_memory({.batch_size = 4, .threads = 8}, bytes);
    return std::pair(options.batch_size, options.threads);
  };
  constexpr std::int64_t kMiB = 1 << 20;
  EXPECT_EQ(lowered(50 * kMiB), std::pair(4, 8));
  EXPECT_EQ(lowered(128 * kMiB), std::pair(4, 4));
  EXPECT_EQ(lowered(250 * kMiB), std::pair(2, 4));
  EXPECT_EQ(lowered(1024 * kMiB), std::pair(1, 2));
  EXPECT_EQ(lowered(0), std::pair(4, 8));
}

/// Eleven small pictures; those of `bad` hold no picture.
class ForEachBatch : public testing::Test {
 protected:
  static constexpr int kCount = 11;

  void write(const std::set<int>& bad) {
    for (int i = 0; i < kCount; ++i) {
      const std::filesystem::path path = folder_ / fmt::format("{}.jpg", i);
      if (bad.contains(i)) {
        write_file(path, std::string_view("no picture"));
      } else {
        write_file(path, encode_jpeg(test::noise(10 + i, 9), 90));
      }
      samples_.push_back({.path = path, .label = i});
    }
  }

  /// All batches by index.
  std::map<std::size_t, Batch> load(LoaderOptions options, LoaderReport* report = nullptr) {
    std::map<std::size_t, Batch> batches;
    std::mutex mutex;
    const LoaderReport result =
        for_each_batch(samples_, options, [&](int worker, const Batch& batch) {
          const std::lock_guard lock(mutex);
          EXPECT_LT(worker, options.threads);
          EXPECT_TRUE(batches.emplace(batch.index, batch).second);
        });
    if (report != nullptr) *report = result;
    return batches;
  }

  static LoaderOptions options(int threads, bool skip_bad = false) {
    LoaderOptions options;
    options.preprocessing.resize = 8;
    options.preprocessing.crop = 6;
    options.threads = threads;
    options.skip_bad = skip_bad;
    return options;
  }

  test::TemporaryFolder folder_;
  std::vector<Sample> samples_;
};

TEST_F(ForEachBatch, HandsOverEverySampleOnceWhateverTheThreads) {
  write({});
  for (const int threads : {1, 2, 5, 40}) {
    LoaderReport report;
    const auto batches = load(options(threads), &report);

    EXPECT_EQ(report.images, 11U);
    ASSERT_EQ(batches.size(), 3U);
    EXPECT_THAT(batches.at(0).samples, ElementsAre(0, 1, 2, 3));
    EXPECT_THAT(batches.at(2).samples, ElementsAre(8, 9, 10));
    EXPECT_EQ(batches.at(2).images.shape(), (Shape{3, 3, 6, 6}));
  }
}

TEST_F(ForEachBatch, HoldsThePreprocessedPictures) {
  write({});
  const auto batches = load(options(2));
  std::vector<float> expected(std::size_t{3} * 6 * 6);
  preprocess(decode_image(samples_[5].path), options(2).preprocessing, expected);
  const auto images = batches.at(1).images.data<float>();
  EXPECT_TRUE(std::ranges::equal(images.subspan(expected.size(), expected.size()), expected));
}

TEST_F(ForEachBatch, HoldsTheirPixelsToo) {
  write({});
  const auto batches = load(options(2));
  const Batch& batch = batches.at(1);
  EXPECT_EQ(batch.pixels.shape(), (Shape{4, 6, 6, 3}));
  const Image expected = fit(decode_image(samples_[5].path), options(2).preprocessing);
  const auto pixels = batch.pixels.data<std::uint8_t>();
  const std::size_t size = expected.pixels.size();
  EXPECT_TRUE(std::ranges::equal(pixels.subspan(size, size), expected.pixels));
}

TEST_F(ForEachBatch, LeavesOutBadPicturesOnRequest) {
  write({1, 4, 5, 6, 7, 10});
  LoaderReport report;
  const auto batches = load(options(3, /*skip_bad=*/true), &report);

  EXPECT_EQ(report.images, 5U);
  EXPECT_EQ(report.skipped.size(), 6U);
  EXPECT_THAT(report.skipped[0], HasSubstr("/1.jpg"));
  EXPECT_THAT(report.skipped[1], HasSubstr("/4.jpg"));
  EXPECT_THAT(report.skipped[5], HasSubstr("/10.jpg"));
  ASSERT_EQ(batches.size(), 2U) << "batch 1 has no picture left";
  EXPECT_THAT(batches.at(0).samples, ElementsAre(0, 2, 3));
  EXPECT_EQ(batches.at(0).images.shape(), (Shape{3, 3, 6, 6}));
  std::vector<float> expected(std::size_t{3} * 6 * 6);
  preprocess(decode_image(samples_[2].path), options(3).preprocessing, expected);
  const auto images = batches.at(0).images.data<float>();
  EXPECT_TRUE(std::ranges::equal(images.subspan(expected.size(), expected.size()), expected));
}

TEST_F(ForEachBatch, ThrowsTheFirstErrorInBatchOrder) {
  write({2, 5, 6, 9});
  for (const int threads : {1, 2, 3}) {
    expect_error(ErrorCode::kParse, "/2.jpg", [&] { load(options(threads)); });
  }
}

TEST_F(ForEachBatch, PassesOnWhatTheConsumerThrows) {
  write({});
  EXPECT_THROW(for_each_batch(samples_, options(2),
                              [](int, const Batch&) { throw std::logic_error("consumer"); }),
               std::logic_error);
}

TEST_F(ForEachBatch, RefusesAListWithoutOneGoodPicture) {
  write({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  expect_error(ErrorCode::kParse, "none of 11 pictures can be decoded",
               [&] { load(options(2, /*skip_bad=*/true)); });
}

TEST_F(ForEachBatch, DoesNotSkipWhenTheOptionsAreWrong) {
  write({});
  LoaderOptions wrong = options(1, /*skip_bad=*/true);
  wrong.preprocessing.std[0] = 0;
  expect_error(ErrorCode::kInvalidArgument, "std", [&] { load(wrong); });
  wrong = options(1);
  wrong.batch_size = 0;
  expect_error(ErrorCode::kInvalidArgument, "batch_size", [&] { load(wrong); });
  expect_error(ErrorCode::kInvalidArgument, "threads", [&] { load(options(-1)); });
  wrong = options(1);
  wrong.preprocessing.crop = -5;
  expect_error(ErrorCode::kInvalidArgument, "crop", [&] { load(wrong); });
}

TEST_F(ForEachBatch, DoesNothingWithAnEmptyList) {
  LoaderReport report;
  EXPECT_TRUE(load(options(2), &report).empty());
  EXPECT_EQ(report.images, 0U);
}

}  // namespace
}  // namespace quern
