#include "quern/ptq/calibration_pictures.h"

#include <gmock/gmock.h>

#include <map>
#include <mutex>

#include "quern/tensor/transpose.h"
#include "tests/support/calibrated_network.h"

namespace quern {
namespace {

class Pictures : public test::CalibratedNetwork {
 protected:
  /// Of every batch, as the loader gives them.
  std::map<std::size_t, Tensor> loaded() const {
    std::map<std::size_t, Tensor> images;
    std::mutex mutex;
    for_each_batch(data_.samples, data_.loader, [&](int, const Batch& batch) {
      const std::lock_guard lock(mutex);
      images[batch.index] = transposed(batch.images, {0, 2, 3, 1});
    });
    return images;
  }
};

TEST_F(Pictures, AreThoseOfTheLoaderFromMemoryAndFromAFile) {
  const std::map<std::size_t, Tensor> expected = loaded();
  for (const std::size_t memory : {std::size_t{0}, std::size_t{1} << 20}) {
    data_.memory = memory;
    CalibrationPictures pictures(data_, /*bytes_per_sample=*/1);
    std::vector<std::size_t> seen;
    pictures.load([&](const Batch& batch) { seen.push_back(batch.index); });
    EXPECT_THAT(seen, testing::UnorderedElementsAre(0, 1, 2));
    ASSERT_EQ(pictures.batches(), 3U);
    EXPECT_EQ(pictures.listed(), 10U);
    EXPECT_EQ(pictures.count(2), 2);
    for (const auto& [batch, images] : expected) EXPECT_EQ(pictures.images(batch), images);
  }
}

TEST_F(Pictures, HaveTheirMirrorImagesBehindThem) {
  CalibrationPictures pictures(data_, 1, /*mirrors=*/true);
  pictures.load();
  ASSERT_EQ(pictures.batches(), 6U);
  EXPECT_EQ(pictures.listed(), 20U);
  EXPECT_EQ(pictures.count(5), 2);
  const Tensor images = pictures.images(1);
  const Tensor twins = pictures.images(4);
  ASSERT_EQ(twins.shape(), images.shape());
  const auto pixels = images.data<float>();
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const std::size_t x = i / 3 % 8;
    ASSERT_EQ(twins.data<float>()[i - 3 * x + 3 * (7 - x)], pixels[i]) << i;
  }
}

TEST_F(Pictures, LeaveOutThoseThatCanNotBeRead) {
  for (std::size_t i = 0; i < 5; ++i) data_.samples[i].path = folder_ / "missing.jpg";
  data_.loader.skip_bad = true;
  CalibrationPictures pictures(data_, 1);
  pictures.load();
  EXPECT_EQ(pictures.count(0), 0);
  EXPECT_EQ(pictures.count(1), 3);
  EXPECT_EQ(pictures.images(1), loaded().at(1));
}

TEST_F(Pictures, ComeInSmallerBatchesWhereNetworksTakeMuchMemory) {
  const CalibrationPictures pictures(data_, /*bytes_per_sample=*/std::int64_t{1} << 28);
  EXPECT_EQ(pictures.batches(), 5U);  // 512 MiB a batch.
}

}  // namespace
}  // namespace quern
