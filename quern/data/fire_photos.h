#pragma once

#include <cstdint>
#include <filesystem>

namespace quern {

struct FirePhotosOptions {
  int train = 1000;  ///< Photos of the split train.
  int test = 300;    ///< And of test.
  int side = 160;    ///< Of the square photos (unit: pixels).
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: all cores; photos do not depend on it.
};

/// Writes painted photos of fires in D-Fire's layout, `SPLIT/images/NNNNN.jpg` and
/// `SPLIT/labels/NNNNN.txt` with boxes of 0 smoke and 1 fire: flames and plumes of smoke in fields,
/// woods, streets, works and rooms by day, dusk and night. About two of five photos show neither,
/// most of these something of the same colours instead: a low sun, lamps, autumn leaves, clouds,
/// fog, rocks; so that colours alone do not tell. The same seed gives the same bytes on every
/// machine. `root` then holds these photos and no others: those that were painted there before are
/// removed, known by `root/painted.json`.
/// @throws Error(kInvalidArgument) unless both splits have photos and 32 ≤ side ≤ 1024, and for a
///         file among the photos or labels that was not painted; Error(kIo) if it can not be
///         written.
void write_fire_photos(const std::filesystem::path& root, const FirePhotosOptions& options = {});

}  // namespace quern
