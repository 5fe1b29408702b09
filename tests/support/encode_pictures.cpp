#include "tests/support/encode_pictures.h"

#include <tiffio.h>

#include <algorithm>
#include <cstdlib>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "tests/support/temporary_folder.h"

namespace quern::test {
namespace {

std::vector<std::byte> taken(void* bytes, std::size_t size) {
  const auto* begin = static_cast<const std::byte*>(bytes);
  std::vector<std::byte> copy(begin, begin + size);
  std::free(bytes);
  return copy;
}

}  // namespace

std::vector<std::byte> encode_jpeg_samples(int width, int height,
                                           std::span<const std::uint8_t> samples, JpegForm form) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = width;
  info.image_height = height;
  info.input_components = static_cast<int>(samples.size()) / (width * height);
  info.in_color_space = form.input;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, form.stored);
  jpeg_set_quality(&info, 100, TRUE);
  info.comp_info[0].h_samp_factor = 1;
  info.comp_info[0].v_samp_factor = 1;
  if (form.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<JSAMPLE*>(
        &samples[std::size_t{info.next_scanline} * width * info.input_components]);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return taken(bytes, size);
}

std::vector<std::byte> encode_png_samples(const spng_ihdr& header,
                                          std::span<const std::uint8_t> samples,
                                          std::span<const spng_plte_entry> palette) {
  spng_ctx* context = spng_ctx_new(SPNG_CTX_ENCODER);
  spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1);
  spng_ihdr copy = header;
  ensure(spng_set_ihdr(context, &copy) == SPNG_OK, "libspng refuses the header");
  if (!palette.empty()) {
    spng_plte table{};
    table.n_entries = static_cast<std::uint32_t>(palette.size());
    std::ranges::copy(palette, table.entries);
    spng_set_plte(context, &table);
  }
  const int status = spng_encode_image(context, samples.data(), samples.size(), SPNG_FMT_RAW,
                                       SPNG_ENCODE_FINALIZE);
  ensure(status == SPNG_OK, "libspng cannot encode: {}", spng_strerror(status));
  std::size_t size = 0;
  int error = SPNG_OK;
  void* bytes = spng_get_png_buffer(context, &size, &error);
  spng_ctx_free(context);
  return taken(bytes, size);
}

std::vector<std::byte> encode_tiff_samples(int width, int height,
                                           std::span<const std::uint8_t> samples,
                                           const TiffForm& form) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.tif";
  TIFF* const tiff = TIFFOpen(path.c_str(), form.big_endian ? "wb" : "wl");
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, form.channels);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, form.bits);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, form.photometric);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, form.compression);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, form.orientation);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 4);
  std::vector<std::uint8_t> rows(samples.begin(), samples.end());
  const std::size_t row_size = rows.size() / height;
  for (int y = 0; y < height; ++y) {
    ensure(TIFFWriteScanline(tiff, rows.data() + y * row_size, y, 0) == 1, "libtiff cannot encode");
  }
  TIFFClose(tiff);
  return read_file(path);
}

Image noise(int width, int height) {
  Image image{.width = width, .height = height, .pixels = {}};
  std::uint32_t state = 12345;
  for (int i = 0; i < 3 * width * height; ++i) {
    state = state * 1664525 + 1013904223;
    image.pixels.push_back(static_cast<std::uint8_t>(state >> 24));
  }
  return image;
}

std::vector<std::byte> cut(std::vector<std::byte> bytes, std::size_t size) {
  bytes.resize(size);
  return bytes;
}

}  // namespace quern::test
