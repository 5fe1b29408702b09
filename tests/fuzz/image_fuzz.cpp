// decode_image on any bytes: a picture or an Error, and no memory beyond what the file's own size
// allows.
#include <cstddef>
#include <cstdint>
#include <span>

#include "quern/base/error.h"
#include "quern/data/image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const quern::Image image = quern::decode_image(std::as_bytes(std::span(data, size)), "fuzz");
    const auto pixels = static_cast<std::size_t>(image.width) * image.height;
    quern::ensure(image.pixels.size() == 3 * pixels && pixels > 0, "the extents do not fit");
  } catch (const quern::Error& error) {
    if (error.code() == quern::ErrorCode::kInternal) throw;
  }
  return 0;
}
