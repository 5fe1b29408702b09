#pragma once

#include <cstddef>
#include <vector>

#include "quern/data/image.h"

namespace quern {

/// A baseline JPEG with 4:2:0 chroma; the same bytes on every machine.
/// @param quality  1 to 100.
/// @throws Error(kInvalidArgument) for another quality, or a picture with a side of 0 or above
/// 65500.
std::vector<std::byte> encode_jpeg(const Image& image, int quality);

}  // namespace quern
