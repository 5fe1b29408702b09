#include "quern/data/decode_jpeg.h"

#include <jpeglib.h>

// Uses types of jpeglib.h, which jpeg_errors.h includes.
#include <jerror.h>

#include "quern/base/error.h"
#include "quern/data/internal/image_size.h"
#include "quern/data/internal/jpeg_errors.h"

namespace quern {
namespace {

// Every scan of a progressive file passes over the whole picture, so a small file of many scans
// would run for hours. Encoders write about ten.
constexpr int kMaxScans = 500;

void stop_after_scans(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans) {
    ERREXIT(info, JERR_BAD_PROGRESSION);  // libjpeg has no message that fits better.
  }
}

/// A libjpeg decoder over bytes in memory.
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) {
    info_.err = errors_.handler();
    progress_.progress_monitor = stop_after_scans;
    run([&] {
      jpeg_create_decompress(&info_);
      info_.progress = &progress_;
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    });
  }
  ~Decoder() { jpeg_destroy_decompress(&info_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Runs `calls` into libjpeg, under the rule of JpegErrors::completes.
  template <class Calls>
  void run(Calls&& calls) {
    if (!errors_.completes(calls)) {
      fail(ErrorCode::kParse, "damaged JPEG: {}", errors_.message());
    }
  }

  jpeg_decompress_struct& info() { return info_; }

 private:
  JpegErrors errors_;
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct info_{};
};

/// a · b / 255, rounded to nearest.
int multiply_unit(int a, int b) {
  const int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

/// One row of CMYK, stored inverted as Adobe's programs do, to RGB.
void cmyk_to_rgb(const std::uint8_t* cmyk, int width, std::uint8_t* rgb) {
  for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    const int white = cmyk[3];  // 255 − K
    for (int c = 0; c < 3; ++c) {
      rgb[c] = static_cast<std::uint8_t>(white - multiply_unit(255 - cmyk[c], white));
    }
  }
}

J_COLOR_SPACE output_space(int components) {
  switch (components) {
    case 1:
    case 3:
      return JCS_RGB;
    case 4:
      return JCS_CMYK;
    default:
      fail(ErrorCode::kUnsupported, "a JPEG of {} components (supported: 1, 3, 4)", components);
  }
}

}  // namespace

Image decode_jpeg(std::span<const std::byte> bytes) {
  Decoder decoder(bytes);
  jpeg_decompress_struct& info = decoder.info();
  decoder.run([&] { jpeg_read_header(&info, TRUE); });
  check_image_size(info.image_width, info.image_height, bytes.size());
  info.out_color_space = output_space(info.num_components);

  Image image{.width = static_cast<int>(info.image_width),
              .height = static_cast<int>(info.image_height),
              .pixels = {}};
  const std::size_t row_size = std::size_t{3} * info.image_width;
  image.pixels.resize(row_size * info.image_height);
  const bool is_cmyk = info.out_color_space == JCS_CMYK;
  std::vector<std::uint8_t> cmyk(is_cmyk ? std::size_t{4} * info.image_width : 0);

  decoder.run([&] {
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
      std::uint8_t* rgb = image.pixels.data() + info.output_scanline * row_size;
      std::uint8_t* row = is_cmyk ? cmyk.data() : rgb;
      jpeg_read_scanlines(&info, &row, 1);
      if (is_cmyk) cmyk_to_rgb(cmyk.data(), image.width, rgb);
    }
    jpeg_finish_decompress(&info);
  });
  return image;
}

}  // namespace quern
