// Writes small pictures of every format and many codings: what the fuzzer of decode_image starts
// from.
//
// usage: quern_picture_files FOLDER
#include <tiff.h>

#include <filesystem>

#include "quern/base/file.h"
#include "tests/support/encode_pictures.h"

namespace quern::test {
namespace {

void write_pictures(const std::filesystem::path& folder) {
  const Image picture = noise(9, 6);
  for (const bool progressive : {false, true}) {
    write_file(folder / fmt::format("{}.jpg", progressive),
               encode_jpeg_samples(9, 6, picture.pixels, {.progressive = progressive}));
  }
  const spng_ihdr header{9, 6, 8, SPNG_COLOR_TYPE_TRUECOLOR, 0, 0, 0};
  write_file(folder / "rgb.png", encode_png_samples(header, picture.pixels));
  for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE,
                                COMPRESSION_PACKBITS, COMPRESSION_JPEG}) {
    write_file(folder / fmt::format("{}.tif", compression),
               encode_tiff_samples(9, 6, picture.pixels, {.compression = compression}));
  }
}

}  // namespace
}  // namespace quern::test

int main(int, char** arguments) { quern::test::write_pictures(arguments[1]); }
