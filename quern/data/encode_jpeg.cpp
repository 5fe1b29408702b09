#include "quern/data/encode_jpeg.h"

#include <cstdlib>

#include "quern/base/error.h"
#include "quern/data/internal/jpeg_errors.h"

namespace quern {
namespace {

/// A libjpeg encoder and the memory it writes to.
class Encoder {
 public:
  Encoder() { info_.err = errors_.handler(); }
  ~Encoder() {
    jpeg_destroy_compress(&info_);
    std::free(bytes_);
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  void write(const Image& image, int quality) {
    const bool done = errors_.completes([&] {
      jpeg_create_compress(&info_);
      jpeg_mem_dest(&info_, &bytes_, &size_);
      info_.image_width = image.width;
      info_.image_height = image.height;
      info_.input_components = 3;
      info_.in_color_space = JCS_RGB;
      jpeg_set_defaults(&info_);
      jpeg_set_quality(&info_, quality, TRUE);
      jpeg_start_compress(&info_, TRUE);
      while (info_.next_scanline < info_.image_height) {
        // libjpeg reads from the row, though it declares it writable.
        auto* row = const_cast<JSAMPLE*>(image.pixels.data()) +
                    std::size_t{3} * info_.image_width * info_.next_scanline;
        jpeg_write_scanlines(&info_, &row, 1);
      }
      jpeg_finish_compress(&info_);
    });
    require(done, "a picture of {}x{} cannot be written as JPEG: {}", image.width, image.height,
            errors_.message());
  }

  std::vector<std::byte> bytes() const {
    const auto* begin = reinterpret_cast<const std::byte*>(bytes_);
    return {begin, begin + size_};
  }

 private:
  JpegErrors errors_;
  jpeg_compress_struct info_{};
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

std::vector<std::byte> encode_jpeg(const Image& image, int quality) {
  require(quality >= 1 && quality <= 100, "JPEG quality must be 1 to 100, got {}", quality);
  Encoder encoder;
  encoder.write(image, quality);
  return encoder.bytes();
}

}  // namespace quern
