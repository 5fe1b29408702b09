#include "tests/support/codes.h"

#include <cstring>

#include "quern/base/random.h"

namespace quern::test {
namespace {

std::size_t position(const QuernTensor& layout, std::int32_t y, std::int32_t x, std::int32_t c) {
  return static_cast<std::size_t>((y * layout.width + x) * layout.channels + c);
}

}  // namespace

std::int32_t& Codes::at(std::int32_t y, std::int32_t x, std::int32_t c) {
  return values.at(position(layout, y, x, c));
}

std::int32_t Codes::at(std::int32_t y, std::int32_t x, std::int32_t c) const {
  return values.at(position(layout, y, x, c));
}

QuernTensor layout(std::int32_t height, std::int32_t width, std::int32_t channels,
                   std::int32_t bits, std::int32_t unused_bytes) {
  const std::int32_t pixel_bytes = (channels * bits + 7) / 8 + unused_bytes;
  return {height, width, channels, bits, pixel_bytes, width * pixel_bytes + unused_bytes, height};
}

Codes codes(const QuernTensor& layout) {
  const auto count = static_cast<std::size_t>(layout.height * layout.width * layout.channels);
  return {layout, std::vector<std::int32_t>(count)};
}

Codes random_codes(const QuernTensor& layout, std::uint64_t seed) {
  Random random(seed);
  Codes result = codes(layout);
  for (std::int32_t& value : result.values) {
    value = static_cast<std::int32_t>(random.integer(0, (1 << layout.bits) - 1));
  }
  return result;
}

std::int32_t requantized(const QuernRequantize& to, std::int32_t entry, std::int32_t accumulator) {
  quern_requantize(&to, entry, 1, &accumulator);
  return accumulator;
}

std::size_t buffer_bytes(const QuernTensor& layout) {
  return static_cast<std::size_t>(layout.rows * layout.row_bytes);
}

std::vector<std::uint8_t> pack(const Codes& codes) {
  const QuernTensor& layout = codes.layout;
  std::vector<std::uint8_t> buffer(buffer_bytes(layout), 0xa5);
  for (std::int32_t y = 0; y < layout.height; ++y) {
    for (std::int32_t x = 0; x < layout.width; ++x) {
      std::uint8_t* pixel = buffer.data() + quern_row(&layout, y) + x * layout.pixel_bytes;
      for (std::int32_t c = 0; c < layout.channels; ++c) {
        quern_store(pixel, c, layout.bits, codes.at(y, x, c));
      }
    }
  }
  return buffer;
}

Codes unpack(const QuernTensor& layout, const std::vector<std::uint8_t>& buffer) {
  Codes result = codes(layout);
  for (std::int32_t y = 0; y < layout.height; ++y) {
    for (std::int32_t x = 0; x < layout.width; ++x) {
      const std::uint8_t* pixel = buffer.data() + quern_row(&layout, y) + x * layout.pixel_bytes;
      for (std::int32_t c = 0; c < layout.channels; ++c) {
        if (layout.bits == 32) {
          std::memcpy(&result.at(y, x, c), pixel + 4 * c, 4);
        } else {
          result.at(y, x, c) = quern_load(pixel, c, layout.bits);
        }
      }
    }
  }
  return result;
}

}  // namespace quern::test
