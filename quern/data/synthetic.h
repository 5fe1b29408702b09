#pragma once

#include <cstdint>
#include <filesystem>

namespace quern {

/// The shapes that synthetic photos show: disc, ring, square, frame, triangle, plus, saltire,
/// diamond, bars, checks.
inline constexpr int kSyntheticClasses = 10;

/// Writes `count` pictures `images/NNNN.jpg` of one coloured shape on a textured background, sides
/// of 160 to 400 pixels, and `list.txt` with lines `images/NNNN.jpg label`. Labels go round through
/// the classes; size, place and colours say nothing about them. The same seed gives the same bytes
/// on every machine, and a longer set begins with the shorter one.
/// @throws Error(kInvalidArgument) unless count > 0; Error(kIo) if it can not be written.
void write_synthetic_photos(const std::filesystem::path& folder, int count, std::uint64_t seed);

}  // namespace quern
