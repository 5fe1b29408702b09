#include "quern/kernels/padded_rows.h"

#include <algorithm>

namespace quern {
namespace {

/// Enough pieces for many cores, of rows that are worth loading their neighbours.
constexpr std::int64_t kPieces = 32;
constexpr std::int64_t kLeastRows = 8;

}  // namespace

RowPieces::RowPieces(std::int64_t images, std::int64_t rows)
    : images_(images),
      bands_(std::clamp<std::int64_t>(kPieces / std::max<std::int64_t>(1, images), 1,
                                      std::max<std::int64_t>(1, rows / kLeastRows))) {}

RowPieces::Band RowPieces::band(std::int64_t piece, std::int64_t rows) const {
  const std::int64_t band = piece % bands_;
  return {piece / bands_, rows * band / bands_, rows * (band + 1) / bands_};
}

PaddedRows::PaddedRows(std::int64_t count, std::int64_t height, std::int64_t length)
    : count_(count), height_(height), length_(length), rows_((count + 1) * length) {}

}  // namespace quern
