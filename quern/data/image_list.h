#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace quern {

/// One labelled picture.
struct Sample {
  std::filesystem::path path;  ///< Absolute, or relative to the working directory.
  std::int64_t label = -1;     ///< −1 where the list gives none.

  bool operator==(const Sample&) const = default;
};

/// Reads lines of `relative/path label` (label optional; the path may hold spaces; empty lines and
/// lines starting with '#' are skipped). Relative paths are taken from `root`, by default the
/// list's own folder; absolute ones stand as they are. Whether the pictures exist is not checked.
/// @throws Error(kIo) if it can not be read; Error(kParse) with file and line for a label that is
///         not an integer of 0 or more; Error(kParse) if it names no picture.
std::vector<Sample> read_image_list(const std::filesystem::path& list,
                                    const std::optional<std::filesystem::path>& root = {});

/// One folder per class, classes numbered in byte order of their names, pictures (what is_picture
/// says, at any depth) in byte order. A folder of pictures without class folders gives
/// samples without labels. Other files and hidden ones are ignored.
/// @throws Error(kIo) if it can not be read; Error(kParse) if it, or a class folder, holds no
///         picture.
std::vector<Sample> read_image_folder(const std::filesystem::path& folder);

/// Whichever of the two `data` is: a file or a folder.
std::vector<Sample> read_samples(const std::filesystem::path& data,
                                 const std::optional<std::filesystem::path>& root = {});

}  // namespace quern
