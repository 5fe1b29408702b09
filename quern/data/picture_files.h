#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace quern {

/// The suffixes of the formats that decode_image reads, for messages.
inline constexpr std::string_view kPictureSuffixes = ".jpg, .jpeg, .png, .tif, .tiff";

/// Whether the name ends with a suffix of a format that decode_image reads, in any case.
bool is_picture(const std::filesystem::path& path);

/// Pictures at any depth below `folder`, in byte order of their paths; hidden files are left out.
/// @throws std::filesystem::filesystem_error if it can not be read.
std::vector<std::filesystem::path> pictures_below(const std::filesystem::path& folder);

/// The folders in `folder`, in byte order of their names; hidden ones are left out.
/// @throws std::filesystem::filesystem_error if it can not be read.
std::vector<std::filesystem::path> folders_in(const std::filesystem::path& folder);

}  // namespace quern
