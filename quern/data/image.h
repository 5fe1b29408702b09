#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "quern/graph/preprocessing.h"
#include "quern/tensor/tensor.h"

namespace quern {

/// A decoded picture: RGB, 8 bits, rows top to bottom, [height, width, 3].
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
};

/// Decodes a JPEG, PNG or TIFF to RGB as Pillow's convert("RGB") does; of a JPEG or PNG an EXIF
/// orientation is not applied.
/// The format is told by the content, not by the suffix.
/// @throws Error(kIo) if it can not be read; Error(kParse) naming the file if it is damaged, cut
///         off, of another format, or declares more than 2²⁸ pixels.
Image decode_image(const std::filesystem::path& path);
Image decode_image(std::span<const std::byte> bytes, const std::string& name);

/// Antialiased bilinear resize, bit for bit Pillow's `Image.resize(size, BILINEAR)`.
/// @throws Error(kInvalidArgument) unless both sides are positive.
Image resize(const Image& image, int width, int height);

/// What the network sees of a picture, crop x crop pixels: central crop by fraction, resize of the
/// short side (the long one is rounded to nearest) or of both, centre crop. As torchvision's
/// transforms do, a picture smaller than the crop gets a black border.
/// @throws Error(kInvalidArgument) if `how` is not possible, or the picture is empty.
Image fit(const Image& image, const Preprocessing& how);

/// The network's input, [3, crop, crop] float32 written to `out`: the fitted picture in the
/// network's channel order, by scale, mean and std.
/// @throws Error(kInvalidArgument) as fit does, or if `out` has another size.
void preprocess(const Image& image, const Preprocessing& how, std::span<float> out);

}  // namespace quern
