#pragma once

#include <cstdint>

#include "quern/kernels/scratch.h"

namespace quern {

/// Rows of images cut in bands: pieces of work for threads, as many as the shape says. Few images
/// give several bands each.
class RowPieces {
 public:
  struct Band {
    std::int64_t image;
    std::int64_t begin, end;  ///< Rows.
  };

  /// @param rows  Of an image, at least so many.
  RowPieces(std::int64_t images, std::int64_t rows);

  std::int64_t size() const { return images_ * bands_; }

  /// The part of a piece in images of `rows` rows.
  Band band(std::int64_t piece, std::int64_t rows) const;

 private:
  std::int64_t images_;
  std::int64_t bands_;  ///< Of an image.
};

/// The last rows of an image that a window goes down, each with room for its pads, which are 0.
/// What is behind the image's ends reads as a row of zeros.
class PaddedRows {
 public:
  /// @param count   Rows that are kept.
  /// @param height  Rows of the image.
  /// @param length  Elements of a row with its pads.
  PaddedRows(std::int64_t count, std::int64_t height, std::int64_t length);

  /// Loads the rows from the first that was not asked for yet up to `last`, by load(row, memory),
  /// memory being that of the padded row. The first call begins at `first`.
  template <class Load>
  void load(std::int64_t first, std::int64_t last, const Load& load) {
    if (next_ < 0) next_ = first > 0 ? first : 0;
    for (; next_ <= last && next_ < height_; ++next_) load(next_, memory(next_));
  }

  /// One of the last `count` rows that are loaded, or one of zeros.
  const float* row(std::int64_t row) const {
    return row < 0 || row >= height_ ? zeros() : rows_.data() + row % count_ * length_;
  }
  const float* zeros() const { return rows_.data() + count_ * length_; }

 private:
  float* memory(std::int64_t row) { return rows_.data() + row % count_ * length_; }

  std::int64_t count_;
  std::int64_t height_;
  std::int64_t length_;
  std::int64_t next_ = -1;
  Scratch rows_;
};

}  // namespace quern
