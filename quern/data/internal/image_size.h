#pragma once

#include <cstddef>
#include <cstdint>

namespace quern {

/// Refuses the extents a file declares before memory is taken for them: none, a side above 10⁶,
/// more than 2²⁸ pixels, or more than `file_bytes` could hold however well it is compressed.
/// @throws Error(kParse) without the file's name.
void check_image_size(std::uint32_t width, std::uint32_t height, std::size_t file_bytes);

}  // namespace quern
