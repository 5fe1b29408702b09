#pragma once

#include <cstddef>
#include <span>

#include "quern/data/image.h"

namespace quern {

/// Decodes a PNG of any colour type and bit depth; alpha is dropped, of 16 bits the upper 8 count.
/// The exception is 16-bit grey, which Pillow clips at 255, and so does this.
/// @throws Error(kParse) without the file's name: damaged, cut off, or impossibly large.
Image decode_png(std::span<const std::byte> bytes);

}  // namespace quern
