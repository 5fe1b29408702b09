#include "quern/kernels/padded_rows.h"

#include <gtest/gtest.h>

#include <vector>

namespace quern {
namespace {

TEST(RowPieces, CoverEveryRowOnce) {
  for (const std::int64_t images : {1, 3, 64}) {
    for (const std::int64_t rows : {1, 7, 112}) {
      const RowPieces pieces(images, rows);
      std::vector<int> seen(static_cast<std::size_t>(images * rows));
      for (std::int64_t piece = 0; piece < pieces.size(); ++piece) {
        const auto band = pieces.band(piece, rows);
        for (std::int64_t row = band.begin; row < band.end; ++row) {
          ++seen[static_cast<std::size_t>(band.image * rows + row)];
        }
      }
      EXPECT_EQ(seen, std::vector<int>(seen.size(), 1)) << images << " " << rows;
    }
  }
}

TEST(RowPieces, CutFewImagesIntoBands) {
  EXPECT_EQ(RowPieces(64, 112).size(), 64);
  EXPECT_EQ(RowPieces(2, 112).size(), 28);
  EXPECT_EQ(RowPieces(2, 7).size(), 2);
}

TEST(PaddedRows, KeepTheLastRowsAndReadZerosBehindTheEnds) {
  PaddedRows rows(2, /*height=*/4, /*length=*/3);
  std::vector<std::int64_t> loaded;
  const auto load = [&](std::int64_t row, float* memory) {
    loaded.push_back(row);
    memory[1] = static_cast<float>(row + 1);
  };
  rows.load(-1, 0, load);
  EXPECT_EQ(rows.row(-1)[1], 0);
  EXPECT_EQ(rows.row(0)[1], 1);
  rows.load(2, 3, load);
  rows.load(3, 4, load);
  EXPECT_EQ(rows.row(2)[1], 3);
  EXPECT_EQ(rows.row(3)[1], 4);
  EXPECT_EQ(rows.row(3)[0], 0);
  EXPECT_EQ(rows.row(4)[1], 0);
  EXPECT_EQ(loaded, (std::vector<std::int64_t>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace quern
