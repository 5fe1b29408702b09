#include "quern/data/internal/image_size.h"

#include <algorithm>

#include "quern/base/error.h"

namespace quern {
namespace {

constexpr std::uint64_t kMaxSide = 1'000'000;
constexpr std::uint64_t kMaxPixels = std::uint64_t{1} << 28;

// A 1-bit PNG of one colour reaches 8 · 1032 pixels a byte, a Huffman-coded JPEG 512.
constexpr std::uint64_t kMaxPixelsPerByte = 1 << 16;

}  // namespace

void check_image_size(std::uint32_t width, std::uint32_t height, std::size_t file_bytes) {
  const std::uint64_t pixels = std::uint64_t{width} * height;
  if (pixels == 0 || std::max(width, height) > kMaxSide || pixels > kMaxPixels) {
    fail(ErrorCode::kParse, "it declares {}x{} pixels; expected sides of 1 to {} and at most {}",
         width, height, kMaxSide, kMaxPixels);
  }
  if (pixels / kMaxPixelsPerByte > file_bytes) {
    fail(ErrorCode::kParse, "it declares {}x{} pixels, more than its {} bytes can hold", width,
         height, file_bytes);
  }
}

}  // namespace quern
