#include "quern/data/normalize.h"

#include <algorithm>

#include "quern/base/error.h"

namespace quern {

Normalization::Normalization(const Preprocessing& how) {
  for (int c = 0; c < 3; ++c) {
    const auto mean = static_cast<float>(how.mean[c]);
    const auto std = static_cast<float>(how.std[c]);
    for (int value = 0; value < 256; ++value) {
      tables_[c][value] = (static_cast<float>(value * how.scale) - mean) / std;
    }
    source_[c] = how.bgr ? 2 - c : c;
  }
}

namespace {

/// Between neighbours of one picture's values (unit: elements).
struct Steps {
  std::size_t channel;
  std::size_t pixel;
};

Steps steps(Layout layout, std::size_t pixels) {
  return layout == Layout::kNchw ? Steps{.channel = pixels, .pixel = 1}
                                 : Steps{.channel = 1, .pixel = 3};
}

}  // namespace

void Normalization::apply(std::span<const std::uint8_t> from, Layout from_layout,
                          std::span<float> to, Layout to_layout) const {
  require(to.size() == from.size(), "{} pixel values do not fit into {} floats", from.size(),
          to.size());
  const std::size_t pixels = from.size() / 3;
  const Steps read = steps(from_layout, pixels);
  const Steps write = steps(to_layout, pixels);
  // Block by block, so that interleaved results are complete before they leave the nearest cache.
  constexpr std::size_t kBlock = 512;
  for (std::size_t begin = 0; begin < pixels; begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, pixels);
    for (std::size_t c = 0; c < 3; ++c) {
      const std::array<float, 256>& table = tables_[c];
      const std::uint8_t* const values = from.data() + source_[c] * read.channel;
      float* const results = to.data() + c * write.channel;
      for (std::size_t i = begin; i < end; ++i) {
        results[i * write.pixel] = table[values[i * read.pixel]];
      }
    }
  }
}

}  // namespace quern
