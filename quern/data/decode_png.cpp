#include "quern/data/decode_png.h"

#include <spng.h>

#include <algorithm>
#include <memory>

#include "quern/base/error.h"
#include "quern/data/internal/image_size.h"

namespace quern {
namespace {

// Bounds what a text or profile chunk may unpack to (unit: bytes).
constexpr std::size_t kMaxChunk = std::size_t{1} << 24;

void check(int status) {
  if (status != SPNG_OK) fail(ErrorCode::kParse, "damaged PNG: {}", spng_strerror(status));
}

std::size_t decoded_size(spng_ctx* context, int format) {
  std::size_t size = 0;
  check(spng_decoded_image_size(context, format, &size));
  return size;
}

/// 16-bit grey, clipped at 255.
void decode_grey16(spng_ctx* context, std::span<std::uint8_t> rgb) {
  std::vector<std::uint16_t> grey(rgb.size() / 3);
  const std::size_t size = decoded_size(context, SPNG_FMT_PNG);
  ensure(size == grey.size() * 2, "libspng wants {} bytes for {} grey pixels", size, grey.size());
  check(spng_decode_image(context, grey.data(), size, SPNG_FMT_PNG, 0));
  for (std::size_t i = 0; i < grey.size(); ++i) {
    std::fill_n(&rgb[3 * i], 3, static_cast<std::uint8_t>(std::min<int>(grey[i], 255)));
  }
}

}  // namespace

Image decode_png(std::span<const std::byte> bytes) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(0), spng_ctx_free);
  ensure(context != nullptr, "libspng cannot make a decoder");
  check(spng_set_chunk_limits(context.get(), kMaxChunk, 4 * kMaxChunk));
  check(spng_set_png_buffer(context.get(), bytes.data(), bytes.size()));
  spng_ihdr header{};
  check(spng_get_ihdr(context.get(), &header));
  check_image_size(header.width, header.height, bytes.size());

  Image image{.width = static_cast<int>(header.width),
              .height = static_cast<int>(header.height),
              .pixels = {}};
  image.pixels.resize(std::size_t{3} * header.width * header.height);
  if (header.color_type == SPNG_COLOR_TYPE_GRAYSCALE && header.bit_depth == 16) {
    decode_grey16(context.get(), image.pixels);
  } else {
    const std::size_t size = decoded_size(context.get(), SPNG_FMT_RGB8);
    ensure(size == image.pixels.size(), "libspng wants {} bytes for {}x{} pixels", size,
           header.width, header.height);
    check(spng_decode_image(context.get(), image.pixels.data(), size, SPNG_FMT_RGB8, 0));
  }
  check(spng_decode_chunks(context.get()));  // To the end: a file without IEND is cut off.
  return image;
}

}  // namespace quern
