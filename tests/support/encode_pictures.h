#pragma once

#include <cstdint>
#include <span>
#include <vector>

// clang-format off
#include <cstdio>  // jpeglib.h uses FILE and does not declare it.
#include <jpeglib.h>
// clang-format on
#include <spng.h>

#include "quern/data/image.h"

namespace quern::test {

/// How encode_jpeg_samples writes a file.
struct JpegForm {
  J_COLOR_SPACE input = JCS_RGB;
  J_COLOR_SPACE stored = JCS_YCbCr;
  bool progressive = false;
};

/// A JPEG of quality 100 without chroma subsampling.
std::vector<std::byte> encode_jpeg_samples(int width, int height,
                                           std::span<const std::uint8_t> samples, JpegForm form);

/// A PNG of rows as the format stores them: packed below 8 bits, big-endian at 16.
std::vector<std::byte> encode_png_samples(const spng_ihdr& header,
                                          std::span<const std::uint8_t> samples,
                                          std::span<const spng_plte_entry> palette = {});

/// How encode_tiff_samples writes a file.
struct TiffForm {
  int photometric = 2;  ///< PHOTOMETRIC_RGB
  int channels = 3;     ///< Samples of a pixel, next to each other.
  int bits = 8;         ///< Of a sample.
  int compression = 1;  ///< COMPRESSION_NONE
  int orientation = 1;  ///< ORIENTATION_TOPLEFT
  bool big_endian = false;
};

/// A TIFF of rows as the format stores them, samples of 16 bits in the machine's order.
std::vector<std::byte> encode_tiff_samples(int width, int height,
                                           std::span<const std::uint8_t> samples,
                                           const TiffForm& form = {});

/// Reproducible noise.
Image noise(int width, int height);

/// The first `size` bytes.
std::vector<std::byte> cut(std::vector<std::byte> bytes, std::size_t size);

}  // namespace quern::test
