#include "quern/data/training_batches.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

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
using testing::Not;

constexpr int kPictures = 11;
constexpr int kCrop = 6;

class TrainingBatchesTest : public testing::Test {
 protected:
  TrainingBatchesTest() {
    options_.preprocessing.resize = 8;
    options_.preprocessing.crop = kCrop;
    options_.batch_size = 4;
    options_.seed = 5;
    set_.outputs = {"smoke", "fire"};
    for (int i = 0; i < kPictures; ++i) {
      const auto path = folder_ / fmt::format("{}.jpg", i);
      write_file(path, encode_jpeg(test::noise(10 + i, 9), 90));
      set_.samples.push_back({.path = path, .label = -1});
      set_.targets.push_back(i % 2);
      set_.targets.push_back(i / 2 % 2);
    }
  }

  PictureStore store() const {
    return {set_.samples,
            {.preprocessing = options_.preprocessing, .side = 8, .cache = "none", .threads = 1}};
  }

  /// Batches from (epoch, index) on.
  std::vector<TrainingBatch> take(int count, std::uint64_t epoch = 0, std::size_t index = 0) const {
    const PictureStore pictures = store();
    TrainingBatches batches(pictures, set_, 2, options_, epoch, index);
    std::vector<TrainingBatch> taken(count);
    for (TrainingBatch& batch : taken) batches.next(batch);
    return taken;
  }

  test::TemporaryFolder folder_;
  LabelledSet set_;
  TrainingBatchesOptions options_;
};

void expect_equal(const TrainingBatch& a, const TrainingBatch& b) {
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.index, b.index);
  EXPECT_EQ(a.samples, b.samples);
  EXPECT_EQ(a.images, b.images);
  EXPECT_EQ(a.targets, b.targets);
}

TEST_F(TrainingBatchesTest, ShowEveryPictureOnceAnEpochInAnOrderOfItsOwn) {
  const auto batches = take(6);
  std::vector<std::vector<std::size_t>> epochs(3);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    EXPECT_EQ(batches[i].epoch, i / 2);
    EXPECT_EQ(batches[i].index, i % 2);
    EXPECT_EQ(batches[i].samples.size(), 4);
    std::ranges::copy(batches[i].samples, std::back_inserter(epochs[i / 2]));
  }
  EXPECT_NE(epochs[0], epochs[1]);
  for (auto& epoch : epochs) {
    std::ranges::sort(epoch);
    EXPECT_EQ(std::ranges::adjacent_find(epoch), epoch.end());
  }
}

TEST_F(TrainingBatchesTest, HoldTheTargetsOfTheirPictures) {
  for (const TrainingBatch& batch : take(4)) {
    EXPECT_EQ(batch.images.shape(), (Shape{4, kCrop, kCrop, 3}));
    for (std::size_t row = 0; row < 4; ++row) {
      const auto expected = set_.targets_of(batch.samples[row]);
      EXPECT_EQ(batch.targets.data<float>()[2 * row], expected[0]);
      EXPECT_EQ(batch.targets.data<float>()[2 * row + 1], expected[1]);
    }
  }
}

TEST_F(TrainingBatchesTest, DoNotDependOnThreads) {
  const auto one = take(9);
  options_.threads = 3;
  const auto three = take(9);
  for (std::size_t i = 0; i < one.size(); ++i) expect_equal(one[i], three[i]);
}

TEST_F(TrainingBatchesTest, GoOnFromTheMiddle) {
  options_.augmentation.mixup = 0.4;
  const auto all = take(5);
  const auto rest = take(2, 1, 1);
  expect_equal(rest[0], all[3]);
  expect_equal(rest[1], all[4]);
}

TEST_F(TrainingBatchesTest, ShowAPictureTheSameWhateverItsPlaceInTheBatch) {
  const auto before = take(2);
  options_.batch_size = 1;
  const auto singles = take(8);
  const std::size_t size = 3 * kCrop * kCrop;
  for (std::size_t i = 0; i < singles.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(singles[i].images.data<float>(),
                                   before[i / 4].images.data<float>().subspan(i % 4 * size, size)));
  }
}

TEST_F(TrainingBatchesTest, WithoutAugmentationAreWhatTheNetworkIsEvaluatedOn) {
  options_.augmentation = {
      .flip = 0, .crop_area = 1, .brightness = 0, .contrast = 0, .saturation = 0};
  options_.layout = Layout::kNchw;
  const PictureStore pictures(
      set_.samples, {.preprocessing = options_.preprocessing, .side = kCrop, .cache = "none"});
  TrainingBatches batches(pictures, set_, 2, options_);
  TrainingBatch batch;
  batches.next(batch);
  EXPECT_EQ(batch.images.shape(), (Shape{4, 3, kCrop, kCrop}));
  std::vector<float> expected(3 * kCrop * kCrop);
  for (std::size_t row = 0; row < 4; ++row) {
    const Image image = decode_image(set_.samples[batch.samples[row]].path);
    preprocess(image, options_.preprocessing, expected);
    EXPECT_TRUE(std::ranges::equal(
        batch.images.data<float>().subspan(row * expected.size(), expected.size()), expected));
  }
}

TEST_F(TrainingBatchesTest, MarkTheClassOfOneClassAPicture) {
  set_.targets.clear();
  set_.outputs.clear();
  for (int i = 0; i < kPictures; ++i) set_.samples[i].label = i % 3;
  const PictureStore pictures = store();
  TrainingBatches batches(pictures, set_, 3, options_);
  TrainingBatch batch;
  batches.next(batch);
  EXPECT_EQ(batch.targets.shape(), (Shape{4, 3}));
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(batch.targets.data<float>()[i], batch.samples[i / 3] % 3 == i % 3 ? 1 : 0);
  }
  expect_error(ErrorCode::kParse, "2.jpg has the label 2, expected one of 0 to 1",
               [&] { TrainingBatches(pictures, set_, 2, options_); });
  set_.samples[4].label = -1;
  expect_error(ErrorCode::kParse, "4.jpg has no label, expected one of 0 to 2",
               [&] { TrainingBatches(pictures, set_, 3, options_); });
}

/// Opposite rows are mixed in one ratio, targets as pictures.
TEST_F(TrainingBatchesTest, MixOppositeRows) {
  const auto plain = take(1);
  options_.augmentation.mixup = 1;
  const auto mixed = take(1);
  const auto value = [](const TrainingBatch& batch, std::size_t row, std::size_t i) {
    return batch.images.data<float>()[row * 3 * kCrop * kCrop + i];
  };
  const float a = value(plain[0], 0, 7);
  const float b = value(plain[0], 3, 7);
  const float share = (value(mixed[0], 0, 7) - b) / (a - b);
  EXPECT_GE(share, 0.5F);
  EXPECT_LT(share, 1.0F);
  constexpr float kRounding = 1e-5F;  // A few roundings of values below 4.
  EXPECT_NEAR(value(mixed[0], 3, 7), share * b + (1 - share) * a, kRounding);
  const auto targets = plain[0].targets.data<float>();
  EXPECT_NEAR(mixed[0].targets.data<float>()[1], share * targets[1] + (1 - share) * targets[7],
              kRounding);
}

TEST_F(TrainingBatchesTest, MakeOneBatchOfASetThatIsSmaller) {
  options_.batch_size = 64;
  const auto batches = take(2);
  EXPECT_EQ(batches[0].samples.size(), kPictures);
  EXPECT_EQ(batches[1].epoch, 1);
}

TEST_F(TrainingBatchesTest, ThrowWhatReadingAPictureThrows) {
  const PictureStore pictures = store();
  for (const Sample& sample : set_.samples) std::filesystem::remove(sample.path);
  TrainingBatches batches(pictures, set_, 2, options_);
  TrainingBatch batch;
  for (int i = 0; i < 2; ++i) {
    expect_error(ErrorCode::kIo, ".jpg: No such file", [&] { batches.next(batch); });
  }
}

TEST_F(TrainingBatchesTest, RefuseImpossibleOptions) {
  const PictureStore pictures = store();
  const auto refuse = [&](const char* message, auto change, int outputs = 2,
                          std::size_t index = 0) {
    TrainingBatchesOptions options = options_;
    change(options);
    expect_error(ErrorCode::kInvalidArgument, message,
                 [&] { TrainingBatches(pictures, set_, outputs, options, 0, index); });
  };
  refuse("batch_size must be positive, got 0", [](auto& o) { o.batch_size = 0; });
  refuse("threads that load must be positive, got 0", [](auto& o) { o.threads = 0; });
  refuse("stored with sides of 8 pixels, the crop is 9", [](auto& o) { o.preprocessing.crop = 9; });
  refuse("augment.flip must be 0 to 1", [](auto& o) { o.augmentation.flip = 2; });
  refuse(
      "the data set has 2 outputs, the network 3", [](auto&) {}, 3);
  refuse(
      "at least one output, got 0", [](auto&) {}, 0);
  refuse(
      "an epoch has 2 batches, there is no batch 2", [](auto&) {}, 2, 2);
}

TEST(EpochOrder, IsAShuffleOfTheUsablePictures) {
  std::vector<std::size_t> usable(100);
  std::iota(usable.begin(), usable.end(), 3);
  const auto order = epoch_order(usable, 1, 0);
  EXPECT_NE(order, usable);
  EXPECT_NE(order, epoch_order(usable, 1, 1));
  EXPECT_NE(order, epoch_order(usable, 2, 0));
  EXPECT_EQ(order, epoch_order(usable, 1, 0));
  EXPECT_THAT(order, testing::UnorderedElementsAreArray(usable));
}

}  // namespace
}  // namespace quern
