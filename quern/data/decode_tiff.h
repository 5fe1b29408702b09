#pragma once

#include <cstddef>
#include <span>

#include "quern/data/image.h"

namespace quern {

/// Decodes the first page of a TIFF of any photometric form and compression that libtiff knows, of
/// 16 bits the upper 8, turned upright as its orientation says, which Pillow does too. What is
/// transparent becomes black.
/// @throws Error(kParse) without the file's name: damaged, cut off, impossibly large, or of a form
///         that libtiff can not turn to RGB.
Image decode_tiff(std::span<const std::byte> bytes);

}  // namespace quern
