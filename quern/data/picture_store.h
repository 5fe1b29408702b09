#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "quern/data/image_list.h"
#include "quern/graph/preprocessing.h"

namespace quern {

struct PictureStoreOptions {
  Preprocessing preprocessing;  ///< Of which the store needs central crop, resize, stretch.
  int side = 0;           ///< Of a stored picture (unit: pixels): the crop's, or more, so that
                          ///< crops can move.
  std::string cache;      ///< Folder of the cache; "none": pictures are decoded at every use;
                          ///< empty: quern/ in $XDG_CACHE_HOME or in ~/.cache.
  double cache_gib = 16;  ///< What all files of the cache may take (unit: GiB).
  int threads = 0;        ///< That decode; 0: all cores.
  bool skip_bad = false;  ///< Leave out pictures that can not be decoded.
};

/// The pictures of a set as 8-bit pixels of one size, [side, side, 3] of RGB: what `fit` makes of
/// them for a crop of `side`. All are decoded once, on several threads, into a file that later runs
/// map into memory. The file is named by the SHA-256 of what decides its bytes (the pictures'
/// paths, sizes and times of change, the preprocessing, the side, the version of quern's format),
/// takes its name when it is complete, and is made again where it does not hold what its name
/// says. Files that were not used for longest are removed where the cache grows too large. A cache
/// that can not be written, or would be too large, is done without, and noted.
class PictureStore {
 public:
  /// @throws what decode_image throws, and Error(kParse) for a picture of one pixel or one line,
  ///         unless `skip_bad`; Error(kParse) if no picture is left; Error(kInvalidArgument) for
  ///         options out of their domain.
  PictureStore(const std::vector<Sample>& samples, const PictureStoreOptions& options);
  PictureStore(PictureStore&&) noexcept;
  PictureStore& operator=(PictureStore&&) noexcept;
  ~PictureStore();

  int side() const;

  /// Positions of the pictures that can be decoded, ascending.
  const std::vector<std::size_t>& usable() const;

  /// One sentence per picture left out, in order.
  const std::vector<std::string>& skipped() const;

  /// What was unusual about the cache, a sentence each.
  const std::vector<std::string>& notes() const;

  /// The pixels of a usable picture; valid as long as the store and `scratch`, which they may lie
  /// in. Threads with a scratch of their own may call it side by side.
  std::span<const std::uint8_t> picture(std::size_t position,
                                        std::vector<std::uint8_t>& scratch) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The side of stored pictures to train on: as the short side is resized to, so that crops can
/// move; the crop's where pictures stay as decoded.
int training_side(const Preprocessing& how);

}  // namespace quern
