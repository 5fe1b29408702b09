#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace quern {

/// Boxes whose extents make no sense. What a box shows is known all the same, so its class counts.
struct OddBoxes {
  std::size_t empty = 0;      ///< Width or height of 0 or below.
  std::size_t oversized = 0;  ///< Wider or higher than the picture.
  std::size_t crossing = 0;   ///< Beyond the picture's border.

  OddBoxes& operator+=(const OddBoxes& other);

  /// "12 boxes without an area, …: their class counts all the same"; empty where there is none.
  std::string text() const;
};

/// What the boxes of one picture say.
struct BoxLabels {
  std::vector<std::uint8_t> shown;  ///< [classes]: 1 where there is a box of the class.
  OddBoxes odd;

  explicit BoxLabels(std::size_t classes) : shown(classes) {}

  /// Takes a box; centre and extents as fractions of the picture's.
  void add(std::size_t cls, double x, double y, double width, double height);
};

/// Reads YOLO labels: lines of `class x y width height`. A file without lines is one of a picture
/// without boxes.
/// @param classes  Names of the classes by id, for messages.
/// @throws Error(kIo) if it can not be read; Error(kParse) with file and line for an id that is no
///         class, a number that is none, or another count of numbers.
BoxLabels read_yolo_labels(const std::filesystem::path& path,
                           const std::vector<std::string>& classes);

}  // namespace quern
