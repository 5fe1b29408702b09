#include "quern/ptq/calibration_pictures.h"

#include <algorithm>

#include "quern/data/normalize.h"

namespace quern {
namespace {

/// Pixels [N, H, W, 3] with every line the other way round.
void mirror(Tensor& pixels) {
  const auto width = static_cast<std::size_t>(pixels.shape().at(2));
  const auto bytes = pixels.mutable_data<std::uint8_t>();
  for (std::size_t line = 0; line < bytes.size(); line += 3 * width) {
    const auto pixel = [&](std::size_t x) { return bytes.begin() + line + 3 * x; };
    for (std::size_t x = 0; x < width / 2; ++x) {
      std::swap_ranges(pixel(x), pixel(x + 1), pixel(width - 1 - x));
    }
  }
}

}  // namespace

CalibrationPictures::CalibrationPictures(const CalibrationData& data, std::int64_t bytes_per_sample,
                                         bool mirrors)
    : samples_(data.samples),
      loader_(within_memory(data.loader, bytes_per_sample)),
      mirrors_(mirrors),
      store_(data.memory),
      decoded_(batch_count(samples_.size(), loader_)) {
  counts_.resize((mirrors ? 2 : 1) * decoded_.size());
}

void CalibrationPictures::load(const std::function<void(const Batch&)>& watch) {
  for_each_batch(samples_, loader_, [&](int, const Batch& batch) {
    const std::int64_t count = batch.pixels.shape().at(0);
    counts_[batch.index] = count;
    if (mirrors_) counts_[batch.index + decoded_.size()] = count;
    decoded_[batch.index] = store_.put(batch.pixels.bytes());
    if (watch) watch(batch);
  });
}

Tensor CalibrationPictures::images(std::size_t batch) const {
  const std::int64_t crop = loader_.preprocessing.crop;
  const Shape shape = {count(batch), crop, crop, 3};
  std::vector<std::byte> buffer;
  const auto bytes = store_.read(decoded_[batch % decoded_.size()], buffer);
  Tensor pixels(DType::kUint8, shape);
  std::ranges::copy(bytes, pixels.mutable_bytes().begin());
  if (batch >= decoded_.size()) mirror(pixels);
  Tensor images(DType::kFloat32, shape);
  Normalization(loader_.preprocessing)
      .apply(pixels.data<std::uint8_t>(), Layout::kNhwc, images.mutable_data<float>(),
             Layout::kNhwc);
  return images;
}

}  // namespace quern
