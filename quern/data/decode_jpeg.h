#pragma once

#include <cstddef>
#include <span>

#include "quern/data/image.h"

namespace quern {

/// Decodes a JPEG: baseline or progressive, 8 bits a sample; RGB, YCbCr, grey, CMYK or YCCK.
/// An EXIF orientation is not applied.
/// @throws Error(kParse) without the file's name: damaged, cut off, or impossibly large;
///         Error(kUnsupported) for another number of components.
Image decode_jpeg(std::span<const std::byte> bytes);

}  // namespace quern
