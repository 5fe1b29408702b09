#pragma once

#include <filesystem>

#include "quern/data/fire_photos.h"

namespace quern {

/// Empties `root` of the set that was painted there before, and writes down which one comes, so
/// that a set holds what was asked for and nothing else, and a later painting knows what is its
/// own. Other files beside the splits stay.
/// @throws Error(kInvalidArgument) naming a file among the photos or labels that no painting wrote,
///         before anything is removed; Error(kParse) for a record that can not be read; Error(kIo).
void begin_painted_set(const std::filesystem::path& root, const FirePhotosOptions& options);

/// "00012": what photo and labels are called, without suffix.
std::string painted_name(std::size_t index);

}  // namespace quern
